//! A web server of files on loopback, honest or not: a mirror.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// What the mirror does to a file whose path ends as named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Twist {
    /// Nothing.
    Honest,
    /// Changes a byte in the middle.
    Swapped(&'static str),
    /// Leaves out the last byte.
    Short(&'static str),
    /// Adds a byte.
    Long(&'static str),
    /// Sends zeros for as long as somebody reads.
    Endless(&'static str),
    /// Answers 500.
    Broken(&'static str),
    /// Announces the whole and hangs up in the middle.
    Half(&'static str),
}

/// A server that ends when it is dropped.
pub struct Web {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What is answered to a request.
enum Answer {
    Bytes(Vec<u8>),
    /// Its first half, announced as the whole.
    Half(Vec<u8>),
    /// Zeros for as long as somebody reads.
    Endless,
    Missing,
    Broken,
}

impl Web {
    /// Serves a folder.
    pub fn serve(folder: &Path, twist: Twist) -> Self {
        let folder = folder.to_owned();
        Self::answering(move |path| twist.answer(path, fs::read(folder.join(path)).ok()))
    }

    /// Serves what `find` gives for a path without its first `/`.
    pub fn of(find: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> Self {
        Self::answering(move |path| Twist::Honest.answer(path, find(path)))
    }

    fn answering(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let ended = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                // A client that hangs up, because it takes no more bytes, is no fault of the server.
                let _ = respond(connection.unwrap(), &answer);
            }
        });
        Web {
            address,
            ended,
            thread: Some(thread),
        }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        let address = self.address.trim_start_matches("http://");
        // Wakes the loop, which then sees that it has ended.
        drop(TcpStream::connect(address));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

impl Twist {
    /// What becomes of a file, where there is one.
    fn answer(self, path: &str, file: Option<Vec<u8>>) -> Answer {
        if matches!(self, Twist::Broken(end) if path.ends_with(end)) {
            return Answer::Broken;
        }
        let Some(mut bytes) = file else {
            return Answer::Missing;
        };
        match self {
            Twist::Endless(end) if path.ends_with(end) => return Answer::Endless,
            Twist::Half(end) if path.ends_with(end) => return Answer::Half(bytes),
            Twist::Swapped(end) if path.ends_with(end) => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            Twist::Short(end) if path.ends_with(end) => drop(bytes.pop()),
            Twist::Long(end) if path.ends_with(end) => bytes.push(0),
            _ => {}
        }
        Answer::Bytes(bytes)
    }
}

fn respond(mut stream: TcpStream, answer: &impl Fn(&str) -> Answer) -> std::io::Result<()> {
    match answer(&path_of_request(&stream)?) {
        Answer::Broken => head(&mut stream, "500 Internal Server Error", Some(0)),
        Answer::Missing => head(&mut stream, "404 Not Found", Some(0)),
        Answer::Bytes(bytes) => {
            head(&mut stream, "200 OK", Some(bytes.len()))?;
            stream.write_all(&bytes)
        }
        Answer::Half(bytes) => {
            head(&mut stream, "200 OK", Some(bytes.len()))?;
            stream.write_all(&bytes[..bytes.len() / 2])
        }
        Answer::Endless => {
            head(&mut stream, "200 OK", None)?;
            let zeros = [0; 1 << 16];
            loop {
                stream.write_all(&zeros)?;
            }
        }
    }
}

/// Reads the whole head of a request; the path without its first `/`.
fn path_of_request(stream: &TcpStream) -> std::io::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    Ok(path.trim_start_matches('/').to_owned())
}

/// Without a length the body goes on until the connection ends.
fn head(stream: &mut TcpStream, status: &str, length: Option<usize>) -> std::io::Result<()> {
    let length = length.map(|length| format!("Content-Length: {length}\r\n"));
    let length = length.unwrap_or_default();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{length}Connection: close\r\n\r\n"
    )
}
