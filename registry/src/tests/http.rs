//! The server on a real loopback connection.

use rulepack_protocol::tuf::RoleName;

use super::fixture::*;
use super::server::{Server, header};
use crate::client::{Client, PublishFailed};
use crate::publish::RefusalKind;

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
                   \"title\":\"nothing is published under this address\",\"status\":404}";
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
