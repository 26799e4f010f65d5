//! Requests at a steady pace, and as fast as they are answered.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than a host lets anybody wait: who waits longer waits for nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Asked(Vec<u8>);

/// How long answers took.
#[derive(Debug)]
pub struct Latencies(Vec<Duration>);

impl Asked {
    /// A body, sent to the national address.
    #[must_use]
    pub fn call(address: SocketAddr, body: &str) -> Self {
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n"
        );
        Asked([head.as_bytes(), body.as_bytes()].concat())
    }

    /// Something that is answered always the same.
    #[must_use]
    pub fn constant(address: SocketAddr) -> Self {
        Self::get(address, "/healthz")
    }

    /// What stands at a path.
    #[must_use]
    pub fn get(address: SocketAddr, path: &str) -> Self {
        Asked(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes())
    }

    /// Sends it on a connection that stays open, and reads the answer.
    ///
    /// # Errors
    /// Where the connection breaks, or the status is not 200.
    pub fn send(&self, stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        stream.write_all(&self.0)?;
        let mut answer = Vec::new();
        let mut buffer = [0; 64 * 1024];
        loop {
            let read = stream.read(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            answer.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if let Some(body) = whole(&answer) {
                return match answer.starts_with(b"HTTP/1.1 200 ") {
                    true => Ok(answer.split_off(body)),
                    false => Err(io::Error::other("another status than 200")),
                };
            }
        }
    }
}

impl Latencies {
    /// So many of a thousand took no longer, in milliseconds.
    #[must_use]
    pub fn per_mille(&self, share: usize) -> f64 {
        let at = (self.0.len() * share).div_ceil(1_000).saturating_sub(1);
        self.0
            .get(at)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

/// So many a second for so many seconds, each sent at its time whether others are answered or not; what is
/// late counts from the time at which it was due.
///
/// # Panics
/// Where one is not answered.
#[must_use]
pub fn paced(address: SocketAddr, asked: &[Asked], (rate, seconds): (u32, u32)) -> Latencies {
    const SENDERS: usize = 8;
    let count = (rate * seconds) as usize;
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let send = || {
        let mut stream = connect(address);
        let mut took = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return took;
            }
            let due = begun + Duration::from_secs(1) / rate * u32::try_from(number).unwrap_or(0);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let asked = &asked[number % asked.len()];
            asked.send(&mut stream).expect("every request is answered");
            took.push(due.elapsed());
        }
    };
    let mut all: Vec<Duration> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        let each = senders.into_iter();
        each.flat_map(|sender| sender.join().expect("a sender ends"))
            .collect()
    });
    all.sort();
    Latencies(all)
}

/// So many over so many connections, each sent when the answer to the last one is there. Answers how many a
/// second.
///
/// # Panics
/// Where one is not answered.
#[must_use]
pub fn saturated(
    address: SocketAddr,
    asked: &[Asked],
    (connections, count): (usize, usize),
) -> f64 {
    let (next, begun) = (AtomicUsize::new(0), Instant::now());
    let send = || {
        let mut stream = connect(address);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            let asked = &asked[number % asked.len()];
            asked.send(&mut stream).expect("every request is answered");
        }
    };
    thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(send);
        }
    });
    count as f64 / begun.elapsed().as_secs_f64()
}

/// A connection on which nobody waits for longer than a minute.
///
/// # Panics
/// Where nobody listens.
#[must_use]
pub fn connect(address: SocketAddr) -> TcpStream {
    try_to_connect(address).expect("the server listens")
}

/// The same for whoever bears that nobody listens.
///
/// # Errors
/// Where nobody does.
pub fn try_to_connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Where the body of an answer begins, once it is there to its end.
fn whole(answer: &[u8]) -> Option<usize> {
    let body = answer.windows(4).position(|at| at == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(answer.get(..body)?).ok()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, length) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    (answer.len() >= body + length.parse::<usize>().ok()?).then_some(body)
}
