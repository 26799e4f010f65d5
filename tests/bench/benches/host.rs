//! What a hospital's host bears: `cargo bench -p rulepack-bench --bench host -- [REQUESTS]`.
//!
//! Three real packs, 10,000 knowledge points, encounters of 40 lines, a year of history; the client on the same
//! machine. Prints a table and writes `host.json` into the folder `bench` of the target folder. What the
//! figures mean stands in `docs/PERFORMANCE.md`.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rulepack_bench::host::folder::{self, PATIENTS};
use rulepack_bench::host::load::{Asked, Latencies, paced, saturated};
use rulepack_bench::packs::target_folder;
use rulepack_bench::registry::process::{self, Process};
use serde::Serialize;

/// 3101 of a large hospital.
const RATE: u32 = 50;
const SECONDS: u32 = 60;
/// Connections at saturation.
const CONNECTIONS: usize = 8;
/// Requests after which memory is looked at again, unless another number is given.
const REQUESTS: usize = 1_000_000;
/// Parts in which memory is looked at.
const PARTS: usize = 10;
/// Different requests: one a patient.
const DIFFERENT: u32 = PATIENTS;

/// A line of the table.
#[derive(Serialize)]
struct Figure {
    what: &'static str,
    value: f64,
    unit: &'static str,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let ["serve", folder] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return process::host(folder::open(Path::new(folder)));
    }
    let requests = arguments.iter().find_map(|argument| argument.parse().ok());
    let folder = tempfile::tempdir().expect("a temporary folder");
    folder::set_up(folder.path());
    let mut figures = Vec::new();
    let started = Instant::now();
    let host = Process::start(["serve", &folder.path().to_string_lossy()]);
    let asked: Vec<Asked> = (0..DIFFERENT)
        .map(|patient| Asked::call(host.address, &folder::request(patient)))
        .collect();
    let constant = [Asked::constant(host.address)];
    let first = paced(host.address, &asked[..1], (1, 1));
    figures.push(Figure {
        what: "start to first answer, packs not compiled yet",
        value: started.elapsed().as_secs_f64(),
        unit: "s",
    });
    drop(first);
    // Whatever is made once is made.
    let warm = paced(host.address, &asked, (RATE, 2));
    drop(warm);
    let answered = paced(host.address, &asked, (RATE, SECONDS));
    let bare = paced(host.address, &constant, (RATE, SECONDS));
    figures.extend(latencies(&answered, &bare));
    figures.extend(saturation(&host, &asked, requests.unwrap_or(REQUESTS)));
    figures.extend(engine(folder.path()));
    print(&figures);
    write(&figures);
}

fn latencies(answered: &Latencies, bare: &Latencies) -> Vec<Figure> {
    let figure = |what, value| Figure {
        what,
        value,
        unit: "ms",
    };
    vec![
        figure("3101 at 50 a second, median", answered.per_mille(500)),
        figure("3101 at 50 a second, p99", answered.per_mille(990)),
        figure("constant body at 50 a second, median", bare.per_mille(500)),
        figure("constant body at 50 a second, p99", bare.per_mille(990)),
    ]
}

/// As fast as it answers, and its memory.
fn saturation(host: &Process, asked: &[Asked], requests: usize) -> Vec<Figure> {
    let mut resident = vec![host.resident_kib()];
    let mut rates = Vec::new();
    for _ in 0..PARTS {
        rates.push(saturated(
            host.address,
            asked,
            (CONNECTIONS, requests / PARTS),
        ));
        resident.push(host.resident_kib());
    }
    println!("resident KiB after each tenth of {requests} requests: {resident:?}");
    rates.sort_by(f64::total_cmp);
    let grown = |from: usize| resident[PARTS] as f64 - resident[from] as f64;
    vec![
        Figure {
            what: "3101 at saturation",
            value: rates[PARTS / 2],
            unit: "/s",
        },
        Figure {
            what: "memory at its start",
            value: resident[0] as f64 / 1e3,
            unit: "MB",
        },
        Figure {
            what: "growth over the requests",
            value: grown(0) / 1e3,
            unit: "MB",
        },
        Figure {
            what: "growth over the last nine tenths of them",
            value: grown(1) / 1e3,
            unit: "MB",
        },
    ]
}

/// What the packs take of it: the same requests reviewed in this process, one after the other.
fn engine(folder: &Path) -> Vec<Figure> {
    let reviewer = folder::Reviewer::of(folder);
    let data: Vec<Arc<_>> = (0..DIFFERENT)
        .map(|patient| reviewer.data(&folder::request(patient)))
        .collect();
    reviewer.review(&data[0]);
    let mut took: Vec<f64> = data
        .iter()
        .map(|data| {
            let begun = Instant::now();
            reviewer.review(data);
            begun.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let figure = |what, value| Figure {
        what,
        value,
        unit: "ms",
    };
    vec![
        figure("review by three packs, median", took[took.len() / 2]),
        figure(
            "review by three packs, p99 (target 2)",
            took[took.len() * 99 / 100],
        ),
    ]
}

fn print(figures: &[Figure]) {
    println!("\n| what | figure |\n|---|---|");
    for figure in figures {
        println!("| {} | {:.2} {} |", figure.what, figure.value, figure.unit);
    }
}

fn write(figures: &[Figure]) {
    let folder = target_folder().join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let file = folder.join("host.json");
    let json = serde_json::to_string_pretty(figures).expect("figures are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
}
