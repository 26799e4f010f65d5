//! Attacks a running registry from many connections at once, while a host beside them polls and a bureau
//! publishes. On loopback alone, each attack for a bounded time.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::beside;
use crate::polite::{Polite, Polls};
use crate::site::{Bureau, Process, Site};

/// Attack the registry with slow, idle, oversized and senseless requests while a host polls.
#[derive(Debug, Args)]
pub struct SiegeArgs {
    /// How many connections idle, or send their heads slowly. The process needs so many open files.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// How many seconds each attack lasts.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The `rulepack` to attack; by default the one beside this program.
    #[arg(long)]
    rulepack: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Summary(Vec<Line>);

#[derive(Debug)]
struct Line {
    attack: Attack,
    opened: u64,
    polls: Polls,
    published: u64,
    refused: u64,
    resident_kib_most: u64,
    files_most: usize,
}

/// What an attacker does with each of his connections, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// Nothing, to compare with.
    None,
    /// Opens it and says nothing.
    Idle,
    /// Sends a head, a byte a second.
    SlowHead,
    /// Announces an upload and sends a byte a second.
    SlowBody,
    /// Sends a head without end.
    EndlessHead,
    /// Asks in a row and never reads an answer.
    SlowReader,
    /// Sends requests in a row and bytes that are none, and never reads an answer.
    Garbage,
}

const ATTACKS: [Attack; 7] = [
    Attack::None,
    Attack::Idle,
    Attack::SlowHead,
    Attack::SlowBody,
    Attack::EndlessHead,
    Attack::SlowReader,
    Attack::Garbage,
];
/// Connections of the attacks that send as fast as they can.
const BUSY_CONNECTIONS: usize = 64;
/// How long an attacker that was thrown out waits before he comes again.
const PAUSE: Duration = Duration::from_millis(100);
/// Addresses of the attackers, so that they have ports enough.
const ADDRESSES: usize = 64;
/// What an attacker's system keeps of answers that he does not read.
const RECEIVED_BYTES: u32 = 4 * 1024;
const SECOND: Duration = Duration::from_secs(1);

/// Runs all attacks, one after the other.
pub fn run(arguments: &SiegeArgs) -> Summary {
    let program = arguments.rulepack.clone().unwrap_or_else(beside);
    let mut bureau = Bureau::new("37", 30);
    let site = Site::found(&program, &[&bureau]);
    let _signer = site.start_signer("");
    let registry = site.start_registry("");
    let runtime = Runtime::new().expect("threads can be started");
    let mut summary = Summary::default();
    for attack in ATTACKS {
        let siege = Siege {
            attack,
            connections: attack.connections(arguments.connections),
            lasting: Duration::from_secs(arguments.seconds),
        };
        let line = siege.lay(&runtime, &registry, &mut bureau);
        println!("{line}");
        summary.0.push(line);
    }
    site.assert_valid();
    summary
}

struct Siege {
    attack: Attack,
    connections: usize,
    lasting: Duration,
}

impl Siege {
    fn lay(&self, runtime: &Runtime, registry: &Process, bureau: &mut Bureau) -> Line {
        let address = registry.address.trim_start_matches("http://").to_owned();
        let opened = Arc::new(AtomicU64::new(0));
        let attackers: Vec<_> = (0..self.connections)
            .map(|number| {
                let (sits, opened) = (self.attack.address(number), Arc::clone(&opened));
                let attacker = attack(self.attack, sits, address.clone(), opened);
                runtime.spawn(attacker)
            })
            .collect();
        let over = AtomicBool::new(false);
        let (polls, (published, refused), (resident_kib_most, files_most)) =
            thread::scope(|scope| {
                let polite = scope.spawn(|| Polite::new(&address).poll_until(&over));
                let publishing = scope.spawn(|| publish_until(registry, bureau, &over));
                let watching = scope.spawn(|| watch_until(registry.id(), &over));
                thread::sleep(self.lasting);
                over.store(true, Ordering::Relaxed);
                let sound = "the watchers do not panic";
                (
                    polite.join().expect(sound),
                    publishing.join().expect(sound),
                    watching.join().expect(sound),
                )
            });
        attackers.iter().for_each(tokio::task::JoinHandle::abort);
        Line {
            attack: self.attack,
            opened: opened.load(Ordering::Relaxed),
            polls,
            published,
            refused,
            resident_kib_most,
            files_most,
        }
    }
}

impl Attack {
    fn connections(self, many: usize) -> usize {
        match self {
            Attack::None => 0,
            Attack::Idle | Attack::SlowHead | Attack::SlowReader => many,
            Attack::SlowBody | Attack::EndlessHead | Attack::Garbage => BUSY_CONNECTIONS,
        }
    }

    /// Where an attacker sits: beside host and bureau, who are at 127.0.0.1. Uploads come from one address.
    fn address(self, attacker: usize) -> Ipv4Addr {
        let last = match self {
            Attack::SlowBody => 0,
            _ => attacker % ADDRESSES,
        };
        Ipv4Addr::new(127, 1, self as u8, u8::try_from(last + 1).unwrap_or(1))
    }
}

