//! What `diff` tells of two packs, as files and as published versions.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use common::nation::Nation;
use common::packs::{Source, pack};
use common::{Ran, rulepack};

const OLD_ROW: &str = "M03900,XC09AAB043A001010100002,2024-01-01,,";

/// A release of knowledge of `chronic-limits`: one row with an end, one row more.
fn newer(folder: &TempDir) -> PathBuf {
    let file = folder.path().join("newer.wasm");
    let ended = "M03900,XC09AAB043A001010100002,2024-01-01,2026-12-31,";
    let added = "M03900,XNEW,2027-01-01,,通知\n";
    Source::copy("chronic-limits", &folder.path().join("source"))
        .replace("pack.toml", "version = \"1.0.0\"", "version = \"1.0.1\"")
        .replace("tables/catalogue.csv", OLD_ROW, &format!("{added}{ended}"))
        .build(&file)
        .done();
    file
}

fn diff(before: &Path, after: &Path, options: &[&str]) -> Ran {
    let line = ["diff", before.to_str().unwrap(), after.to_str().unwrap()];
    rulepack([&line[..], options].concat())
}

#[test]
fn a_pack_is_the_same_as_itself() {
    let one = pack("chronic-limits");
    let told = diff(&one, &one, &[]).done();
    assert_eq!(told.lines().last(), Some("  the same bytes"));
}

#[test]
fn a_release_of_knowledge_is_told_as_such_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let newer = newer(&folder);
    let told = diff(&pack("chronic-limits"), &newer, &[]).found_fault();
    let told: Vec<&str> = told.lines().skip(2).collect();
    assert_eq!(
        told,
        [
            "  knowledge only: code, rules and parameters are the same",
            "~ manifest pack.version \"1.0.0\" → \"1.0.1\"",
            "~ table catalogue: 11 → 12 rows; added 1, removed 0, changed 1",
            "    ~ disease=M03900 item=XC09AAB043A001010100002 valid_from=2024-01-01: valid_to – → 2026-12-31",
            "    + disease=M03900 item=XNEW valid_from=2027-01-01 basis=通知 valid_to=–",
        ]
    );
    let told = diff(
        &pack("chronic-limits"),
        &newer,
        &["--lang", "zh", "--limit", "1"],
    )
    .found_fault();
    assert!(
        told.contains("  仅知识更新：代码、规则、参数均未变\n"),
        "{told}"
    );
    assert!(told.ends_with("    … 1 行未列出\n"), "{told}");
    let told = diff(&pack("chronic-limits"), &newer, &["--json"]).found_fault();
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(json["release"], "knowledge");
    assert_eq!(
        json["tables"][0]["rows"][0]["cells"][0]["column"],
        "valid_to"
    );
    assert_eq!(
        json["before"]["component_digest"],
        json["after"]["component_digest"]
    );
}

#[test]
fn rules_parameters_and_permissions_of_other_packs_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stricter.wasm");
    Source::copy("chronic-limits", &folder.path().join("source"))
        .replace(
            "pack.toml",
            "violation = \"block\"",
            "violation = \"remind\"",
        )
        .replace("pack.toml", "min = 280000", "min = 140000")
        .build(&file)
        .done();
    let told = diff(&pack("chronic-limits"), &file, &[]).found_fault();
    assert!(
        told.contains("\n  the same code, other declarations\n"),
        "{told}"
    );
    let line = "\n~ rule CHR-01: action.violation \"block\" → \"remind\"\n";
    assert!(told.contains(line), "{told}");
    assert!(
        told.contains("\n~ parameter days_max: min 280000 → 140000\n"),
        "{told}"
    );

    let told = diff(&pack("chronic-limits"), &pack("vbp-quota"), &[]).found_fault();
    assert!(told.contains("\n  other code\n"), "{told}");
    assert!(
        told.contains("\n+ gains permission purchases.delivered\n"),
        "{told}"
    );
    assert!(
        told.contains("\n- loses permission orders.supply-days\n"),
        "{told}"
    );
    assert!(told.contains("\n- rule CHR-01\n"), "{told}");
}

#[test]
fn published_versions_come_from_the_registry_or_from_the_hosts_own_store() {
    let folder = tempfile::tempdir().unwrap();
    let newer = newer(&folder);
    let nation = Nation::found();
    let registry = nation.serve();
    nation.publish(&[&pack("chronic-limits")], &registry);
    nation.publish(&[&newer], &registry);
    let host = nation.host("host", &registry);
    host.sync().done();
    let files = diff(&pack("chronic-limits"), &newer, &[]).found_fault();
    let names = "diff 37/chronic-limits@1.0.0 37/chronic-limits@1.0.1";
    let address = registry.address.clone();
    let line = format!("{names} --root {{}}/root.json --registry {address}");
    assert_eq!(nation.run(&line).found_fault(), files);
    drop(registry);
    assert_eq!(
        nation
            .run(&format!("{names} --dir {{}}/host"))
            .found_fault(),
        files
    );
    assert_eq!(
        nation
            .run("diff 37/chronic-limits@1.0.0 37/chronic-limits@9.0.0 --dir {}/host")
            .failed(),
        format!(
            "error: the host in `{}` has no pack `37/chronic-limits/9.0.0.wasm`",
            nation.path("host").display()
        )
    );
    assert_eq!(
        nation.run(names).failed(),
        "error: neither a host nor a root and a registry is given\n\
         hint: give `--dir HOST`, or `--root FILE --registry ADDRESS`"
    );
}
