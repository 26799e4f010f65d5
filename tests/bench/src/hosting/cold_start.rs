//! From the start of `rulepack serve` to its first answer to which every pack contributed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rulepack_bench::host::folder;
use rulepack_bench::host::load::{Asked, connect};
use rulepack_bench::packs::sealed;
use rulepack_contract::review::{Scope, Stage};
use rulepack_protocol::pack::{self, Bounds};
use serde_json::Value;

use super::{Figures, HostArgs};
use crate::site::Process;

/// Packs that are taken as they are; all others are copies of the first, each with knowledge of its own.
const REAL: [&str; 4] = ["chronic-limits", "drg-checks", "conduct", "consumables"];
/// Rows that each copy has more.
const ROWS: u32 = 1_000;

pub(super) fn measure(program: &Path, arguments: &HostArgs, figures: &mut Figures) {
    let phases = arguments.phases();
    let packs = phases.run("building packs", || packs(arguments.packs));
    let count = packs.len();
    let asked = asked_before(&packs);
    let folder = tempfile::tempdir().expect("a temporary folder");
    phases.run("setting a host up", || {
        folder::set_up_with(folder.path(), packs, arguments.patients);
    });
    for (what, is_cached) in [
        ("without compiled packs", false),
        ("compiled packs cached", true),
    ] {
        let compiled = folder.path().join("compiled");
        if !is_cached && compiled.exists() {
            std::fs::remove_dir_all(&compiled).expect("a folder of ours");
        }
        let what = format!("start to first answer, {count} packs, {what}");
        let took = phases.run(&what, || first_answer(program, folder.path(), &asked));
        figures.put(what, format!("{:.2} s", took.as_secs_f64()));
    }
}

/// The packs that have rules for patients before care: all others are loaded, and do not answer a 3101.
fn asked_before(packs: &[Vec<u8>]) -> BTreeSet<String> {
    let opened = packs.iter().map(|bytes| {
        let opened = pack::open(bytes, &Bounds::NATIVE);
        opened.expect("a pack of this workspace").manifest
    });
    let asked = opened.filter(|manifest| {
        let mut rules = manifest.rules.iter();
        rules.any(|rule| rule.scope == Scope::Patient && rule.stages.contains(&Stage::Before))
    });
    asked
        .map(|manifest| format!("{}/{}.wasm", manifest.pack.name, manifest.pack.version))
        .collect()
}

/// So many different packs.
fn packs(count: u32) -> Vec<Vec<u8>> {
    let real = REAL.iter().map(|name| sealed(name, None));
    let copies = (0..).map(|copy| {
        let mut rows = String::new();
        for row in 0..ROWS {
            let written = writeln!(rows, "M03900,XB{copy:010}{row:011},2024-01-01,,示例");
            written.expect("a text can grow");
        }
        renamed(&sealed(REAL[0], Some(&rows)), copy)
    });
    real.chain(copies).take(count as usize).collect()
}

/// The pack under another name.
fn renamed(bytes: &[u8], copy: u32) -> Vec<u8> {
    let opened = pack::open(bytes, &Bounds::NATIVE).expect("a pack of this workspace");
    let mut manifest = opened.manifest;
    let name = format!("{}-copy-{}", manifest.pack.name, letters(copy));
    manifest.pack.name = name.parse().expect("a name of a pack");
    let component = &bytes[opened.component];
    pack::seal(component, &manifest, &opened.tables, &opened.cases).expect("it was sealed before")
}

/// `a`, `b`, …, `aa`: parts of names are words.
fn letters(number: u32) -> String {
    "a".repeat(number as usize + 1)
}

/// Until an answer to which all of these contributed. Every pack that is in force is loaded by then, for a request
/// is judged by none before all are there.
fn first_answer(program: &Path, folder: &Path, packs: &BTreeSet<String>) -> Duration {
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
    command.arg(folder);
    let process = Process::start(command, "", "service at http://");
    let address = process.address.parse().expect("an address");
    let asked = Asked::call(address, &folder::request(0));
    let mut stream = connect(address);
    loop {
        // Until all are loaded a request can take longer than its caller has patience; it is answered all the same.
        let answer = asked.send(&mut stream).expect("every request is answered");
        let answer: Value = serde_json::from_slice(&answer).expect("an answer");
        let told = &answer["output"]["rulepack"];
        let ran = told["packs"].as_array().into_iter().flatten();
        let ran: BTreeSet<String> = ran
            .filter_map(|ran| Some(ran["pack"].as_str()?.to_owned()))
            .collect();
        if ran == *packs {
            return begun.elapsed();
        }
        let is_judged = told.is_object();
        assert!(!is_judged, "expected {packs:?}, got {ran:?}: {told}");
    }
}
