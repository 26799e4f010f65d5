//! More connections than there are seats.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rulepack_protocol::pack::Pack;

use super::fixture::*;
use super::server::Server;
use crate::http::Settings;
use crate::publish::{CaseRunner, CasesFailed};

fn seats(connections_at_once: usize) -> Settings {
    Settings {
        connections_at_once,
        ..Settings::default()
    }
}

/// A connection that was answered once, and is kept open.
fn kept_open(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    ask(server, &mut stream);
    stream
}

fn ask(server: &Server, stream: &mut TcpStream) {
    let host = server.address;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.extend_from_slice(&byte);
    }
}

/// Waits for the end of a connection.
fn is_closed(mut stream: TcpStream) -> bool {
    match stream.read(&mut [0; 16]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn one_more_connection_takes_the_seat_of_the_idlest() {
    let world = World::with_delegations();
    let server = Server::of(world.shared(), seats(2));
    let mut idle = kept_open(&server);
    // A head that is never finished.
    idle.write_all(b"GET / HTTP/1.1\r\nhost").unwrap();
    let mut asking = kept_open(&server);
    // Time is told in milliseconds.
    std::thread::sleep(std::time::Duration::from_millis(2));
    ask(&server, &mut asking);
    let mut newest = kept_open(&server);
    assert!(is_closed(idle));
    ask(&server, &mut asking);
    ask(&server, &mut newest);
}

#[test]
fn hundreds_of_idle_connections_keep_nobody_from_being_answered() {
    let world = World::with_delegations();
    let server = Server::of(world.shared(), seats(16));
    let idle: Vec<_> = (0..300)
        .map(|_| TcpStream::connect(server.address).unwrap())
        .collect();
    for _ in 0..20 {
        assert!(server.get("/healthz").starts_with("HTTP/1.1 200 "));
    }
    drop(idle);
}

/// Begins a check and ends it when told to.
struct Waits {
    begun: Mutex<Sender<()>>,
    go_on: Mutex<Receiver<()>>,
}

impl CaseRunner for Waits {
    fn run(&self, _: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        self.begun.lock().unwrap().send(()).unwrap();
        let _ = self.go_on.lock().unwrap().recv();
        Ok(())
    }
}

#[test]
fn an_upload_that_is_checked_keeps_its_seat() {
    let world = World::with_delegations();
    let (begun, has_begun) = channel();
    let (go_on, told) = channel();
    let runner = Waits {
        begun: Mutex::new(begun),
        go_on: Mutex::new(told),
    };
    let registry = Arc::new(world.with_cases(Box::new(runner)).unwrap());
    let server = Server::of(registry, seats(2));
    std::thread::scope(|scope| {
        let client = server.client();
        let upload = scope.spawn(move || client.publish(&first_release()));
        has_begun.recv().unwrap();
        for _ in 0..5 {
            drop(kept_open(&server));
            kept_open(&server);
        }
        drop(go_on);
        assert!(!upload.join().unwrap().unwrap().already_published);
    });
}

/// The address of a pack of some megabytes: more than what the system keeps for a reader.
fn large_pack(world: &World) -> String {
    let name = format!("{}.1.0.0.wasm", "0".repeat(64));
    let folder = world.folder.path().join("repository/targets/37/limits");
    fs::create_dir_all(&folder).unwrap();
    // Whose digest that is nobody asks while it is sent: a host does.
    let file = fs::File::create(folder.join(&name)).unwrap();
    file.set_len(64 * 1024 * 1024).unwrap();
    format!("/targets/37/limits/{name}")
}

/// Asks for it, sees that it comes, and reads no more.
fn slow_reader(server: &Server, pack: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let host = server.address;
    let request = format!("GET {pack} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    stream
}

#[test]
fn clients_that_do_not_read_their_answers_keep_nobody_from_being_answered() {
    let world = World::with_delegations();
    let pack = large_pack(&world);
    let server = Server::of(world.shared(), seats(4));
    let readers: Vec<_> = (0..40).map(|_| slow_reader(&server, &pack)).collect();
    for _ in 0..10 {
        assert!(
            server
                .get("/metadata/timestamp.json")
                .starts_with("HTTP/1.1 200 ")
        );
    }
    drop(readers);
}

#[test]
fn a_client_that_reads_no_more_is_given_up_and_one_that_reads_is_not() {
    let world = World::with_delegations();
    let pack = large_pack(&world);
    let settings = Settings {
        head_timeout: Duration::from_secs(1),
        ..Settings::default()
    };
    let server = Server::of(world.shared(), settings);
    let stalled = slow_reader(&server, &pack);
    // Reads a piece at a time, for longer than a client may stand still.
    let mut reader = slow_reader(&server, &pack);
    let (mut read, mut piece) = (0, vec![0; 256 * 1024]);
    let begun = Instant::now();
    while read < 64 * 1024 * 1024 {
        read += reader.read(&mut piece).unwrap();
        if begun.elapsed() < Duration::from_secs(2) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    assert!(begun.elapsed() > Duration::from_secs(2));
    assert!(is_cut_off(stalled));
}

/// Reads to the end of a connection; whether the answer ends before it is whole.
fn is_cut_off(mut stream: TcpStream) -> bool {
    let mut piece = vec![0; 1024 * 1024];
    let mut read = 0;
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return read < 64 * 1024 * 1024,
            Ok(count) => read += count,
            Err(error) => return error.kind() == ErrorKind::ConnectionReset,
        }
    }
}
