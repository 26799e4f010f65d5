//! One bureau publishes from two machines: one of them is told so in clear words, and nothing is lost.

use std::collections::BTreeSet;
use std::sync::Barrier;

use super::fixture::*;
use super::server::{Server, header};
use crate::client::PublishFailed;
use crate::publication::{MEDIA_TYPE, Publication};
use crate::publish::RefusalKind;

/// A version of Shandong's role with these packs, of which the upload brings some.
fn release(version: u64, listed: &[&[u8]], brought: &[&[u8]]) -> Publication {
    let metadata = signed(space(version, listed), &officers(SHANDONG)[..2]);
    upload("37", metadata, brought)
}

#[test]
fn a_second_machine_is_told_of_the_conflict_and_what_to_do() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let office = sealed("37/limits", "1.0.0", "限额");
    let branch = sealed("37/quota", "1.0.0", "集采");
    let first = release(1, &[&office], &[&office]);
    server.client().publish(&first).unwrap();
    let body = release(1, &[&branch], &[&branch]).to_bytes();
    let length = body.len();
    let headers = format!("content-type: {MEDIA_TYPE}\r\ncontent-length: {length}\r\n");
    let answer = server.send("POST", "/api/v1/publish", &headers, &body);
    assert!(answer.starts_with("HTTP/1.1 409 "), "{answer}");
    assert_eq!(
        header(&answer, "content-type"),
        Some("application/problem+json")
    );
    let problem = "{\"type\":\"urn:rulepack:problem:version-conflict\",\
                   \"title\":\"version 1 of `37` is published already with other content\",\
                   \"status\":409,\
                   \"hint\":\"fetch the newest version of the role, add your change to it, and have it signed again\"}";
    assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, problem);

    // What the hint says: nothing of either machine is lost.
    let shandong = "37".parse().unwrap();
    let newest = server.client().role(&shandong).unwrap();
    assert_eq!(newest.as_ref(), first.metadata.get(&shandong));
    let both = release(2, &[&office, &branch], &[&branch]);
    server.client().publish(&both).unwrap();
    for bytes in [&office, &branch] {
        let (path, target) = target(bytes);
        let pack = server.get(&format!("/targets/{}", path.file_of(&target.hashes.sha256)));
        assert!(pack.starts_with("HTTP/1.1 200 "), "{pack}");
    }
    // And the first machine, asking again, is told what it was told before.
    let again = server.client().publish(&first).unwrap();
    assert!(again.already_published);
    assert_eq!(again.packs.len(), 1);
}

#[test]
fn of_two_machines_at_the_same_moment_one_publishes_and_one_is_told() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let titles = ["限额", "限额二"];
    let packs = titles.map(|title| sealed("37/limits", "1.0.0", title));
    let moment = Barrier::new(packs.len());
    let answers: Vec<_> = std::thread::scope(|scope| {
        let machines: Vec<_> = packs
            .iter()
            .map(|pack| {
                let (client, moment) = (server.client(), &moment);
                scope.spawn(move || {
                    let publication = release(1, &[pack], &[pack]);
                    moment.wait();
                    client.publish(&publication)
                })
            })
            .collect();
        machines
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect()
    });
    let told: BTreeSet<String> = answers
        .iter()
        .map(|answer| match answer {
            Ok(receipt) => format!("published, already: {}", receipt.already_published),
            Err(PublishFailed::Refused { kind, title, .. }) => {
                assert_eq!(*kind, Some(RefusalKind::VersionConflict));
                title.clone()
            }
            Err(other) => other.to_string(),
        })
        .collect();
    let expected = [
        "published, already: false",
        "version 1 of `37` is published already with other content",
    ];
    assert_eq!(told, expected.map(str::to_owned).into());
    // What is shown is what the one that was acknowledged sent.
    let winner = answers.iter().position(Result::is_ok).unwrap();
    let shandong = "37".parse().unwrap();
    let newest = server.client().role(&shandong).unwrap();
    let sent = release(1, &[&packs[winner]], &[]).metadata;
    assert_eq!(newest.as_ref(), sent.get(&shandong));
}
