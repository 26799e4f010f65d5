//! The server on a real loopback connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;

use rulepack_protocol::tuf::RoleName;
use tokio::sync::oneshot;

use super::fixture::*;
use crate::client::{Client, PublishFailed};
use crate::http::{Settings, serve};
use crate::publish::RefusalKind;

struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(world: &World) -> Self {
        let registry = world.shared();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let shutdown = async {
                let _ = stopped.await;
            };
            let served = serve(listener, registry, Settings::default(), shutdown);
            runtime.block_on(served).unwrap();
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.address))
    }

    /// The whole answer to a request as it is on the wire.
    fn raw(&self, method: &str, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let host = self.address;
        let host = if headers.contains("host:") {
            String::new()
        } else {
            format!("host: {host}\r\n")
        };
        let request =
            format!("{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn get(&self, path: &str) -> String {
        self.raw("GET", path, "")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        (found == name).then_some(value)
    })
}

#[test]
fn timestamp_is_asked_for_again_and_answered_304_where_it_did_not_change() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let answer = server.get("/metadata/timestamp.json");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(header(&answer, "cache-control"), Some("no-cache"));
    let tag = header(&answer, "etag").unwrap();
    let same = server.raw(
        "GET",
        "/metadata/timestamp.json",
        &format!("if-none-match: {tag}\r\n"),
    );
    assert!(same.starts_with("HTTP/1.1 304 "), "{same}");
    assert_eq!(header(&same, "etag"), Some(tag));
    assert!(same.ends_with("\r\n\r\n"));
    let other = server.raw(
        "GET",
        "/metadata/timestamp.json",
        "if-none-match: \"other\"\r\n",
    );
    assert!(other.starts_with("HTTP/1.1 200 "), "{other}");
}

#[test]
fn versioned_names_are_immutable_and_a_missing_root_is_never_cached() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let root = server.get("/metadata/1.root.json");
    assert!(root.starts_with("HTTP/1.1 200 "), "{root}");
    let cache = header(&root, "cache-control");
    assert_eq!(cache, Some("public, max-age=31536000, immutable"));
    let missing = server.get("/metadata/2.root.json");
    assert!(missing.starts_with("HTTP/1.1 404 "), "{missing}");
    assert_eq!(header(&missing, "cache-control"), Some("no-store"));
    assert_eq!(
        header(&missing, "content-type"),
        Some("application/problem+json")
    );
    let problem = "{\"type\":\"urn:rulepack:problem:not-found\",\
                   \"title\":\"there is nothing under this address\",\"status\":404}";
    assert!(missing.ends_with(problem), "{missing}");
}

#[test]
fn no_path_leads_out_of_the_repository() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    for path in [
        "/metadata/../lock",
        "/metadata/..%2flock",
        "/metadata/%2e%2e%2f%2e%2e%2fsigner%2fmemory.json",
        "/targets/../../lock",
        "/targets/37/..%2f..%2f..%2fx/lock",
        "/metadata/",
        "/staging/x/publication",
        "/lock",
    ] {
        let answer = server.get(path);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
}

#[test]
fn a_foreign_host_or_origin_is_turned_away() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let answer = server.raw("GET", "/", "host: attacker.example\r\n");
    assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    assert!(answer.contains("urn:rulepack:problem:host"));
    let origin = "origin: http://attacker.example\r\n";
    let answer = server.raw("POST", "/api/v1/publish", origin);
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    assert!(answer.contains("urn:rulepack:problem:origin"));
}

#[test]
fn uploads_of_another_type_or_beyond_the_bound_are_refused() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let json = "content-type: application/json\r\ncontent-length: 0\r\n";
    let answer = server.raw("POST", "/api/v1/publish", json);
    assert!(answer.starts_with("HTTP/1.1 415 "), "{answer}");
    let large =
        "content-type: application/vnd.rulepack.publication\r\ncontent-length: 99999999\r\n";
    let answer = server.raw("POST", "/api/v1/publish", large);
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("the upload is longer than 67108864 bytes"),
        "{answer}"
    );
    let answer = server.raw("DELETE", "/metadata/timestamp.json", "");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[test]
fn a_release_is_published_listed_and_served_over_http() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let client = server.client();
    assert_eq!(client.role(&"37".parse().unwrap()).unwrap(), None);
    let receipt = client.publish(&first_release()).unwrap();
    assert!(!receipt.already_published);
    assert!(client.publish(&first_release()).unwrap().already_published);
    let role = client.role(&"37".parse().unwrap()).unwrap();
    let (_, uploaded) = first_release().metadata.pop_first().unwrap();
    assert_eq!(role, Some(uploaded));
    let served = client.role(&RoleName::ROOT).unwrap().unwrap();
    assert_eq!(served, signed(root(), &officers(ROOT)[..2]));

    let (path, digest) = receipt.packs.first_key_value().unwrap();
    let pack = server.get(&format!("/targets/{}", path.file_of(digest)));
    assert!(pack.starts_with("HTTP/1.1 200 "), "{pack}");
    assert_eq!(header(&pack, "content-type"), Some("application/wasm"));
    assert_eq!(
        header(&pack, "etag"),
        Some(format!("\"{digest}\"").as_str())
    );
    let list = server.get("/api/v1/packs?query=37/limits");
    assert!(list.contains("\"version\":\"1.0.0\""), "{list}");
    let versions = server.get("/api/v1/packs/37/limits");
    assert!(versions.contains("限额"), "{versions}");
    assert!(
        server
            .get("/api/v1/packs/37/none")
            .starts_with("HTTP/1.1 404 ")
    );
    let page = server.get("/");
    assert!(page.contains("37/limits"));
    assert!(
        header(&page, "content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(server.get("/healthz").ends_with("ok\n"));
}

#[test]
fn the_client_gets_the_refusal_as_the_registry_meant_it() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let bytes = sealed("37/limits", "1.0.0", "限额");
    let one = signed(space(1, &[&bytes]), &officers(SHANDONG)[..1]);
    let failed = server
        .client()
        .publish(&upload("37", one, &[&bytes]))
        .unwrap_err();
    let PublishFailed::Refused {
        kind,
        title,
        causes,
        hint,
    } = failed
    else {
        panic!("{failed}");
    };
    assert_eq!(kind, Some(RefusalKind::Signatures));
    assert_eq!(title, "the new `37` is not acceptable");
    assert_eq!(causes, ["1 of 2 signatures are there"]);
    assert_eq!(
        hint.unwrap(),
        "have the missing officers sign the file, then publish again"
    );
}

#[test]
fn a_registry_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::new(&format!("http://{address}/"));
    let failed = client.publish(&first_release()).unwrap_err();
    assert_eq!(
        failed.to_string(),
        format!("no answer from `http://{address}/api/v1/publish`")
    );
}
