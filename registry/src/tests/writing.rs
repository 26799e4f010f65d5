//! Uploads that are too long, too slow, too many, or packed.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::fixture::*;
use super::server::Server;
use crate::http::Settings;
use crate::publication::{BODY_BYTES_MAX, MEDIA_TYPE, Publication};

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
        roles_timeout: Duration::from_millis(200),
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
        unverified_at_once: 1,
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

/// An upload whose pack never comes whole, up to a part of that pack.
fn without_its_end(upload: &Publication) -> (usize, Vec<u8>) {
    let mut body = upload.to_bytes();
    let length = body.len();
    body.truncate(length - 10);
    (length, body)
}

#[test]
fn without_a_bureau_s_keys_nobody_holds_a_place_that_a_bureau_needs() {
    let world = World::with_delegations();
    let settings = Settings {
        uploads_at_once: 1,
        ..Settings::default()
    };
    let server = Server::of(world.shared(), settings);
    let mut stranger = first_release();
    let role = space(1, &[&sealed("37/limits", "1.0.0", "限额")]);
    let signed = signed(role, &officers(SHANDONG)[..1]);
    stranger.metadata = [("37".parse().unwrap(), signed)].into();
    let (length, begun) = without_its_end(&stranger);
    let mut stream = begin(&server, &format!("content-length: {length}\r\n"));
    stream.write_all(&begun).unwrap();
    // The stranger's bytes are on the wire, and the only place is the bureau's all the same.
    let receipt = server.client().publish(&first_release()).unwrap();
    assert!(!receipt.already_published);
    stream.write_all(&[0; 10]).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 403");
}

#[test]
fn published_roles_sent_again_hold_no_place_either_and_their_packs_are_not_believed() {
    let world = World::with_delegations();
    let settings = Settings {
        uploads_at_once: 0,
        ..Settings::default()
    };
    let registry = world.shared();
    let first = registry.publish(&first_release().to_bytes()).unwrap();
    let server = Server::of(registry, settings);
    // Anybody can fetch what is published and send it again, with a pack of their own.
    let mut again = first_release();
    for bytes in again.targets.values_mut() {
        bytes.fill(0);
    }
    let receipt = server.client().publish(&again).unwrap();
    assert!(receipt.already_published);
    assert_eq!(receipt.packs, first.packs);
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

#[test]
fn an_upload_that_falls_behind_its_pace_is_given_up_before_its_time_is_over() {
    let world = World::with_delegations();
    let settings = Settings {
        upload_grace: Duration::from_millis(200),
        ..Settings::default()
    };
    let server = Server::of(world.shared(), settings);
    let mut stream = begin(&server, "content-length: 1000\r\n");
    let told = answer(&mut stream);
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
    assert!(told.contains("urn:rulepack:problem:slow-upload"), "{told}");
}

#[test]
fn a_bureau_s_own_upload_that_stops_half_way_is_given_up_too() {
    let world = World::with_delegations();
    let settings = Settings {
        upload_grace: Duration::from_millis(200),
        ..Settings::default()
    };
    let server = Server::of(world.shared(), settings);
    let (length, begun) = without_its_end(&first_release());
    let mut stream = begin(&server, &format!("content-length: {length}\r\n"));
    stream.write_all(&begun).unwrap();
    let told = answer(&mut stream);
    assert!(told.starts_with("HTTP/1.1 408 "), "{told}");
    // Its place is free again, and the same upload is taken.
    let receipt = server.client().publish(&first_release()).unwrap();
    assert!(!receipt.already_published);
}
