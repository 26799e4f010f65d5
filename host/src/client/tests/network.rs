//! The client on a line that breaks, and on servers that do as they like.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::trust::ResolvedTarget;

use super::*;

/// Answers one request after the other with these bytes, and closes the connection after each. Gives its
/// address, and the requests that came.
fn serve(answers: Vec<Vec<u8>>) -> (HttpTransport, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                request.push(byte[0]);
            }
            stream.write_all(&answer).unwrap();
            if sender.send(String::from_utf8(request).unwrap()).is_err() {
                return;
            }
        }
    });
    (HttpTransport::new(&address), requests)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// All of the pack is announced, and only its first bytes come.
fn broken(count: usize) -> Vec<u8> {
    answer("200 OK", "content-length: 11\r\n", &PACK[..count])
}

/// The part from a byte on, of which only so many come.
fn part(from: usize, count: usize) -> Vec<u8> {
    let length = PACK.len() - from;
    let headers = format!("content-range: bytes {from}-10/11\r\ncontent-length: {length}\r\n");
    answer("206 Partial Content", &headers, &PACK[from..from + count])
}

fn resolved() -> ResolvedTarget {
    let host = Host::new();
    let mut targets = host.refresh(&NoFailures).unwrap().resolution.targets;
    targets.remove(0)
}

fn ranges(requests: &Receiver<String>) -> Vec<Option<String>> {
    let range = |request: String| {
        let line = request.lines().find(|line| line.starts_with("range: "));
        line.map(str::to_owned)
    };
    requests.try_iter().map(range).collect()
}

fn range(from: usize) -> Option<String> {
    Some(format!("range: bytes={from}-"))
}

#[test]
fn a_download_goes_on_where_the_line_broke() {
    let folder = tempfile::tempdir().unwrap();
    let (transport, requests) = serve(vec![broken(4), part(4, 3), part(7, 4)]);
    let file = download(&transport, &resolved(), folder.path(), &NoFailures).unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), PACK);
    assert_eq!(ranges(&requests), [None, range(4), range(7)]);
}

#[test]
fn a_download_goes_on_after_the_program_was_stopped() {
    let (folder, target) = (tempfile::tempdir().unwrap(), resolved());
    // Nothing comes any more after four bytes.
    let (transport, _requests) = serve(vec![broken(4), part(4, 0)]);
    let error = download(&transport, &target, folder.path(), &NoFailures).unwrap_err();
    assert_eq!(
        error.to_string(),
        "pack `37/a/1.0.0.wasm` cannot be read or stored"
    );
    assert!(is_interrupted(folder.path(), &[target.digest]).unwrap());
    let (transport, requests) = serve(vec![part(4, 7)]);
    let file = download(&transport, &target, folder.path(), &NoFailures).unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), PACK);
    assert_eq!(ranges(&requests), [range(4)]);
    drop(file);
    assert!(!is_interrupted(folder.path(), &[target.digest]).unwrap());
}

#[test]
fn what_was_left_torn_is_fetched_again_from_the_beginning() {
    let (folder, target) = (tempfile::tempdir().unwrap(), resolved());
    let left = folder.path().join(format!("{}.part", target.digest));
    fs::write(&left, b"zero").unwrap();
    let (transport, requests) = serve(vec![part(4, 7), broken(11)]);
    let file = download(&transport, &target, folder.path(), &NoFailures).unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), PACK);
    assert_eq!(ranges(&requests), [range(4), None]);
}

#[test]
fn a_server_without_parts_sends_the_whole_again() {
    let (folder, target) = (tempfile::tempdir().unwrap(), resolved());
    let (transport, _requests) = serve(vec![broken(4), broken(11)]);
    let file = download(&transport, &target, folder.path(), &NoFailures).unwrap();
    assert_eq!(fs::read(file.path()).unwrap(), PACK);
}

