//! A pack of one rule for 3101, with code of a test's own. Real hosts load it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(
    dead_code,
    reason = "packs are loaded by the host here, not by the engine alone"
)]
#[path = "../../host/engine/tests/guest/mod.rs"]
mod guest;

use std::fs;
use std::path::Path;

use rulepack_protocol::pack::{self, Manifest};

use guest::Guest;

/// Writes `37/test` in a version to a file. Its code evaluates so; where it does nothing, the pack finds nothing.
pub fn write(path: &Path, version: &str, evaluate: &'static str) {
    let manifest = Manifest::from_toml(&format!(
        r#"
[pack]
name = "37/test"
version = "{version}"
title = "t"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = {{ from = "2024-01-04" }}
jurisdictions = ["37"]
retroactive = {{ basis = "b" }}

[[rule]]
id = "A"
title = "t"
scope = "patient"
stages = ["before"]
behaviour = "行为类"
basis = "b"
needs = ["orders.items"]
messages = {{ m = "x" }}
"#
    ));
    let guest = Guest {
        evaluate,
        ..Guest::default()
    };
    let sealed = pack::seal(
        &guest.component(),
        &manifest.unwrap(),
        &Default::default(),
        &[],
    );
    fs::write(path, sealed.unwrap()).unwrap();
}
