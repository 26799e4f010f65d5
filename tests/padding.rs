//! A hospital pads an encounter with rows until a pack gives up on it (T9). It stands before everything else, with its
//! money, and nobody else is touched.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "../host/engine/tests/guest/mod.rs"]
#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rulepack_protocol::pack;
use serde_json::Value;

use common::bare_host::{BareHost, Days};
use common::rulepack;
use guest::Guest;

/// A pack that works through each line of a patient, and says nothing.
fn sealed(folder: &Path) -> String {
    let guest = Guest {
        items: r#"(import "rulepack:rules/orders@0.1.0" "quantities" (func $quantities (param i32)))"#,
        evaluate: "(local $left i32) (call $quantities (i32.const 3000))
            (local.set $left (i32.mul (i32.load (i32.const 3004)) (i32.const 500)))
            (block $done (loop $again (br_if $done (i32.eqz (local.get $left)))
              (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br $again)))",
        ..Guest::default()
    };
    let mut manifest = guest::manifest();
    // Not needed by this pack, and not in this data.
    manifest.rules[0].needs.clear();
    let bytes = pack::seal(&guest.component(), &manifest, &Default::default(), &[]).unwrap();
    let path = folder.join("pack.wasm");
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Two visits of 40 lines, and one that was padded to 6,000.
fn write_hospital(folder: &Path) {
    let mut patients = "patient\n".to_owned();
    let mut encounters = "encounter,patients,current,discharge-days\n".to_owned();
    let mut orders = "order,encounters,current,quantities,amounts,days\n".to_owned();
    for (patient, lines, amount) in [
        ("P1", 40, "1.00"),
        ("P2", 6_000, "2.50"),
        ("P3", 40, "1.00"),
    ] {
        writeln!(patients, "{patient}").unwrap();
        writeln!(encounters, "E-{patient},{patient},1,2026-11-20").unwrap();
        for line in 0..lines {
            writeln!(
                orders,
                "{patient}-{line},E-{patient},1,1,{amount},2026-11-20"
            )
            .unwrap();
        }
    }
    for (name, text) in [
        ("patients", patients),
        ("encounters", encounters),
        ("orders", orders),
    ] {
        fs::write(folder.join(format!("{name}.csv")), text).unwrap();
    }
}

#[test]
fn t9_an_encounter_padded_beyond_its_fuel_is_listed_first_with_its_money() {
    let folder = tempfile::tempdir().unwrap();
    let pack = sealed(folder.path());
    let hospital = folder.path().join("hospital");
    fs::create_dir(&hospital).unwrap();
    write_hospital(&hospital);
    let from = hospital.to_str().unwrap();
    let line = ["check", from, "--pack", &pack, "--today", "2026-11-22"];
    let told = rulepack(line).found_fault();
    let mut lines = told.lines();
    assert_eq!(
        lines.next(),
        Some("[no verdict] 37/test/1.0.0.wasm patients P2: the pack used up its fuel of 10000000")
    );
    assert_eq!(lines.next(), Some("    15000.00 CNY"));
    assert!(!told.contains("P1") && !told.contains("P3"), "{told}");
    let json = rulepack([&line[..], &["--json"]].concat()).found_fault();
    let json: Value = serde_json::from_str(&json).unwrap();
    let none = json["no_verdict"].as_array().unwrap();
    assert_eq!(none.len(), 1);
    assert_eq!(
        (&none[0]["kind"], &none[0]["amount"]),
        (&"fuel".into(), &1_500_000.into())
    );
}

#[test]
fn t9_an_audit_tells_the_padded_encounter_before_everything_else_and_lists_it_with_its_money() {
    let folder = tempfile::tempdir().unwrap();
    let pack = sealed(folder.path());
    let hospital = folder.path().join("hospital");
    fs::create_dir(&hospital).unwrap();
    write_hospital(&hospital);
    let host = BareHost::begin();
    let days = Days("2024-01-04", "2024-01-04");
    host.install("37/test/1.0.0.wasm", Path::new(&pack), &days);
    let out = folder.path().join("run");
    let [from, to] = [&hospital, &out].map(|path| path.to_str().unwrap());
    let days = [
        "--period",
        "2026-11-01..2026-11-30",
        "--today",
        "2026-12-01",
    ];
    let line = [&["audit", from, "--out", to][..], &days].concat();
    let told = host.run(&line).found_fault();
    let first = told.lines().next().unwrap();
    let expected = ["37/test/1.0.0.wasm", "fuel", "15000.00"];
    assert!(expected.iter().all(|part| first.contains(part)), "{told}");
    let listed = fs::read_to_string(out.join("no-verdict.csv")).unwrap();
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    let row = "37/test/1.0.0.wasm,patients,P2,15000.00,fuel,the pack used up its fuel of 10000000";
    assert_eq!(rows, [row]);
}
