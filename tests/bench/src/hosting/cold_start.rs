//! From the start of `rulepack serve` to its first answer to which every pack contributed.

use std::fmt::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rulepack_bench::host::folder;
use rulepack_bench::host::load::Asked;
use rulepack_bench::packs::sealed;
use rulepack_protocol::pack::{self, Bounds};
use serde_json::Value;

use super::{Figures, HostArgs};
use crate::site::Process;

/// Packs that are taken as they are; all others are copies of the first, each with knowledge of its own.
const REAL: [&str; 4] = ["chronic-limits", "drg-checks", "conduct", "consumables"];
/// Rows that each copy has more.
const ROWS: u32 = 1_000;

pub(super) fn measure(program: &Path, arguments: &HostArgs, figures: &mut Figures) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    folder::set_up_with(folder.path(), packs(arguments.packs));
    let count = arguments.packs as usize;
    for (what, is_cached) in [
        ("without compiled packs", false),
        ("compiled packs cached", true),
    ] {
        let compiled = folder.path().join("compiled");
        if !is_cached && compiled.exists() {
            std::fs::remove_dir_all(&compiled).expect("a folder of ours");
        }
        let took = first_answer(program, folder.path(), count);
        let what = format!("start to first answer, {count} packs, {what}");
        figures.put(what, format!("{:.2} s", took.as_secs_f64()));
    }
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

fn first_answer(program: &Path, folder: &Path, packs: usize) -> Duration {
    let begun = Instant::now();
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
    command.arg(folder);
    let process = Process::start(command, "", "service at http://");
    let address = process.address.parse().expect("an address");
    let asked = Asked::call(address, &folder::request(0));
    let mut stream = TcpStream::connect(address).expect("the server listens");
    loop {
        // Until all are loaded a request can take longer than its caller has patience; it is answered all the same.
        let answer = asked.send(&mut stream).expect("every request is answered");
        let answer: Value = serde_json::from_slice(&answer).expect("an answer");
        let ran = &answer["output"]["rulepack"]["packs"];
        if ran.as_array().is_some_and(|ran| ran.len() == packs) {
            return begun.elapsed();
        }
        let broken = &answer["output"]["rulepack"]["broken"];
        assert!(broken.as_array().is_none_or(Vec::is_empty), "{broken}");
    }
}
