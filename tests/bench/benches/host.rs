//! What a hospital's host bears: `cargo bench -p rulepack-bench --bench host -- [REQUESTS]`.
//!
//! Three real packs, 10,000 knowledge points, encounters of 40 lines, a year of history; the client on the same
//! machine. Prints a table and writes `host.json` into the folder `bench` of the target folder. What the
//! figures mean stands in `docs/PERFORMANCE.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rulepack_bench::host::folder::{self, PATIENTS};
use rulepack_bench::host::load::{Asked, Latencies, connect, paced, saturated};
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
    println!("building packs and setting a host up");
    folder::set_up(folder.path());
    println!("starting it");
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
    let before = Parts::of(&host);
    println!("{RATE} a second for {SECONDS} s");
    let answered = paced(host.address, &asked, (RATE, SECONDS));
    let waited = parts(&host, &before);
    let bare = paced(host.address, &constant, (RATE, SECONDS));
    figures.extend(latencies(&answered, &bare));
    figures.extend(waited);
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

/// As fast as it answers, and its memory after each tenth.
fn saturation(host: &Process, asked: &[Asked], requests: usize) -> Vec<Figure> {
    let at_start = host.resident_kib();
    println!("saturation, {requests} requests: {at_start} KiB resident at their start");
    let of_part = requests.div_ceil(PARTS);
    let (mut resident, mut rates) = (Vec::new(), Vec::new());
    for part in 1..=PARTS {
        let rate = saturated(host.address, asked, (CONNECTIONS, of_part));
        let now = host.resident_kib();
        println!("  {part} of {PARTS} parts: {rate:.0} a second, {now} KiB resident");
        rates.push(rate);
        resident.push(now);
    }
    rates.sort_by(f64::total_cmp);
    let figure = |what, value, unit| Figure { what, value, unit };
    let grown = resident[PARTS - 1] as f64 - at_start as f64;
    vec![
        figure("3101 at saturation", rates[PARTS / 2], "/s"),
        figure("memory at its start", at_start as f64 / 1e3, "MB"),
        figure("growth over the requests", grown / 1e3, "MB"),
        figure(
            "growth over the last nine tenths of them, as a line through ten points",
            slope(&resident) * 1024.0 / of_part as f64,
            "bytes a request",
        ),
    ]
}

/// KiB a part: the line through all points that misses them least.
fn slope(resident: &[u64]) -> f64 {
    let count = resident.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = resident.iter().sum::<u64>() as f64 / count;
    let points = resident.iter().enumerate();
    let (together, alone) = points.fold((0.0, 0.0), |(together, alone), (place, kib)| {
        let from_middle = place as f64 - middle;
        (
            together + from_middle * (*kib as f64 - mean),
            alone + from_middle * from_middle,
        )
    });
    together / alone
}

/// What an answer waits for, of all that the server counted since `before`.
fn parts(host: &Process, before: &Parts) -> Vec<Figure> {
    let now = Parts::of(host);
    let requests = now.requests - before.requests;
    let parts = now.took.iter().map(|(part, took)| {
        let before = before.took.get(part).copied().unwrap_or(0.0);
        let what = match part.as_str() {
            "read" => "of it on average: the request is read",
            "rows" => "of it: its rows, with the history of its patient",
            "review" => "of it: packs in force run",
            "history" => "of it: what it tells is kept, with its syncs",
            "findings" => "of it: what was found is kept, with its sync",
            "journal" => "of it: the journal, with its sync",
            _ => "of it: something else",
        };
        Figure {
            what,
            value: (took - before) * 1e3 / requests,
            unit: "ms",
        }
    });
    parts.collect()
}

/// What the server counts of calls.
struct Parts {
    requests: f64,
    /// Seconds.
    took: BTreeMap<String, f64>,
}

impl Parts {
    fn of(host: &Process) -> Self {
        let asked = Asked::get(host.address, "/metrics");
        let page = asked.send(&mut connect(host.address));
        let page = page.expect("the server counts");
        let page = String::from_utf8(page).expect("a page of text");
        let number = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        let took = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("rulepack_request_part_seconds_total{part=\"")?;
            Some((rest.split('"').next()?.to_owned(), number(line)?))
        });
        let mut counted = page.lines();
        let counted = counted.find(|line| line.starts_with("rulepack_request_seconds_count "));
        Parts {
            requests: counted.and_then(number).expect("requests are counted"),
            took: took.collect(),
        }
    }
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
