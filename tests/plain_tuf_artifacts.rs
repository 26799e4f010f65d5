//! `rulepack tuf … download`: delegations of every shape and name, and artifacts that are not what the
//! metadata says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::foreign::Foreign;
use serde_json::{Value, json};
use sha2::Digest as _;

const REFUSED: &str = "error: the repository is not accepted: ";

/// A repository with these delegations, apart by blanks: `FROM>TO`, then `!` where it is terminating,
/// then `:PATTERN` where it is another than `*`.
fn graph(edges: &str) -> Foreign {
    let mut foreign = Foreign::begin();
    for edge in edges.split(' ') {
        let (names, pattern) = edge.split_once(':').unwrap_or((edge, "*"));
        let (from, to) = names.split_once('>').unwrap();
        let how = json!({"paths": [pattern], "terminating": to.ends_with('!')});
        foreign.delegate(from, to.trim_end_matches('!'), how);
    }
    publish_all(&mut foreign);
    foreign
}

/// Publishes every role but the root.
fn publish_all(foreign: &mut Foreign) {
    let names: Vec<String> = foreign.roles.keys().cloned().collect();
    let top = ["root", "timestamp", "snapshot"];
    let mut roles: Vec<&str> = names.iter().map(String::as_str).collect();
    roles.retain(|role| !top.contains(role));
    roles.extend(["snapshot", "timestamp"]);
    foreign.publish(&roles);
}

