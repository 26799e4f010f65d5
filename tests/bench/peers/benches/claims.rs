//! Months of claims, Parquet to findings, beside DuckDB: `cargo bench --bench claims`.
//!
//! A number after `--` is how many order lines there are (1,000,000 unless given).

use std::path::{Path, PathBuf};

use peers_common::finding::assert_same;
use peers_common::hospital::LINES_OF_PATIENT;
use peers_common::knowledge::sets;
use rulepack_bench::packs;
use rulepack_bench::timing::{self, Paired};
use rulepack_peers::audited::{self, Auditor};
use rulepack_peers::duckdb::DuckDb;
use rulepack_peers::pack;
use rulepack_peers::report::{self, Comparison};

/// Turns of a pair.
const TURNS: usize = 11;
/// Order lines, unless given.
const LINES: u32 = 1_000_000;

fn main() {
    let given = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let lines: u32 = given.unwrap_or(LINES);
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
        };
        work.compare();
        let what = format!("{lines} lines, {rules}");
        let (inner, whole) = work.beside_duckdb();
        comparisons.push(Comparison::new(
            &what,
            "DuckDB, by its own clock",
            &inner,
            Some(target),
        ));
        comparisons.push(Comparison::new(
            &what,
            "DuckDB, the whole process",
            &whole,
            None,
        ));
        let threads = timing::in_turns(TURNS, 1, || work.audit(2), || work.audit(1));
        let what = format!("{what}, two threads");
        comparisons.push(Comparison::new(&what, "ours on one", &threads, Some(1.5)));
    }
    report::tell(&comparisons, "peers-claims.json");
}

/// Claims, and who reviews them.
struct Work {
    auditor: Auditor,
    peer: DuckDb,
    claims: PathBuf,
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

    /// Ours and DuckDB in turns, by its own clock and as a whole.
    fn beside_duckdb(&self) -> (Paired, Paired) {
        let (mut inner, mut whole) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            let mut ours = 0.0;
            let mut theirs = None;
            for is_ours in [turn % 2 == 0, turn % 2 != 0] {
                if is_ours {
                    ours = self.audit(1);
                } else {
                    theirs = Some(self.peer.review(&self.claims));
                }
            }
            if let Some(theirs) = theirs {
                inner.push((ours, theirs.inner));
                whole.push((ours, theirs.whole));
            }
        }
        (Paired::of(inner), Paired::of(whole))
    }

    /// Seconds of an audit.
    fn audit(&self, threads: usize) -> f64 {
        let out = self.folder();
        let started = std::time::Instant::now();
        let _run = self.auditor.audit(&self.claims, out.path(), threads);
        started.elapsed().as_secs_f64()
    }

    fn folder(&self) -> tempfile::TempDir {
        let beside: &Path = &self.claims.join("..");
        tempfile::tempdir_in(beside).expect("the target folder can be written to")
    }
}
