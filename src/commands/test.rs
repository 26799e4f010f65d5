//! `rulepack test`: a pack runs its own cases in the sandbox.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_engine::Limits;
use rulepack_engine::worker::CaseOutcome;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use semver::Version;
use serde::Serialize;

use super::Command;
use crate::engine::worker;
use crate::failure::Outcome;
use crate::output::Report;
use crate::packs::{self, SealedPack};

/// Run the cases of a pack in the sandbox: data in, the answer held against the expected one.
///
/// Ends with code 3 where a case differs, or where the pack has none.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The folder of a source, which is built first, or a sealed pack.
    pub pack: PathBuf,
    /// A folder of tables to build the source with, as of `rulepack build`.
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
}

/// How the cases went.
#[derive(Debug, Serialize)]
pub struct TestReport {
    /// Name space and name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// Of the whole file.
    pub digest: Digest,
    /// One line a case, in the order of the pack.
    pub cases: Vec<CaseLine>,
}

/// How one case went.
#[derive(Debug, Serialize)]
pub struct CaseLine {
    /// The name of the case.
    pub name: String,
    /// Whether the answer was the expected one.
    pub passed: bool,
    /// What differs, or why the case did not run.
    pub differences: Vec<String>,
    /// The work that it took, in the engine's units.
    pub fuel: u64,
}

impl Command for TestArgs {
    type Report = TestReport;

    fn execute(&self) -> Outcome<TestReport> {
        run(&packs::open_or_build(&self.pack, self.tables.as_deref())?)
    }
}

/// Runs the cases of a sealed pack in a bounded process, as a registry and every host do.
pub fn run(sealed: &SealedPack) -> Outcome<TestReport> {
    let SealedPack { bytes, pack } = sealed;
    let outcomes = worker()?.cases(&Limits::default(), bytes)?;
    Ok(TestReport {
        name: pack.manifest.pack.name.clone(),
        version: pack.manifest.pack.version.clone(),
        digest: pack.digest,
        cases: outcomes.into_iter().map(CaseLine::of).collect(),
    })
}

impl CaseLine {
    fn of(outcome: CaseOutcome) -> CaseLine {
        CaseLine {
            name: outcome.name,
            passed: outcome.passed,
            differences: outcome.differences,
            fuel: outcome.fuel,
        }
    }
}

impl TestReport {
    /// How many cases passed.
    pub fn passed(&self) -> usize {
        self.cases.iter().filter(|case| case.passed).count()
    }
}

impl Report for TestReport {
    fn is_good(&self) -> bool {
        !self.cases.is_empty() && self.passed() == self.cases.len()
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} ({})", self.name, self.version, self.digest)?;
        for case in &self.cases {
            let mark = if case.passed { '✓' } else { '✗' };
            writeln!(f, "  {mark} {} (fuel {})", case.name, case.fuel)?;
            for difference in &case.differences {
                writeln!(f, "      {difference}")?;
            }
        }
        match self.cases.len() {
            0 => write!(
                f,
                "the pack has no cases: nothing shows that its rules are right"
            ),
            count => write!(f, "{} of {count} cases passed", self.passed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(cases: Vec<CaseLine>) -> TestReport {
        TestReport {
            name: "37/a".parse().unwrap(),
            version: Version::new(1, 0, 0),
            digest: Digest::of(b""),
            cases,
        }
    }

    fn case(differences: &[&str]) -> CaseLine {
        CaseLine {
            name: "hit".into(),
            passed: differences.is_empty(),
            differences: differences.iter().map(ToString::to_string).collect(),
            fuel: 7,
        }
    }

    #[test]
    fn a_case_that_differs_is_shown_with_the_difference_and_is_not_good() {
        let report = report(vec![case(&[]), case(&["finding `A` is missing"])]);
        assert!(!report.is_good());
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "  ✓ hit (fuel 7)",
                "  ✗ hit (fuel 7)",
                "      finding `A` is missing",
                "1 of 2 cases passed",
            ]
        );
    }

    #[test]
    fn a_pack_without_cases_is_not_good() {
        assert!(!report(Vec::new()).is_good());
        assert!(report(vec![case(&[])]).is_good());
    }
}