/// One attacker: comes again whenever he was thrown out.
async fn attack(attack: Attack, sits: Ipv4Addr, address: String, opened: Arc<AtomicU64>) {
    loop {
        if let Ok(Ok(stream)) = timeout(5 * SECOND, connect(sits, &address)).await {
            opened.fetch_add(1, Ordering::Relaxed);
            // Thrown out: that is what he is here for.
            drop(match attack {
                Attack::None => Ok(()),
                Attack::Idle => read_to_the_end(stream).await,
                Attack::SlowHead => trickle(stream, "GET / HTTP/1.1\r\nhost: ").await,
                Attack::SlowBody => trickle(stream, &head_of_upload(&address)).await,
                Attack::EndlessHead => {
                    flood(stream, "GET / HTTP/1.1\r\n", "x-more: aaaaaaaa\r\n").await
                }
                Attack::SlowReader => never_read(stream, &polls_in_a_row(&address)).await,
                Attack::Garbage => {
                    flood(stream, &polls_in_a_row(&address), "\u{1}{}GET / \r\n").await
                }
            });
        }
        sleep(PAUSE).await;
    }
}

/// With little room for answers.
async fn connect(sits: Ipv4Addr, address: &str) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVED_BYTES)?;
    socket.bind(SocketAddr::from((sits, 0)))?;
    socket
        .connect(address.parse().map_err(io::Error::other)?)
        .await
}

fn head_of_upload(address: &str) -> String {
    let media_type = rulepack_registry::publication::MEDIA_TYPE;
    let length = rulepack_registry::publication::BODY_BYTES_MAX;
    format!(
        "POST /api/v1/publish HTTP/1.1\r\nhost: {address}\r\ncontent-type: {media_type}\r\n\
         content-length: {length}\r\n\r\n"
    )
}

fn polls_in_a_row(address: &str) -> String {
    format!("GET /metadata/timestamp.json HTTP/1.1\r\nhost: {address}\r\n\r\n").repeat(1000)
}

async fn read_to_the_end(stream: TcpStream) -> io::Result<()> {
    let mut rest = [0; 1024];
    loop {
        stream.readable().await?;
        match stream.try_read(&mut rest) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
}

async fn trickle(stream: TcpStream, beginning: &str) -> io::Result<()> {
    write_all(&stream, beginning.as_bytes()).await?;
    loop {
        write_all(&stream, b"a").await?;
        // An answer, or the end: he is done with.
        if timeout(SECOND, stream.readable()).await.is_ok() {
            return Ok(());
        }
    }
}

async fn never_read(stream: TcpStream, asked: &str) -> io::Result<()> {
    // Writing waits where the server no longer reads.
    drop(timeout(SECOND, write_all(&stream, asked.as_bytes())).await);
    loop {
        sleep(SECOND).await;
        if stream
            .try_write(b"G")
            .is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
        {
            return Ok(());
        }
    }
}

async fn flood(stream: TcpStream, beginning: &str, again: &str) -> io::Result<()> {
    write_all(&stream, beginning.as_bytes()).await?;
    let piece = again.repeat(1000);
    loop {
        write_all(&stream, piece.as_bytes()).await?;
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(_) => {}
        }
    }
    Ok(())
}

/// Publishes until it is over. Says how often that succeeded, and how often there was no place.
fn publish_until(registry: &Process, bureau: &mut Bureau, over: &AtomicBool) -> (u64, u64) {
    let (mut published, mut refused) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let (role, publication) = bureau.next();
        match registry.client().publish(&publication) {
            Ok(_) => {
                bureau.role = role;
                published += 1;
            }
            Err(_) => refused += 1,
        }
        thread::sleep(Duration::from_millis(500));
    }
    (published, refused)
}

/// The most memory, in KiB, and open files that a process had until it is over.
fn watch_until(process: u32, over: &AtomicBool) -> (u64, usize) {
    let (mut resident_kib_most, mut files_most) = (0, 0);
    while !over.load(Ordering::Relaxed) {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        resident_kib_most = resident_kib_most.max(resident.unwrap_or(0));
        let files = fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count);
        files_most = files_most.max(files);
        thread::sleep(Duration::from_millis(100));
    }
    (resident_kib_most, files_most)
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<13} {:>7} connections | {} | {:>2} published, {:>2} refused | {:>4} MB, {:>5} files",
            format!("{:?}", self.attack),
            self.opened,
            self.polls,
            self.published,
            self.refused,
            self.resident_kib_most / 1024,
            self.files_most,
        )
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failed: u64 = self.0.iter().map(|line| line.polls.failed).sum();
        let slowest = self.0.iter().map(|line| line.polls.slowest).max();
        write!(
            f,
            "{failed} polls failed, the slowest took {} ms; the repository is valid",
            slowest.unwrap_or_default().as_millis()
        )
    }
}
