//! Every kind of problem, provoked on a running server, and found in the description where it happened.

use std::collections::BTreeSet;
use std::fs;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rulepack_protocol::key::Signer as _;
use rulepack_protocol::pack::Pack;
use rulepack_protocol::tuf::{Authority, Payload as _, TopRole};
use serde_json::Value;

use super::fixture::*;
use super::server::Server;
use crate::Publication;
use crate::http::Settings;
use crate::http::kind::Kind;
use crate::publication::MEDIA_TYPE;
use crate::publish::{CaseRunner, CasesFailed};

/// Where a problem is provoked: method and described address; and the answer.
type Provoked = (&'static str, &'static str, String);

const PUBLISH: &str = "/api/v1/publish";

#[test]
fn every_kind_of_problem_happens_and_is_described_where_it_does() {
    let description: Value = {
        let world = World::with_delegations();
        let answer = Server::start(&world).get("/api/v1/openapi.json");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let mut happened = BTreeSet::new();
    for (method, path, answer) in reads().into_iter().chain(refusals()).chain(limits()) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains("content-type: application/problem+json"),
            "{head}"
        );
        assert!(head.contains("cache-control: no-store"), "{head}");
        let problem: Value = serde_json::from_str(body).unwrap();
        let status = problem["status"].to_string();
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        let response = &description["paths"][path][method]["responses"][&status];
        let types = &response["content"]["application/problem+json"]["schema"]["allOf"][1];
        let types = types["properties"]["type"]["enum"].as_array().unwrap();
        assert!(types.contains(&problem["type"]), "{method} {path}: {body}");
        let word = problem["type"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap();
        happened.insert((word.to_owned(), problem["status"].as_u64().unwrap()));
    }
    let known = Kind::all().map(|kind| (kind.word.to_owned(), u64::from(kind.status)));
    assert_eq!(happened, known.collect());
}

#[test]
fn every_kind_of_problem_stands_in_the_documentation() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/HTTP.md");
    let page = fs::read_to_string(page).unwrap();
    for kind in Kind::all() {
        let row = format!("| `{}` | {} | {} |", kind.word, kind.status, kind.meaning);
        assert!(page.contains(&row), "{row}");
    }
}

fn post(server: &Server, body: &[u8]) -> Provoked {
    let headers = format!(
        "content-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n",
        body.len()
    );
    (
        "post",
        PUBLISH,
        server.send("POST", PUBLISH, &headers, body),
    )
}

fn reads() -> Vec<Provoked> {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let receipt = server.client().publish(&first_release()).unwrap();
    let (path, digest) = receipt.packs.first_key_value().unwrap();
    let pack = format!("/targets/{}", path.file_of(digest));
    let foreign = "host: attacker.example\r\n";
    let origin = "origin: https://attacker.example\r\n";
    let mut provoked = vec![
        (
            "get",
            "/metadata/{file}",
            server.get("/metadata/2.root.json"),
        ),
        (
            "get",
            "/api/v1/packs/{name_space}/{name}",
            server.get("/api/v1/packs/37/none"),
        ),
        (
            "get",
            "/targets/{name_space}/{name}/{file}",
            server.raw("GET", &pack, "range: bytes=99999999-\r\n"),
        ),
        ("get", "/", server.raw("GET", "/", foreign)),
        ("post", PUBLISH, server.raw("POST", PUBLISH, origin)),
        ("get", "/healthz", server.raw("DELETE", "/healthz", "")),
        ("get", "/api/v1/packs", server.get("/api/v1/packs?other=1")),
        (
            "post",
            PUBLISH,
            server.raw("POST", PUBLISH, "content-type: text/plain\r\n"),
        ),
    ];
    drop(server);
    // A record that is none of ours; one that is there at the start would be thrown away.
    let registry = world.shared();
    registry.index().spoil();
    let server = Server::of(registry, Settings::default());
    provoked.push(("get", "/api/v1/packs", server.get("/api/v1/packs")));
    let timestamp = "/metadata/timestamp.json";
    fs::write(
        world.folder.path().join("repository").join(&timestamp[1..]),
        b"{",
    )
    .unwrap();
    provoked.push(("get", timestamp, server.get(timestamp)));
    provoked
}

