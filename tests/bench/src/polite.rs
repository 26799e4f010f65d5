//! A host that polls the registry while others attack it: each poll over a connection of its own, as after
//! a minute of silence.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A host at an address.
pub struct Polite {
    address: SocketAddr,
}

/// What came of its polls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Polls {
    /// That were answered.
    answered: u64,
    /// That were not, in good time.
    pub failed: u64,
    median: Duration,
    /// The longest that one took.
    pub slowest: Duration,
}

/// As long as a host waits.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

impl Polite {
    /// Of a registry at `address`.
    pub fn new(address: &str) -> Self {
        let address = address.parse().expect("an address with a port");
        Self { address }
    }

    /// Polls again and again until it is over.
    pub fn poll_until(&self, over: &AtomicBool) -> Polls {
        let (mut took, mut failed) = (Vec::new(), 0);
        while !over.load(Ordering::Relaxed) {
            let started = Instant::now();
            match self.poll() {
                Ok(true) => took.push(started.elapsed()),
                Ok(false) | Err(_) => failed += 1,
            }
            thread::sleep(PAUSE);
        }
        took.sort_unstable();
        Polls {
            answered: took.len() as u64,
            failed,
            median: took.get(took.len() / 2).copied().unwrap_or_default(),
            slowest: took.last().copied().unwrap_or_default(),
        }
    }

    /// Whether the timestamp came, whole.
    fn poll(&self) -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let address = self.address;
        let request = format!(
            "GET /metadata/timestamp.json HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with('}'))
    }
}

impl fmt::Display for Polls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>4} polls, {:>2} failed, median {:>5.1} ms, slowest {:>7.1} ms",
            self.answered,
            self.failed,
            self.median.as_secs_f64() * 1e3,
            self.slowest.as_secs_f64() * 1e3,
        )
    }
}
