//! How comparisons are told.

use std::fs;

use rulepack_bench::packs;
use rulepack_bench::timing::{Median, Paired};
use serde::Serialize;

/// Ours beside a peer.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The work.
    pub what: String,
    /// Beside whom.
    pub peer: String,
    /// Seconds of ours for one run.
    pub ours: Median,
    /// Seconds of the peer.
    pub theirs: Median,
    /// How many times as fast ours is, turn by turn.
    pub speed: Median,
    /// What that should reach.
    pub target: Option<f64>,
}

impl Comparison {
    /// Of pairs whose first contender is ours.
    #[must_use]
    pub fn new(what: &str, peer: &str, pairs: &Paired, target: Option<f64>) -> Self {
        Comparison {
            what: what.to_owned(),
            peer: peer.to_owned(),
            ours: pairs.first,
            theirs: pairs.second,
            speed: pairs.ratio,
            target,
        }
    }
}

/// Prints the table, and writes the same as JSON into the folder `bench` of the target folder.
///
/// # Panics
/// Where the target folder cannot be written to.
pub fn tell(comparisons: &[Comparison], name: &str) {
    println!(
        "\n| what | beside | ours | theirs | our speed over theirs | 95 % interval | target |"
    );
    println!("|---|---|---|---|---|---|---|");
    for one in comparisons {
        let target = match one.target {
            None => String::new(),
            Some(target) if one.speed.median >= target => format!("≥ {target} met"),
            Some(target) => format!("≥ {target} **missed**"),
        };
        println!(
            "| {} | {} | {} | {} | {:.2} × | {:.2} – {:.2} | {target} |",
            one.what,
            one.peer,
            duration(one.ours.median),
            duration(one.theirs.median),
            one.speed.median,
            one.speed.low,
            one.speed.high,
        );
    }
    let folder = packs::target_folder().join("bench");
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let file = folder.join(name);
    let json = serde_json::to_string_pretty(comparisons).expect("comparisons are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
}

fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
