//! DuckDB, driven as a process: `duckdb/claims.py`, which says what it is given.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use peers_common::finding::{Findings, Found};
use serde::Deserialize;

/// A Python with the package that `duckdb/requirements.txt` names: `$PEERS_PYTHON`, else `python3`.
#[derive(Debug)]
pub struct DuckDb {
    python: PathBuf,
    tables: PathBuf,
    sets: usize,
}

/// How long a run took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Seconds from the first statement about claims to the last finding written, by its own clock.
    pub inner: f64,
    /// Seconds of the whole process.
    pub whole: f64,
}

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Told {
    seconds: f64,
}

impl DuckDb {
    /// With the knowledge of so many sets in a folder.
    #[must_use]
    pub fn new(tables: &Path, sets: usize) -> Self {
        DuckDb {
            python: env::var_os("PEERS_PYTHON").map_or_else(|| "python3".into(), PathBuf::from),
            tables: tables.to_owned(),
            sets,
        }
    }

    /// Reviews the claims of a folder on one thread.
    ///
    /// # Panics
    /// Where the process fails: what it said stands in the message.
    #[must_use]
    pub fn review(&self, claims: &Path) -> Took {
        self.run(claims, None)
    }

    /// The findings of such a review.
    ///
    /// # Panics
    /// Where the process fails.
    #[must_use]
    pub fn findings(&self, claims: &Path) -> Findings {
        let folder = tempfile::tempdir().expect("this machine has room for a folder");
        let file = folder.path().join("findings.json");
        let _took = self.run(claims, Some(&file));
        let text = fs::read(&file).expect("the script wrote the file");
        let found: Vec<Found> = serde_json::from_slice(&text).expect("the script tells findings");
        found.into_iter().collect()
    }

    fn run(&self, claims: &Path, findings: Option<&Path>) -> Took {
        let out =
            tempfile::tempdir_in(claims.join("..")).expect("the target folder can be written to");
        let mut command = Command::new(&self.python);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("duckdb/claims.py"));
        command.args([claims, &self.tables, out.path()]);
        command.args(["--sets", &self.sets.to_string()]);
        if let Some(file) = findings {
            command.arg("--findings").arg(file);
        }
        let started = Instant::now();
        let output = command.output().expect("there is a Python");
        let whole = started.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "DuckDB fails: {said}");
        let told: Told = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
        Took {
            inner: told.seconds,
            whole,
        }
    }
}
