//! A web server of files on loopback, honest or not: a mirror.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
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
}

/// A server that ends when it is dropped.
pub struct Web {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Web {
    /// Serves a folder.
    pub fn serve(folder: &Path, twist: Twist) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (ended, folder) = (Arc::new(AtomicBool::new(false)), folder.to_owned());
        let stop = Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                // A client that hangs up is no fault of the server.
                let _ = answer(connection.unwrap(), &folder, twist);
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

/// Serves until the test ends; `find` gives the bytes of a path without its first `/`. Returns the address.
pub fn serve(find: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            // A client that went away, because it takes no more bytes, is no failure of the server.
            let _ = answer_found(connection.unwrap(), &find);
        }
    });
    address
}

fn answer_found(
    mut stream: TcpStream,
    find: &impl Fn(&str) -> Option<Vec<u8>>,
) -> std::io::Result<()> {
    match find(&path_of_request(&stream)?) {
        Some(bytes) => {
            head(&mut stream, "200 OK", Some(bytes.len()))?;
            stream.write_all(&bytes)
        }
        None => head(&mut stream, "404 Not Found", Some(0)),
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

fn answer(mut stream: TcpStream, folder: &Path, twist: Twist) -> std::io::Result<()> {
    let path = path_of_request(&stream)?;
    let file: PathBuf = folder.join(&path);
    if matches!(twist, Twist::Broken(end) if path.ends_with(end)) {
        return head(&mut stream, "500 Internal Server Error", Some(0));
    }
    let Ok(mut bytes) = fs::read(&file) else {
        return head(&mut stream, "404 Not Found", Some(0));
    };
    match twist {
        Twist::Endless(end) if path.ends_with(end) => {
            head(&mut stream, "200 OK", None)?;
            let zeros = [0; 1 << 16];
            loop {
                stream.write_all(&zeros)?;
            }
        }
        Twist::Swapped(end) if path.ends_with(end) => {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        }
        Twist::Short(end) if path.ends_with(end) => drop(bytes.pop()),
        Twist::Long(end) if path.ends_with(end) => bytes.push(0),
        _ => {}
    }
    head(&mut stream, "200 OK", Some(bytes.len()))?;
    stream.write_all(&bytes)
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
