//! The read side as caches and clients see it.

use std::fs;

use super::fixture::*;
use super::server::{Server, header};
use crate::registry::Registry;

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

/// A server with the first release, and the address of its pack.
fn with_release() -> (World, Server, String, Vec<u8>) {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let receipt = server.client().publish(&first_release()).unwrap();
    let (path, digest) = receipt.packs.first_key_value().unwrap();
    let (_, bytes) = first_release().targets.pop_first().unwrap();
    let address = format!("/targets/{}", path.file_of(digest));
    (world, server, address, bytes)
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let (_world, server, pack, bytes) = with_release();
    let length = bytes.len();
    let whole = server.get(&pack);
    assert_eq!(status(&whole), "200");
    assert_eq!(header(&whole, "accept-ranges"), Some("bytes"));
    assert_eq!(
        header(&whole, "content-length"),
        Some(length.to_string().as_str())
    );
    let tag = header(&whole, "etag").unwrap();
    let rest = server.raw(
        "GET",
        &pack,
        &format!("range: bytes=8-\r\nif-range: {tag}\r\n"),
    );
    assert_eq!(status(&rest), "206");
    let range = format!("bytes 8-{}/{length}", length - 1);
    assert_eq!(header(&rest, "content-range"), Some(range.as_str()));
    assert_eq!(
        header(&rest, "content-length"),
        Some((length - 8).to_string().as_str())
    );
    assert_eq!(body(&rest), String::from_utf8_lossy(&bytes[8..]));
    let other = server.raw("GET", &pack, "range: bytes=8-\r\nif-range: \"other\"\r\n");
    assert_eq!(status(&other), "200");
    let beyond = server.raw("GET", &pack, &format!("range: bytes={length}-\r\n"));
    assert_eq!(status(&beyond), "416");
    let range = format!("bytes */{length}");
    assert_eq!(header(&beyond, "content-range"), Some(range.as_str()));
    assert!(beyond.contains("urn:rulepack:problem:range"));
    assert_eq!(header(&beyond, "cache-control"), Some("no-store"));
}

#[test]
fn head_says_what_get_would_say_without_a_body() {
    let (_world, server, pack, _) = with_release();
    for path in [
        pack.as_str(),
        "/metadata/timestamp.json",
        "/metadata/1.root.json",
        "/metadata/9.root.json",
        "/",
    ] {
        let (get, head) = (
            server.get(path),
            server.raw("HEAD", path, "range: bytes=1-\r\n"),
        );
        assert_eq!(body(&head), "", "{path}");
        assert_eq!(status(&head), status(&get), "{path}");
        for name in ["content-length", "content-type", "etag", "cache-control"] {
            assert_eq!(header(&head, name), header(&get, name), "{path}: {name}");
        }
    }
}

#[test]
fn no_content_is_ever_encoded() {
    let (_world, server, pack, bytes) = with_release();
    let answer = server.raw("GET", &pack, "accept-encoding: gzip, br, zstd\r\n");
    assert_eq!(header(&answer, "content-encoding"), None);
    assert_eq!(
        header(&answer, "content-length"),
        Some(bytes.len().to_string().as_str())
    );
}

#[test]
fn a_version_that_no_snapshot_pins_yet_is_not_served() {
    let (world, server, _, _) = with_release();
    let metadata = world.folder.path().join("repository/metadata");
    // What a stop in the middle of a publication leaves, and a recovery takes back.
    for file in ["2.37.json", "9.snapshot.json", "1.44.json"] {
        fs::write(metadata.join(file), b"{}").unwrap();
        let answer = server.get(&format!("/metadata/{file}"));
        assert_eq!(status(&answer), "404", "{file}");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    }
    for file in [
        "1.37.json",
        "1.targets.json",
        "1.snapshot.json",
        "2.snapshot.json",
    ] {
        let answer = server.get(&format!("/metadata/{file}"));
        assert_eq!(status(&answer), "200", "{file}");
    }
}

#[test]
fn a_poll_that_finds_nothing_new_costs_less_than_a_kibibyte_and_reads_no_file() {
    let (world, server, _, _) = with_release();
    let first = server.get("/metadata/timestamp.json");
    let tag = header(&first, "etag").unwrap();
    let timestamp = world
        .folder
        .path()
        .join("repository/metadata/timestamp.json");
    fs::rename(&timestamp, timestamp.with_extension("away")).unwrap();
    let condition = format!("if-none-match: {tag}\r\n");
    let answer = server.raw("GET", "/metadata/timestamp.json", &condition);
    assert_eq!(status(&answer), "304");
    assert!(answer.len() < 600, "{answer}");
}

#[test]
fn every_new_timestamp_is_shown_at_once() {
    let world = World::with_delegations();
    let registry = world.shared();
    let server = Server::of(registry.clone(), crate::http::Settings::default());
    let tag = |server: &Server| {
        let answer = server.get("/metadata/timestamp.json");
        header(&answer, "etag").unwrap().to_owned()
    };
    let shown = |registry: &Registry| {
        let state = crate::state::State::read(registry.tree()).unwrap();
        format!("\"{}\"", state.pins.unwrap().timestamp_digest)
    };
    assert_eq!(tag(&server), shown(&registry));
    let before = tag(&server);
    registry.publish(&first_release().to_bytes()).unwrap();
    assert_ne!(tag(&server), before);
    assert_eq!(tag(&server), shown(&registry));
}

/// Its lines but the date, in order.
fn said(answer: &str) -> Vec<&str> {
    let mut lines: Vec<_> = answer
        .lines()
        .filter(|line| !line.starts_with("date: "))
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
fn polls_are_answered_the_same_before_routing_and_behind_it() {
    let (world, server, _, _) = with_release();
    let tag = header(&server.get("/metadata/timestamp.json"), "etag")
        .unwrap()
        .to_owned();
    drop(server);
    for condition in [String::new(), format!("if-none-match: {tag}\r\n")] {
        let server = Server::start(&world);
        let poll = || server.raw("GET", "/metadata/timestamp.json", &condition);
        // The first one is read from the disk, behind the router.
        let (routed, from_memory) = (poll(), poll());
        assert_eq!(said(&routed), said(&from_memory));
        assert!(header(&from_memory, "content-security-policy").is_some());
        let foreign = format!("host: attacker.example\r\n{condition}");
        let refused = server.raw("GET", "/metadata/timestamp.json", &foreign);
        assert_eq!(status(&refused), "421");
    }
}
