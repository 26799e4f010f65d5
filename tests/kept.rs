//! What verdicts rest on is kept before they are given; what cannot be kept is told, however many verdicts do without.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/guest_pack.rs"]
mod guest_pack;

use std::fs;
use std::path::Path;

use rulepack_engine::Grants;

use common::bare_host::{BareHost, Days};
use common::serving::{EXAMPLE, Serving, eventually};

const NARROW: &str = "[37]\nby = \"李明\"\nday = \"2026-11-22\"\ncolumns = []\n";

fn host() -> BareHost {
    let host = BareHost::begin();
    // It looks at 3101 alone, and finds nothing.
    let file = host.path("sealed.wasm");
    guest_pack::write(&file, "1.0.0", "");
    let days = Days("2024-01-04", "2024-01-04");
    host.install("37/test/1.0.0.wasm", &file, &days);
    host
}

/// Faults that are about what is kept.
fn faults(server: &Serving) -> Vec<String> {
    let status = server.get("/api/v1/status");
    let mut faults: Vec<String> = serde_json::from_value(status["faults"].clone()).unwrap();
    faults.retain(|fault| fault.contains("/kept/"));
    faults
}

/// Whether a verdict is given of a 3101, and of a 3102.
fn are_judged(server: &Serving) -> (bool, bool) {
    let during = EXAMPLE.replacen("3101", "3102", 1);
    let judged = [EXAMPLE, &during].map(|request| {
        let answer = server.try_send(request).unwrap();
        let told = answer["err_msg"].as_str().unwrap_or_default();
        !told.starts_with("nothing was judged: the verdict cannot be recorded")
    });
    judged.into()
}

#[test]
fn t10_grants_that_cannot_be_kept_are_told_until_they_can_or_no_pack_has_them() {
    let host = host();
    let folder = host.host();
    let [all, none] = [Grants::All, Grants::Only([].into())].map(|grants| {
        // Nothing can be kept where a folder stands in its place.
        let file = folder
            .kept()
            .join(format!("grants-{}.json", grants.digest()));
        fs::create_dir_all(&file).unwrap();
        file
    });
    let server = Serving::start(folder.root(), &["--poll", "1"]);
    eventually("the pack is loaded", || {
        server.get("/api/v1/status")["ready"] == true
    });
    assert_eq!(faults(&server), Vec::<String>::new());
    let are_told = |file: &Path| {
        // The 3102 asks no pack, and what it rests on is kept.
        assert_eq!(are_judged(&server), (false, true));
        let told = faults(&server);
        let end = "; no verdict that rests on it is given until it can be used";
        let begin = format!("cannot use `{}`: ", file.display());
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with(&begin) && told[0].ends_with(end),
            "{told:?}"
        );
    };
    are_told(&all);
    fs::write(folder.grants(), NARROW).unwrap();
    eventually("no pack has them", || faults(&server).is_empty());
    are_told(&none);
    fs::remove_dir(none).unwrap();
    assert_eq!(are_judged(&server), (true, true));
    assert_eq!(faults(&server), Vec::<String>::new());
}
