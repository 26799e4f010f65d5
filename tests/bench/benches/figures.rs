//! What the sandbox costs beside native code, and what an answer takes: `cargo bench -p rulepack-bench`.
//!
//! Prints a table and writes `figures.json` into the folder `bench` of the target folder. What the figures
//! mean, and what they were when last looked at, stands in `docs/PERFORMANCE.md`.

use std::fs;
use std::sync::Arc;

use chronic_limits::ChronicLimits;
use drg_checks::DrgChecks;
use rulepack_bench::hospital::{self, LINES_OF_PATIENT};
use rulepack_bench::packs::{self, Source};
use rulepack_bench::timing::{self, Median};
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Stage;
use rulepack_engine::{Engine, Limits, LoadedPack};
use rulepack_sdk::Pack;
use serde::Serialize;

/// Order lines of the batch that both forms of a pack evaluate.
const LINES: u32 = 10_000;
/// Lines of the encounter of the third figure.
const LINES_OF_ENCOUNTER: u32 = 200;
/// Turns of a pair, each with a sample of both.
const TURNS: usize = 201;
/// Samples of what takes microseconds.
const SAMPLES: usize = 10_000;
/// Requests that a small evaluation is timed with, one after the other: each has data of its own, as at
/// a hospital.
const REQUESTS: u32 = 64;

/// A line of the table.
#[derive(Serialize)]
struct Figure {
    pack: &'static str,
    what: String,
    unit: &'static str,
    #[serde(flatten)]
    value: Median,
    target: Option<f64>,
}

fn main() {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let chronic = Source::read("chronic-limits");
    let drg = Source::read("drg-checks");
    let (chronic_pack, drg_pack) = (chronic.load(&engine), drg.load(&engine));

    let mut figures = Vec::new();
    figures.extend(ratio::<ChronicLimits>(
        "chronic-limits",
        &chronic,
        &chronic_pack,
    ));
    figures.extend(ratio::<DrgChecks>("drg-checks", &drg, &drg_pack));
    figures.push(small("chronic-limits", &chronic_pack, &ONE_ORDER));
    figures.push(small("chronic-limits", &chronic_pack, &VISIT_BEFORE));
    figures.push(small("chronic-limits", &chronic_pack, &VISIT_AFTER));
    figures.push(small("drg-checks", &drg_pack, &STAY));
    figures.push(fresh_instance("chronic-limits", &chronic_pack));
    figures.push(fresh_instance("drg-checks", &drg_pack));

    print(&figures);
    let folder = packs::target_folder().join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let file = folder.join("figures.json");
    let json = serde_json::to_string_pretty(&figures).expect("figures are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
}

/// The same functions over the same batch, native and in the sandbox.
fn ratio<P: Pack>(name: &'static str, source: &Source, pack: &LoadedPack) -> Vec<Figure> {
    let data = hospital::batch(LINES / LINES_OF_PATIENT);
    let review = hospital::review(Stage::After);
    let batch = Batch::patients(data.clone(), 0..u32::MAX);
    let prepared = source.prepare::<P>(&data);

    let mut native = prepared
        .evaluate(batch.clone(), &review)
        .expect("the rules hold natively");
    // The host also puts the arguments of a finding into the order of their names.
    for finding in &mut native.findings {
        finding.arguments.sort();
    }
    let sandboxed = pack
        .evaluate(&batch, &review)
        .expect("the rules hold in the sandbox");
    assert!(
        sandboxed.answer == native,
        "`{name}` answers differently in the sandbox"
    );
    let entries = native.findings.len() + native.abstentions.len();
    println!(
        "{name}: {LINES} lines, {entries} findings and abstentions, {} fuel",
        sandboxed.fuel
    );

    let finished = timing::in_undisturbed_turns(
        TURNS,
        || prepared.unchecked(batch.clone(), &review),
        || pack.evaluate(&batch, &review),
    );
    let rules = timing::in_undisturbed_turns(
        TURNS,
        || {
            let seen = prepared.batch(batch.clone(), &review);
            prepared.pack().evaluate(&seen)
        },
        || pack.evaluate(&batch, &review),
    );
    let figure = |what: &str, unit, value, target| Figure {
        pack: name,
        what: format!("{LINES} lines, after: {what}"),
        unit,
        value,
        target,
    };
    vec![
        figure("sandbox ÷ native", "×", finished.ratio, Some(1.8)),
        figure("sandbox ÷ native rules alone", "×", rules.ratio, Some(1.8)),
        figure("native", "µs", microseconds(finished.first), None),
        figure("native rules alone", "µs", microseconds(rules.first), None),
        figure("sandbox", "µs", microseconds(finished.second), None),
    ]
}

/// A small evaluation through the whole engine.
struct Small {
    what: &'static str,
    stage: Stage,
    data: fn(u32) -> Arc<Data>,
    target: f64,
}

const ONE_ORDER: Small = Small {
    what: "one order, before",
    stage: Stage::Before,
    data: hospital::one_order,
    target: 80.0,
};

const VISIT_BEFORE: Small = Small {
    what: "visit of 200 lines, before",
    stage: Stage::Before,
    data: |patient| hospital::chronic_encounter(patient, LINES_OF_ENCOUNTER, "1"),
    target: 120.0,
};

const VISIT_AFTER: Small = Small {
    what: "visit of 200 lines, after",
    stage: Stage::After,
    data: |patient| hospital::chronic_encounter(patient, LINES_OF_ENCOUNTER, "0"),
    target: 120.0,
};

const STAY: Small = Small {
    what: "stay of 200 lines, after",
    stage: Stage::After,
    data: |patient| hospital::stay(patient, LINES_OF_ENCOUNTER),
    target: 120.0,
};

fn small(name: &'static str, pack: &LoadedPack, small: &Small) -> Figure {
    let requests = (0..REQUESTS).map(|patient| Batch::patients((small.data)(patient), 0..1));
    let requests: Vec<Batch> = requests.collect();
    let review = hospital::review(small.stage);
    for request in &requests {
        pack.evaluate(request, &review).expect("the rules hold");
    }
    let value = timing::alone(SAMPLES, |turn| {
        pack.evaluate(&requests[turn % requests.len()], &review)
    });
    Figure {
        pack: name,
        what: small.what.to_owned(),
        unit: "µs",
        value: microseconds(value),
        target: Some(small.target),
    }
}

/// An instance made, asked about nothing, and thrown away.
fn fresh_instance(name: &'static str, pack: &LoadedPack) -> Figure {
    let nobody = Batch::patients(hospital::one_order(0), 0..0);
    let review = hospital::review(Stage::After);
    Figure {
        pack: name,
        what: "fresh instance, empty batch".to_owned(),
        unit: "µs",
        value: microseconds(timing::alone(SAMPLES, |_| pack.evaluate(&nobody, &review))),
        target: None,
    }
}

fn microseconds(seconds: Median) -> Median {
    Median {
        median: seconds.median * 1e6,
        low: seconds.low * 1e6,
        high: seconds.high * 1e6,
    }
}

fn print(figures: &[Figure]) {
    println!("\n| pack | what | median | 95 % interval | target |\n|---|---|---|---|---|");
    for figure in figures {
        let Figure {
            pack,
            what,
            unit,
            value,
            target,
        } = figure;
        let places = if *unit == "×" { 2 } else { 1 };
        let target = match target {
            None => String::new(),
            Some(target) if value.median <= *target => format!("{target} met"),
            Some(target) => format!("{target} missed"),
        };
        println!(
            "| {pack} | {what} | {:.places$} {unit} | {:.places$} – {:.places$} | {target} |",
            value.median, value.low, value.high
        );
    }
}
