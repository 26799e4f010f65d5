//! How two processes that do not trust each other talk: a frame is its length in bytes as a little-endian
//! `u64`, and the bytes. Whoever reads names the longest that it takes.

use std::io::{self, Read, Write};

/// Why a frame cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than the reader takes; nothing of it was read.
    #[error("a frame of {bytes} bytes, expected at most {bytes_max}")]
    TooLong {
        /// Its length, as announced.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
    /// The other side ended within a frame, or before it.
    #[error("the frame ends early")]
    Truncated,
    /// The pipe.
    #[error("the pipe failed: {0}")]
    Io(#[from] io::Error),
}

/// Reads one frame of at most so many bytes. Memory is taken as bytes arrive, not as announced.
///
/// # Errors
/// [`FrameError`].
pub(super) fn read(input: &mut impl Read, bytes_max: u64) -> Result<Vec<u8>, FrameError> {
    let mut length = [0; 8];
    input.read_exact(&mut length).map_err(truncated)?;
    let bytes = u64::from_le_bytes(length);
    if bytes > bytes_max {
        return Err(FrameError::TooLong { bytes, bytes_max });
    }
    let mut frame = Vec::new();
    let read = input.take(bytes).read_to_end(&mut frame)?;
    match read as u64 == bytes {
        true => Ok(frame),
        false => Err(FrameError::Truncated),
    }
}

/// Writes one frame.
///
/// # Errors
/// The pipe's.
pub(super) fn write(output: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    output.write_all(&(frame.len() as u64).to_le_bytes())?;
    output.write_all(frame)
}

fn truncated(error: io::Error) -> FrameError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => FrameError::Truncated,
        _ => FrameError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_one_after_the_other() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"first").unwrap();
        write(&mut bytes, b"").unwrap();
        let mut input = bytes.as_slice();
        assert_eq!(read(&mut input, 5).unwrap(), b"first");
        assert_eq!(read(&mut input, 0).unwrap(), b"");
        assert!(input.is_empty());
    }

    #[test]
    fn a_frame_that_is_too_long_or_cut_is_refused() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"first").unwrap();
        let error = read(&mut bytes.as_slice(), 4).unwrap_err();
        assert_eq!(error.to_string(), "a frame of 5 bytes, expected at most 4");
        for end in 0..bytes.len() {
            let error = read(&mut &bytes[..end], 5).unwrap_err();
            assert_eq!(error.to_string(), "the frame ends early", "cut at {end}");
        }
        let greedy = u64::MAX.to_le_bytes();
        let error = read(&mut greedy.as_slice(), 1 << 20).unwrap_err();
        assert!(matches!(
            error,
            FrameError::TooLong {
                bytes: u64::MAX,
                ..
            }
        ));
    }
}