/// The delegated roles that are asked for, in order, when nobody lists the artifact.
fn visited(foreign: &Foreign) -> Vec<String> {
    foreign.refresh().done();
    foreign.requests();
    let message = foreign.download(&["missing"]).failed();
    assert_eq!(message, "error: no role that may list `missing` does");
    let asked = foreign.requests().into_iter();
    asked
        .filter_map(|path| {
            path.strip_prefix("metadata/1.")?
                .strip_suffix(".json")
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn delegations_are_searched_depth_first_in_their_order() {
    for (edges, expected) in [
        ("targets>A", "A"),
        ("targets>A targets>B", "A B"),
        ("targets>A targets>B B>C", "A B C"),
        ("targets>A targets>B A>C A>D", "A C D B"),
        ("targets>A targets>B A>C C>D", "A C D B"),
        ("targets>A targets>B A>C! A>D", "A C"),
        ("targets>A targets>B A>C! C>D", "A C D"),
        ("targets>A:*.py targets>B A>C", "B"),
        ("targets>A targets>B A>C:*.py C>D", "A B"),
        ("targets>A targets>B B>C C>D D>B", "A B C D"),
        ("targets>A:*/* targets>B:mis?ing", "B"),
        ("targets>A:[a-m]* targets>B:[n-z]*", "A"),
    ] {
        let foreign = graph(edges);
        assert_eq!(visited(&foreign).join(" "), expected, "{edges}");
    }
}

#[test]
fn a_delegation_borrows_no_name_of_the_top() {
    let mut foreign = graph("targets>A");
    let roles = &mut foreign.role("targets")["delegations"]["roles"];
    let mut borrowed = roles[0].clone();
    borrowed["name"] = json!("timestamp");
    roles.as_array_mut().unwrap().insert(0, borrowed);
    foreign.publish(&["targets", "snapshot", "timestamp"]);
    assert_eq!(visited(&foreign), ["A"]);
}

#[test]
fn a_pattern_matches_within_its_folder_and_every_role_on_the_way_must_match() {
    let mut foreign =
        graph("targets>A:*.md targets>B:releases/*/* B>C:releases/x/* B>D:releases/y/*.zip");
    for (role, name) in [
        ("targets", "file"),
        ("A", "README.md"),
        ("C", "releases/x/one"),
        ("D", "releases/y/two.zip"),
        ("D", "releases/z/three.zip"),
        ("A", "deep/README.md"),
    ] {
        foreign.add_artifact(role, name, name.as_bytes());
    }
    publish_all(&mut foreign);
    foreign
        .download(&["file", "README.md", "releases/x/one", "releases/y/two.zip"])
        .done();
    for name in ["releases/z/three.zip", "deep/README.md"] {
        let message = foreign.download(&[name]).failed();
        assert_eq!(
            message,
            format!("error: no role that may list `{name}` does")
        );
    }
}

#[test]
fn the_name_of_a_role_is_no_path_and_no_query() {
    for (name, file) in [
        ("?", "%3F"),
        ("#", "%23"),
        ("/role", "%2Frole"),
        ("../role", "..%2Frole"),
        ("..a", "..a"),
        ("药 a", "%E8%8D%AF%20a"),
        ("1.x", "1.x"),
    ] {
        let mut foreign = Foreign::begin();
        foreign.delegate("targets", name, json!({"paths": ["*"]}));
        publish_all(&mut foreign);
        assert_eq!(visited(&foreign), [file]);
        let files = std::fs::read_dir(foreign.path("metadata")).unwrap().count();
        assert_eq!(files, 5);
        assert_eq!(foreign.trusts(file), 1);
    }
}

#[test]
fn a_delegation_may_go_by_the_digest_of_the_path() {
    let digest = hex::encode(sha2::Sha256::digest(b"missing"));
    let other = if digest.starts_with('0') { "1" } else { "0" };
    let mut foreign = Foreign::begin();
    foreign.delegate("targets", "A", json!({"path_hash_prefixes": [other]}));
    foreign.delegate(
        "targets",
        "B",
        json!({"path_hash_prefixes": [&digest[..2]]}),
    );
    publish_all(&mut foreign);
    assert_eq!(visited(&foreign), ["B"]);
}

#[test]
fn a_role_that_was_verified_for_one_delegator_is_verified_again_for_another() {
    let mut foreign = graph("targets>A:a/* targets>B:b/* A>shared:a/*");
    foreign.add_artifact("shared", "a/good", b"good");
    foreign.add_artifact("shared", "b/stolen", b"stolen");
    // B trusts another key for a role of the same name.
    let first = foreign.signers["shared"].clone();
    foreign.delegate("B", "shared", json!({"paths": ["b/*"]}));
    foreign.signers.insert("shared".to_owned(), first);
    publish_all(&mut foreign);
    foreign.download(&["a/good"]).done();
    let message = foreign.download(&["a/good", "b/stolen"]).failed();
    let reason = "signature threshold not met for role shared: 0/1 valid signatures";
    assert_eq!(message, format!("{REFUSED}{reason}"));
    assert!(!foreign.path("artifacts/b%2Fstolen").exists());
}

#[test]
fn a_delegated_role_that_is_expired_unsigned_or_not_pinned_lists_nothing() {
    let mut foreign = graph("targets>A");
    foreign.add_artifact("A", "x", b"x");
    foreign.role("A")["expires"] = json!("2001-01-01T00:00:00Z");
    publish_all(&mut foreign);
    let message = foreign.download(&["x"]).failed();
    assert_eq!(
        message,
        format!("{REFUSED}A metadata expired at 2001-01-01T00:00:00Z")
    );
    foreign.role("A")["expires"] = json!("2100-01-01T00:00:00Z");
    let signers = foreign.signers.insert("A".to_owned(), Vec::new()).unwrap();
    publish_all(&mut foreign);
    let message = foreign.download(&["x"]).failed();
    let reason = "signature threshold not met for role A: 0/1 valid signatures";
    assert_eq!(message, format!("{REFUSED}{reason}"));
    assert_eq!(foreign.trusts("A"), 0);
    foreign.signers.insert("A".to_owned(), signers);
    publish_all(&mut foreign);
    foreign.download(&["x"]).done();
}

#[test]
fn an_artifact_is_fetched_once_and_again_only_when_it_changed() {
    let mut foreign = Foreign::begin();
    foreign.add_artifact("targets", "dir/file.txt", b"first");
    publish_all(&mut foreign);
    let text = foreign.download(&["dir/file.txt"]).done();
    assert!(text.contains("dir/file.txt (5 bytes, fetched)"), "{text}");
    foreign.requests();
    let text = foreign.download(&["dir/file.txt"]).done();
    assert!(text.contains("dir/file.txt (5 bytes, was there)"), "{text}");
    let asked = foreign.requests();
    assert!(
        asked.iter().all(|path| path.starts_with("metadata/")),
        "{asked:?}"
    );
    foreign.add_artifact("targets", "dir/file.txt", b"second");
    publish_all(&mut foreign);
    foreign.download(&["dir/file.txt"]).done();
    let kept = std::fs::read(foreign.path("artifacts/dir%2Ffile.txt")).unwrap();
    assert_eq!(kept, b"second");
    // Spoiled on the disk, it is fetched once more.
    std::fs::write(foreign.path("artifacts/dir%2Ffile.txt"), b"spoilt").unwrap();
    foreign.download(&["dir/file.txt"]).done();
    let kept = std::fs::read(foreign.path("artifacts/dir%2Ffile.txt")).unwrap();
    assert_eq!(kept, b"second");
}

#[test]
fn swapped_shorter_and_longer_bytes_are_never_kept() {
    let mut foreign = Foreign::begin();
    foreign.add_artifact("targets", "file", b"content");
    publish_all(&mut foreign);
    let digest = hex::encode(sha2::Sha256::digest(b"content"));
    for (bytes, reason) in [
        (
            &b"swapped"[..],
            "integrity check failed: file: sha256 mismatch".to_owned(),
        ),
        (
            b"short",
            "integrity check failed: file: length 5 != pinned 7".to_owned(),
        ),
        (
            b"content and more",
            format!("transport error: cannot fetch: `{digest}.file` is larger than 7 bytes"),
        ),
    ] {
        foreign.serve_artifact("file", &digest, bytes);
        let message = foreign.download(&["file"]).failed();
        assert_eq!(message, format!("{REFUSED}{reason}"));
        assert!(!foreign.path("artifacts/file").exists());
    }
}

#[test]
fn sha_512_alone_is_enough_and_an_unknown_digest_is_not() {
    let mut foreign = Foreign::begin();
    let digest = hex::encode(sha2::Sha512::digest(b"content"));
    foreign.role("targets")["targets"]["file"] =
        json!({"length": 7, "hashes": {"sha512": &digest}});
    foreign.serve_artifact("file", &digest, b"content");
    publish_all(&mut foreign);
    foreign.download(&["file"]).done();
    std::fs::remove_file(foreign.path("artifacts/file")).unwrap();
    foreign.role("targets")["targets"]["file"]["hashes"] = json!({"unknown": &digest});
    publish_all(&mut foreign);
    let message = foreign.download(&["file"]).failed();
    assert!(
        message.contains("no supported hash algorithm to verify"),
        "{message}"
    );
    assert!(!foreign.path("artifacts/file").exists());
}

#[test]
fn a_repository_without_versions_in_its_names_is_read_too() {
    let mut foreign = Foreign::begin();
    foreign.role("root")["consistent_snapshot"] = json!(false);
    foreign.delegate("targets", "A", json!({"paths": ["*"]}));
    foreign.add_artifact("A", "file", b"content");
    foreign.publish(&["root"]);
    publish_all(&mut foreign);
    foreign.download(&["file"]).done();
    let expected = [
        "metadata/2.root.json",
        "metadata/3.root.json",
        "metadata/timestamp.json",
        "metadata/snapshot.json",
        "metadata/targets.json",
        "metadata/A.json",
        "targets/file",
    ];
    assert_eq!(foreign.requests(), expected);
}

#[test]
fn an_artifact_leaves_its_folder_under_no_name() {
    let mut foreign = Foreign::begin();
    for name in ["../out", "/out", "a b?c#d", "药"] {
        foreign.add_artifact("targets", name, b"x");
    }
    foreign.add_artifact("targets", "..", b"x");
    publish_all(&mut foreign);
    let digest = hex::encode(sha2::Sha256::digest(b"x"));
    foreign.put(&format!("targets/{digest}.a%20b%3Fc%23d"), b"x");
    foreign.put(&format!("targets/{digest}.%E8%8D%AF"), b"x");
    foreign.download(&["../out", "a b?c#d", "药"]).done();
    for file in ["..%2Fout", "a%20b%3Fc%23d", "%E8%8D%AF"] {
        assert!(foreign.path("artifacts").join(file).exists(), "{file}");
    }
    assert!(!foreign.path("out").exists());
    let message = foreign.download(&[".."]).failed();
    assert_eq!(
        message,
        "error: artifact `..` cannot be kept under this name"
    );
}

#[test]
fn metadata_that_cannot_be_kept_fails_the_command() {
    let mut foreign = Foreign::begin();
    let long = "a".repeat(300);
    foreign.delegate("targets", &long, json!({"paths": ["*"]}));
    foreign.add_artifact(&long, "file", b"x");
    publish_all(&mut foreign);
    let message = foreign.download(&["file"]).failed();
    let path = foreign.path("metadata").join(format!("{long}.json"));
    let start = format!("error: cannot write `{}`: ", path.display());
    assert!(message.starts_with(&start), "{message}");
}

#[test]
fn what_cannot_be_read_is_not_taken_for_what_is_not_there() {
    let mut foreign = Foreign::begin();
    foreign.add_artifact("targets", "file", b"x");
    publish_all(&mut foreign);
    foreign.download(&["file"]).done();
    for name in [
        "artifacts/file",
        "metadata/timestamp.json",
        "metadata/root.json",
    ] {
        let path = foreign.path(name);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        let message = foreign.download(&["file"]).failed();
        let start = format!("error: cannot read `{}`: ", path.display());
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn programs_get_versions_and_artifacts_as_json() {
    let mut foreign = Foreign::begin();
    foreign.add_artifact("targets", "file", b"content");
    publish_all(&mut foreign);
    let text = foreign.download_as_json(&["file"]).done();
    let told: Value = serde_json::from_str(&text).unwrap();
    let roles = told["roles"].as_array().unwrap().iter();
    let versions: Vec<_> = roles
        .map(|role| (&role["role"], &role["version"]))
        .collect();
    let expected = [
        ("root", 1),
        ("timestamp", 2),
        ("snapshot", 2),
        ("targets", 2),
    ];
    assert_eq!(versions.len(), expected.len());
    for ((role, version), (name, number)) in versions.into_iter().zip(expected) {
        assert_eq!((role, version), (&json!(name), &json!(number)));
    }
    let file = foreign.path("artifacts/file");
    let artifact = json!({"name": "file", "file": file, "length": 7, "fetched": true});
    assert_eq!(told["artifacts"], json!([artifact]));
}

#[test]
fn what_is_missing_on_the_line_is_said() {
    let foreign = Foreign::begin();
    let folder = foreign.path("metadata");
    let folder = folder.to_str().unwrap();
    let run = |arguments: &[&str]| {
        common::rulepack([&["tuf", "--metadata-dir", folder], arguments].concat()).failed()
    };
    let hint = "\nhint: flags stand before the verb";
    assert_eq!(
        run(&["refresh"]),
        format!("error: `--metadata-url` is missing{hint}")
    );
    assert_eq!(
        run(&["download"]),
        format!("error: `--target-base-url` is missing{hint}")
    );
    let url = "http://127.0.0.1:9";
    let line = ["--target-base-url", url, "--target-dir", folder, "download"];
    assert_eq!(
        run(&line),
        format!("error: `--target-name` is missing{hint}")
    );
}
