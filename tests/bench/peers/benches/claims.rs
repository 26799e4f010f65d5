//! Months of claims, Parquet to findings, beside DuckDB: `cargo bench --bench claims`.
//!
//! The first number after `--` is how many order lines there are (1,000,000 unless given), the second how many turns.

use std::path::{Path, PathBuf};
use std::time::Instant;

use peers_common::finding::assert_same;
use peers_common::hospital::LINES_OF_PATIENT;
use peers_common::knowledge::sets;
use rulepack_bench::packs;
use rulepack_bench::timing::{self, Paired};
use rulepack_peers::audited::{self, Auditor};
use rulepack_peers::duckdb::{DuckDb, Took};
use rulepack_peers::pack;
use rulepack_peers::report::{self, Comparison};

/// Turns of a pair, unless given.
const TURNS: usize = 11;
/// Of the processor, in what the system tells of this process.
const TICKS_A_SECOND: f64 = 100.0;
/// Order lines, unless given.
const LINES: u32 = 1_000_000;

fn main() {
    let mut given = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok());
    let lines: u32 = given.next().unwrap_or(LINES);
    let turns = given.next().map_or(TURNS, |turns| turns as usize);
    let folder = packs::target_folder().join("bench").join("peers");
    let claims = folder.join(format!("claims-{lines}"));
    if !claims.is_dir() {
        let unfinished = folder.join("claims-unfinished");
        let _ = std::fs::remove_dir_all(&unfinished);
        audited::write(&unfinished, lines / LINES_OF_PATIENT);
        std::fs::rename(&unfinished, &claims).expect("the target folder can be written to");
    }
    let mut comparisons = Vec::new();
    for (count, rules, target) in [(1, "four rules", 1.0), (5, "twenty rules", 3.0)] {
        let built = pack::build(&sets(count));
        let work = Work {
            auditor: Auditor::new(&built, &folder.join("host")),
            peer: DuckDb::new(&folder.join(format!("tables-{count}")), count),
            claims: claims.clone(),
            turns,
        };
        work.compare();
        let what = format!("{lines} lines, {rules}");
        let turns = work.beside_duckdb();
        let pairs = |theirs: fn(&Took) -> f64, ours: fn(&Spent) -> f64| {
            let pairs = turns.iter().map(|(mine, took)| (ours(mine), theirs(took)));
            Paired::of(pairs.collect())
        };
        let clock = pairs(|took| took.inner, |ours| ours.clock);
        let processor = pairs(|took| took.processor, |ours| ours.processor);
        let whole = pairs(|took| took.whole, |ours| ours.clock);
        for (peer, pairs, target) in [
            ("DuckDB, by its own clock", clock, Some(target)),
            ("DuckDB, processor time", processor, None),
            ("DuckDB, the whole process", whole, None),
        ] {
            comparisons.push(Comparison::new(&what, peer, &pairs, target));
        }
        let threads = timing::in_turns(turns.len(), 1, || work.audit(2), || work.audit(1));
        let what = format!("{what}, two threads");
        comparisons.push(Comparison::new(&what, "ours on one", &threads, Some(1.5)));
    }
    report::tell(&comparisons, "peers-claims.json");
}

/// Seconds of an audit.
struct Spent {
    clock: f64,
    processor: f64,
}

/// Seconds of the processor that this process took so far (it is Linux that tells).
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which ends with a bracket: user and system time are the 12th and 13th.
    let numbers = text.rsplit(')').next().unwrap_or_default();
    let ticks = numbers.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_A_SECOND
}

/// Claims, and who reviews them.
struct Work {
    auditor: Auditor,
    peer: DuckDb,
    claims: PathBuf,
    turns: usize,
}

impl Work {
    /// Fails where the two find something else.
    fn compare(&self) {
        let out = self.folder();
        let run = self.auditor.audit(&self.claims, out.path(), 1);
        let ours = audited::findings(out.path());
        assert_eq!(run.counts.findings, ours.len() as u64, "each finding once");
        assert_same("DuckDB", &ours, &self.peer.findings(&self.claims));
        let rows: u64 = run.tables.values().map(|table| table.rows).sum();
        println!("{rows} rows, {} findings, the same of both", ours.len());
    }

    /// Ours and DuckDB in turns; who begins changes from turn to turn.
    fn beside_duckdb(&self) -> Vec<(Spent, Took)> {
        let turns = (0..self.turns).map(|turn| {
            if turn.is_multiple_of(2) {
                let ours = self.audit(1);
                (ours, self.peer.review(&self.claims))
            } else {
                let theirs = self.peer.review(&self.claims);
                (self.audit(1), theirs)
            }
        });
        turns.collect()
    }

    /// What an audit takes.
    fn audit(&self, threads: usize) -> Spent {
        let out = self.folder();
        let (started, before) = (Instant::now(), processor_seconds());
        let _run = self.auditor.audit(&self.claims, out.path(), threads);
        Spent {
            clock: started.elapsed().as_secs_f64(),
            processor: processor_seconds() - before,
        }
    }

    fn folder(&self) -> tempfile::TempDir {
        let beside: &Path = &self.claims.join("..");
        tempfile::tempdir_in(beside).expect("the target folder can be written to")
    }
}