#[test]
fn a_body_without_end_is_read_one_piece_beyond_the_signed_length() {
    let (folder, target) = (tempfile::tempdir().unwrap(), resolved());
    let endless = answer("200 OK", "", &[b'x'; 4096]);
    let (transport, _requests) = serve(vec![endless]);
    let error = download(&transport, &target, folder.path(), &NoFailures).unwrap_err();
    let text = "pack `37/a/1.0.0.wasm` has another length than the signed 11 bytes";
    assert_eq!(error.to_string(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn encoded_content_is_refused_and_never_unpacked() {
    let packed = answer("200 OK", "content-encoding: gzip\r\n", b"\x1f\x8b\x08");
    let (transport, requests) = serve(vec![packed]);
    let error = transport
        .fetch("metadata/timestamp.json", 99, None)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`metadata/timestamp.json` was answered with encoded content, which is never decoded"
    );
    let request = requests.recv().unwrap().to_lowercase();
    assert!(
        request.contains("accept-encoding: identity\r\n"),
        "{request}"
    );
}

#[test]
fn what_is_left_of_packs_that_nobody_wants_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let unwanted = folder.path().join(format!("{}.part", Digest::of(b"old")));
    fs::write(&unwanted, b"ol").unwrap();
    let wanted = folder.path().join(format!("{}.part", Digest::of(b"new")));
    fs::write(&wanted, b"ne").unwrap();
    // A poll only looks: another process may just be fetching either.
    assert!(!is_interrupted(folder.path(), &[Digest::of(b"other")]).unwrap());
    assert!(unwanted.exists() && wanted.exists());
    clear_interrupted(folder.path(), &[Digest::of(b"new")]).unwrap();
    assert!(!unwanted.exists() && wanted.exists());
}

/// A host whose last refresh gave this entity tag.
fn with_tag() -> Host {
    let host = Host::new();
    host.refresh(&NoFailures).unwrap();
    let mut state = host.store.read().unwrap();
    state.timestamp_tag = Some(format!("\"{}\"", Digest::of(b"timestamp")));
    host.store.commit(&state, &NoFailures).unwrap();
    host
}

#[test]
fn a_poll_of_a_host_that_is_up_to_date_is_one_conditional_request_of_a_few_hundred_bytes() {
    let host = with_tag();
    let (transport, requests) = serve(vec![answer("304 Not Modified", "", b"")]);
    assert!(is_unchanged(&transport, &host.store, now()).unwrap());
    let sent: Vec<String> = requests.try_iter().collect();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].starts_with("GET /metadata/timestamp.json HTTP/1.1\r\n"));
    assert!(sent[0].contains("if-none-match: \""), "{}", sent[0]);
    assert!(sent[0].len() < 400, "{}", sent[0]);
}

#[test]
fn unchanged_for_ever_keeps_nothing_in_force_that_has_expired() {
    let host = with_tag();
    // The timestamp is the first to expire, after a day.
    let (last, first_after) = (now().plus_days(1), now().plus_days(2));
    let until = host.store.read().unwrap().valid_until;
    assert_eq!(until, Some(last));
    // Nobody is asked.
    let (transport, requests) = serve(Vec::new());
    for day in [last, first_after] {
        assert!(!is_unchanged(&transport, &host.store, day).unwrap());
    }
    assert_eq!(requests.try_iter().count(), 0);
    // The full refresh that follows says what is wrong.
    let transport = FolderTransport::new(host.registry.path());
    let freshness = Freshness::at(last);
    let followed = ["37".parse().unwrap()];
    let error = refresh(&transport, &host.store, &followed, freshness, &NoFailures).unwrap_err();
    assert!(
        error.to_string().starts_with("`timestamp` expired"),
        "{error}"
    );
}

#[test]
fn a_name_space_that_could_not_be_had_is_asked_for_at_the_next_poll() {
    struct Partly<'a>(&'a Path);
    impl Transport for Partly<'_> {
        fn open(&self, path: &str, _: Option<&str>) -> Result<Opened, TransportError> {
            if path == "metadata/1.37.json" {
                return Err(TransportError::Status {
                    path: path.to_owned(),
                    status: 502,
                });
            }
            let opened = FolderTransport::new(self.0).open(path, None)?;
            Ok(match opened {
                Opened::Body { reader, .. } => Opened::Body {
                    reader,
                    tag: Some("\"tag\"".to_owned()),
                },
                other => other,
            })
        }
    }
    let host = Host::new();
    let followed = ["37".parse().unwrap()];
    let transport = Partly(host.registry.path());
    let freshness = Freshness::at(now());
    let refreshed = refresh(&transport, &host.store, &followed, freshness, &NoFailures).unwrap();
    assert_eq!(refreshed.unreachable.len(), 1);
    assert!(!is_unchanged(&transport, &host.store, now()).unwrap());
}
