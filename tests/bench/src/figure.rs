//! Figures of benchmarks: small evaluations, and the table in which all of them are told.

use std::fs;
use std::sync::Arc;

use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Stage;
use rulepack_engine::LoadedPack;
use serde::Serialize;

use crate::timing::{self, Median};
use crate::{hospital, packs};

/// Samples of what takes microseconds.
pub const SAMPLES: usize = 10_000;
/// Requests that a small evaluation is timed with, one after the other: each has data of its own, as at
/// a hospital.
const REQUESTS: u32 = 64;

/// A line of the table.
#[derive(Serialize)]
pub struct Figure {
    /// Of which pack.
    pub pack: &'static str,
    /// What was measured.
    pub what: String,
    /// In which unit.
    pub unit: &'static str,
    #[serde(flatten)]
    /// The median, with its interval.
    pub value: Median,
    /// What it must not exceed.
    pub target: Option<f64>,
}

/// A small evaluation through the whole engine.
pub struct Small {
    /// What is evaluated.
    pub what: &'static str,
    /// When in the course of care.
    pub stage: Stage,
    /// The data of a request, by its number.
    pub data: fn(u32) -> Arc<Data>,
    /// Microseconds that a request must not wait for longer.
    pub target: f64,
}

/// An evaluation timed in two ways, in microseconds.
pub struct Ways {
    /// What a request waits for, where an instance was made ready before it came: that it was made, and that the one before was
    /// thrown away, is not in it.
    pub ready: Median,
    /// All of it: an instance is made, asked, and thrown away.
    pub whole: Median,
}

impl Ways {
    /// Times `ask`, which evaluates one batch; the number of the turn tells it which.
    pub fn of<A>(pack: &LoadedPack, samples: usize, ask: impl Fn(usize) -> A) -> Self {
        pack.keep_ready();
        let ready = timing::alone_after(samples, || pack.renew_ready(), &ask);
        pack.keep_none_ready();
        Ways {
            ready: microseconds(ready),
            whole: microseconds(timing::alone(samples, &ask)),
        }
    }

    /// Both as lines of the table. The target is one of what a request waits for.
    #[must_use]
    pub fn told(self, pack: &'static str, what: &str, target: Option<f64>) -> [Figure; 2] {
        let figure = |way: &str, value, target| Figure {
            pack,
            what: format!("{what}; {way}"),
            unit: "µs",
            value,
            target,
        };
        [
            figure("instance made ready before", self.ready, target),
            figure("instance made and thrown away in it", self.whole, None),
        ]
    }
}

/// Times a small evaluation through the whole engine.
///
/// # Panics
/// Where it gives no verdict: there is nothing to measure then.
#[must_use]
pub fn small(name: &'static str, pack: &LoadedPack, small: &Small) -> [Figure; 2] {
    let requests = (0..REQUESTS).map(|patient| Batch::patients((small.data)(patient), 0..1));
    let requests: Vec<Batch> = requests.collect();
    let review = hospital::review(small.stage);
    for request in &requests {
        pack.evaluate(request, &review).expect("the rules hold");
    }
    let ways = Ways::of(pack, SAMPLES, |turn| {
        pack.evaluate(&requests[turn % requests.len()], &review)
    });
    ways.told(name, small.what, Some(small.target))
}

/// A duration in the unit of small evaluations.
#[must_use]
pub fn microseconds(seconds: Median) -> Median {
    Median {
        median: seconds.median * 1e6,
        low: seconds.low * 1e6,
        high: seconds.high * 1e6,
    }
}

/// Prints the table, and writes the same as JSON into the folder `bench` of the target folder.
///
/// # Panics
/// Where the target folder cannot be written to.
pub fn tell(figures: &[Figure], name: &str) {
    print(figures);
    let folder = packs::target_folder().join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let file = folder.join(name);
    let json = serde_json::to_string_pretty(figures).expect("figures are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
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