fn refusals() -> Vec<Provoked> {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let two = &officers(SHANDONG)[..2];
    let limits = sealed("37/limits", "1.0.0", "限额");
    let of_role = |role, packs: &[&[u8]]| upload("37", signed(role, two), packs);
    let uploads: Vec<Publication> = vec![
        upload("37", signed(space(1, &[&limits]), &two[..1]), &[&limits]),
        upload("44", signed(space(1, &[]), two), &[]),
        of_role(space(3, &[&limits]), &[&limits]),
        of_role(
            {
                let mut role = space(1, &[&limits]);
                role.expires = now();
                role
            },
            &[&limits],
        ),
        of_role(space(1, &[&limits]), &[]),
        no_pack(),
        of_role(
            {
                let mut role = space(1, &[&limits]);
                let path = "37/limits/1.0.0.wasm".parse().unwrap();
                role.custom_mut(&path).unwrap().effective.from = "2026-12-02".parse().unwrap();
                role
            },
            &[&limits],
        ),
        {
            let bad = sealed("37/limits", "1.0.0", "坏");
            of_role(space(1, &[&bad]), &[&bad])
        },
        {
            let stranger = Authority::new([key(99, "stranger").public_key().clone()], 1);
            let mut next = root();
            next.bump(now().plus_days(365)).unwrap();
            next.set_authority(TopRole::Timestamp, &stranger);
            upload("root", signed(next, &officers(ROOT)[..2]), &[])
        },
    ];
    let mut provoked: Vec<_> = uploads
        .iter()
        .map(|upload| post(&server, &upload.to_bytes()))
        .collect();
    provoked.push(post(&server, b"PK"));
    server.client().publish(&first_release()).unwrap();
    let other = sealed("37/limits", "1.0.0", "改过");
    provoked.push(post(&server, &of_role(space(2, &[&other]), &[]).to_bytes()));
    provoked.push(post(&server, &overlay_that_fits_nothing().to_bytes()));
    let large = format!("content-type: {MEDIA_TYPE}\r\ncontent-length: 99999999\r\n");
    provoked.push(("post", PUBLISH, server.raw("POST", PUBLISH, &large)));
    provoked
}

/// An overlay that sets what the first release of Shandong's pack does not declare.
fn overlay_that_fits_nothing() -> Publication {
    let overlay = "[overlay]\npack = \"37/limits\"\nsetter = \"37\"\nversion = \"1.0.0\"\nbasis = \"《通知》\"\n\
                   effective = { from = \"2026-12-01\" }\n\n[[parameter]]\nname = \"days\"\nvalue = 1\n";
    let limits = sealed("37/limits", "1.0.0", "限额");
    super::overlays::with_overlay(2, &[&limits], overlay.as_bytes())
}

/// Signed bytes that are no pack.
fn no_pack() -> Publication {
    let limits = sealed("37/limits", "1.0.0", "限额");
    let (path, mut target) = target(&limits);
    let bytes = &limits[..8];
    target.length = 8;
    target.hashes.sha256 = rulepack_protocol::digest::Digest::of(bytes);
    let mut role = space(1, &[]);
    role.add_target(path.clone(), target).unwrap();
    let mut publication = upload("37", signed(role, &officers(SHANDONG)[..2]), &[]);
    publication.targets.insert(path, bytes.to_vec());
    publication
}

/// Ends unexpectedly, or not before it is told to.
enum Odd {
    Panicking,
    Waiting(Mutex<Receiver<()>>),
}

impl CaseRunner for Odd {
    fn run(&self, _: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        match self {
            Odd::Panicking => panic!("a fault of the program"),
            Odd::Waiting(go_on) => {
                // It ends with an error, which is the sign to go on.
                let _ = go_on.lock().unwrap().recv();
                Ok(())
            }
        }
    }
}

fn limits() -> Vec<Provoked> {
    let world = World::with_delegations();
    let serve = |runner: Box<dyn CaseRunner>, settings| {
        let registry = world.with_cases(runner);
        Server::of(Arc::new(registry.unwrap()), settings)
    };
    let usual = Settings::default();
    let body = first_release().to_bytes();
    let mut provoked = vec![post(&serve(Box::new(Odd::Panicking), usual), &body)];
    let busy = Settings {
        unverified_at_once: 0,
        ..usual
    };
    provoked.push(post(&serve(Box::new(ByTitle), busy), b""));
    let hurried = Settings {
        roles_timeout: Duration::ZERO,
        ..usual
    };
    let server = serve(Box::new(ByTitle), hurried);
    let announced = format!("content-type: {MEDIA_TYPE}\r\ncontent-length: 9\r\n");
    provoked.push(("post", PUBLISH, server.raw("POST", PUBLISH, &announced)));
    drop(server);
    let hurried = Settings {
        publish_timeout: Duration::from_millis(100),
        ..usual
    };
    let (go_on, waiting) = channel::<()>();
    let server = serve(Box::new(Odd::Waiting(Mutex::new(waiting))), hurried);
    provoked.push(post(&server, &body));
    drop(go_on);
    provoked
}
