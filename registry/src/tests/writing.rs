//! Uploads that are too long, too slow, too many, or packed.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::fixture::*;
use super::server::Server;
use crate::http::Settings;
use crate::publication::{BODY_BYTES_MAX, MEDIA_TYPE};

/// Sends the head of an upload and leaves the rest to the caller.
fn begin(server: &Server, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let host = server.address;
    let head = format!(
        "POST /api/v1/publish HTTP/1.1\r\nhost: {host}\r\ncontent-type: {MEDIA_TYPE}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn settings() -> Settings {
    Settings {
        upload_timeout: Duration::from_millis(200),
        head_timeout: Duration::from_millis(200),
        ..Settings::default()
    }
}

#[test]
fn an_upload_without_end_is_read_up_to_the_bound_and_not_further() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let mut stream = begin(&server, "transfer-encoding: chunked\r\n");
    let mut chunk = b"100000\r\n".to_vec();
    chunk.resize(chunk.len() + 0x10_0000, b'x');
    chunk.extend_from_slice(b"\r\n");
    let mut sent = 0;
    let stopped = loop {
        match stream.write_all(&chunk) {
            Ok(()) => sent += 0x10_0000,
            Err(error) => break error.kind(),
        }
        // Far more than what the buffers of a connection hold.
        assert!(sent < 2 * BODY_BYTES_MAX, "the server reads on and on");
    };
    assert!(matches!(
        stopped,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    ));
    assert!(sent >= BODY_BYTES_MAX);
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let world = World::with_delegations();
    let server = Server::of(world.shared(), settings());
    let mut stream = begin(&server, "content-length: 1000\r\n");
    stream.write_all(b"rule").unwrap();
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("urn:rulepack:problem:slow-upload"),
        "{answer}"
    );
}

#[test]
fn a_head_that_trickles_is_given_up() {
    let world = World::with_delegations();
    let server = Server::of(world.shared(), settings());
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost").unwrap();
    assert_eq!(answer(&mut stream), "");
}

#[test]
fn a_packed_upload_is_refused_unread() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    // A few bytes of these encodings unpack to gigabytes.
    for encoding in ["gzip", "zstd", "br", "deflate"] {
        let mut stream = begin(
            &server,
            &format!("content-encoding: {encoding}\r\ncontent-length: 1000\r\n"),
        );
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 415");
    }
}

#[test]
fn uploads_beyond_the_number_that_memory_is_kept_for_are_told_to_come_again() {
    let world = World::with_delegations();
    let settings = Settings {
        uploads_at_once: 1,
        ..Settings::default()
    };
    let server = Server::of(world.shared(), settings);
    // The server has taken it up once it asks for the body.
    let mut first = begin(&server, "content-length: 4\r\nexpect: 100-continue\r\n");
    let mut go_on = [0; 25];
    first.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut second = begin(&server, "content-length: 4\r\nconnection: close\r\n");
    let refused = answer(&mut second);
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("urn:rulepack:problem:busy"), "{refused}");
}

#[test]
fn a_stop_finishes_what_is_being_uploaded() {
    let world = World::with_delegations();
    let mut server = Server::start(&world);
    let body = first_release().to_bytes();
    let length = body.len();
    let mut stream = begin(
        &server,
        &format!("content-length: {length}\r\nexpect: 100-continue\r\n"),
    );
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    server.ask_to_stop();
    stream.write_all(&body).unwrap();
    let answer = answer(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("\"already_published\":false"), "{answer}");
}
