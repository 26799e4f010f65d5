//! The template of a new pack is a pack, and what it pins is what this workspace pins.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

#[path = "../template/src/lib.rs"]
#[allow(missing_docs, unreachable_pub, reason = "a crate of its own")]
mod template;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> toml::Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

#[test]
fn the_template_answers_its_own_cases() {
    rulepack_sdk::harness::assert_cases::<template::MyPack>(folder().join("template"));
}

#[test]
fn the_template_pins_what_the_sdk_and_the_contract_inherit() {
    let new = read(&folder().join("template/Cargo.toml"));
    let root = folder().join("../Cargo.toml");
    if !root.exists() {
        println!("skipped: the SDK stands outside its workspace");
        return;
    }
    let root = read(&root);
    let new = new["workspace"]["dependencies"].as_table().unwrap();
    for (name, pinned) in new {
        assert_eq!(pinned, &root["workspace"]["dependencies"][name], "`{name}`");
    }
    for inheriting in ["Cargo.toml", "../wit/Cargo.toml"] {
        let manifest = read(&folder().join(inheriting));
        let native = r#"cfg(not(target_arch = "wasm32"))"#;
        let target = manifest.get("target").map(|target| &target[native]);
        for part in target
            .into_iter()
            .chain([&toml::Value::Table(manifest.clone())])
        {
            for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let names = part.get(section).and_then(toml::Value::as_table);
                for name in names.into_iter().flat_map(toml::Table::keys) {
                    assert!(new.contains_key(name), "`{inheriting}` inherits `{name}`");
                }
            }
        }
    }
}
