//! A part of a file as the body of an answer, read piece by piece: however many clients are slow, each
//! holds one piece in memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

/// The longest piece, in bytes.
const PIECE_BYTES: u64 = 128 * 1024;

/// The bytes of a file from a place on.
pub(super) struct FileBody {
    /// Bytes that are still to be sent.
    left: u64,
    reading: Reading,
}

enum Reading {
    /// The next piece is to be read.
    Idle(File),
    /// It is being read, on a thread that may block.
    Piece(JoinHandle<io::Result<(File, Bytes)>>),
    /// Nothing is left, or reading failed.
    Ended,
}

impl FileBody {
    /// These bytes of `file`, which must have them. Blocks.
    ///
    /// # Errors
    /// Where the file cannot be read from there.
    pub(super) fn new(mut file: File, part: &Range<u64>) -> io::Result<Self> {
        file.seek(SeekFrom::Start(part.start))?;
        Ok(Self {
            left: part.end.saturating_sub(part.start),
            reading: Reading::Idle(file),
        })
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::replace(&mut self.reading, Reading::Ended) {
                Reading::Idle(file) if self.left > 0 => {
                    let count = self.left.min(PIECE_BYTES);
                    let read = move || read_piece(file, count);
                    self.reading = Reading::Piece(tokio::task::spawn_blocking(read));
                }
                Reading::Piece(mut piece) => {
                    let polled = Pin::new(&mut piece).poll(context);
                    if polled.is_pending() {
                        self.reading = Reading::Piece(piece);
                    }
                    let (file, bytes) = ready!(polled).map_err(io::Error::other)??;
                    self.left = self.left.saturating_sub(bytes.len() as u64);
                    self.reading = Reading::Idle(file);
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Reading::Idle(_) | Reading::Ended => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Exactly so many bytes: a file that has become shorter ends the answer with an error.
fn read_piece(mut file: File, count: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = Vec::new();
    let read = file.by_ref().take(count).read_to_end(&mut bytes)?;
    if (read as u64) < count {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((file, bytes.into()))
}
