//! `rulepack test`: a pack runs its own cases in the sandbox.

mod coverage;
mod explain;
mod watch;

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_engine::Limits;
use rulepack_engine::worker::CaseOutcome;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::Pack;
use semver::Version;
use serde::Serialize;

use super::Command;
use crate::engine::worker;
use crate::failure::{Failure, Outcome};
use crate::output::{self, Report};
use crate::packs::{self, SealedPack, TableArgs};

use coverage::Coverage;
use explain::Explanation;

/// Run the cases of a pack in the sandbox: data in, the answer held against the expected one.
///
/// Ends with code 3 where a case differs, or where the pack has none.
///
/// `--explain` tells of one case which rules answered what, with the rows of the case and of the knowledge that
/// they name; which were silent, and which were not evaluable for want of data. `--coverage` lists the rules,
/// messages and rows of knowledge that no case touches. `--watch` runs the cases again after every change.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The folder of a source, which is built first, or a sealed pack.
    pub pack: PathBuf,
    /// A folder of tables to build the source with, as of `rulepack build`.
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// Tell of one case why it is answered as it is: its name, or a part that no other name has.
    #[arg(long, value_name = "CASE")]
    pub explain: Option<String>,
    /// List what no case touches.
    #[arg(long, conflicts_with = "explain")]
    pub coverage: bool,
    /// Run again whenever a file of the source changes, until interrupted.
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub told: TableArgs,
}

/// How what a case says begins where the pack refuses its tables or parameters.
const NOT_LOADED: &str = "the pack does not load: ";

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
    /// Why one of them is answered as it is, where somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
    /// What no case touches, where somebody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
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
        if self.watch {
            self.watch()?;
        }
        self.run()
    }
}

impl TestArgs {
    fn run(&self) -> Outcome<TestReport> {
        let tables = self.tables.as_deref();
        let sealed = packs::open_or_build_as(&self.pack, tables, self.told)?;
        match &self.explain {
            Some(name) => explained(&sealed, name),
            None if self.coverage => covered(&sealed),
            None => run(&sealed),
        }
    }

    /// Runs the cases, and again after each change. Only an interruption ends it, or a folder that goes.
    fn watch(&self) -> Outcome {
        if !self.pack.is_dir() {
            let failure = Failure::new(format!("`{}` is no folder", self.pack.display()));
            return Err(failure.hint("`--watch` looks at the files of a source"));
        }
        let mut files = watch::files(&self.pack)?;
        loop {
            match self.run() {
                Ok(report) => output::line(report.to_string().trim_end())?,
                Err(failure) => output::line(&format!("error: {failure}"))?,
            }
            files = watch::wait(&self.pack, &files)?;
        }
    }
}

/// Runs the cases of a sealed pack in a bounded process, as a registry and every host do.
pub fn run(sealed: &SealedPack) -> Outcome<TestReport> {
    let outcomes = worker()?.cases(&Limits::default(), &sealed.bytes)?;
    Ok(TestReport::of(sealed, outcomes))
}

/// The same for one case, with why it is answered as it is.
fn explained(sealed: &SealedPack, name: &str) -> Outcome<TestReport> {
    let SealedPack { bytes, pack } = sealed;
    let place = named(pack, name)?;
    let outcomes = worker()?.cases_told(&Limits::default(), bytes)?;
    let outcome = outcomes.into_iter().nth(place);
    let outcome = outcome.ok_or_else(|| Failure::new("the sandbox left out the case"))?;
    let case = pack.cases.get(place);
    let told = outcome.told.as_ref().zip(case);
    let explanation = told.map(|(told, case)| explain::explain(pack, case, told));
    Ok(TestReport {
        explanation: explanation.transpose()?,
        ..TestReport::of(sealed, vec![outcome])
    })
}

/// The same for all cases, with what they leave out.
fn covered(sealed: &SealedPack) -> Outcome<TestReport> {
    let SealedPack { bytes, pack } = sealed;
    let outcomes = worker()?.cases_told(&Limits::default(), bytes)?;
    let told: Vec<_> = outcomes.iter().filter_map(|it| it.told.as_ref()).collect();
    let coverage = Coverage::of(pack, &told);
    Ok(TestReport {
        coverage: Some(coverage),
        ..TestReport::of(sealed, outcomes)
    })
}

/// The place of the case that has this name, or alone has this part in its name.
fn named(pack: &Pack, name: &str) -> Outcome<usize> {
    let names: Vec<&str> = pack.cases.iter().map(|case| case.name.as_str()).collect();
    if let Some(place) = names.iter().position(|known| *known == name) {
        return Ok(place);
    }
    let mut parts = names
        .iter()
        .enumerate()
        .filter(|(_, known)| known.contains(name));
    match (parts.next(), parts.next()) {
        (Some((place, _)), None) => Ok(place),
        (Some((_, one)), Some((_, other))) => Err(Failure::new(format!(
            "`{name}` is a part of several names: `{one}`, `{other}` …"
        ))),
        (None, _) => Err(Failure::new(format!("the pack has no case `{name}`"))
            .hint("`rulepack test` without `--explain` lists them")),
    }
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
    fn of(sealed: &SealedPack, outcomes: Vec<CaseOutcome>) -> Self {
        let header = &sealed.pack.manifest.pack;
        TestReport {
            name: header.name.clone(),
            version: header.version.clone(),
            digest: sealed.pack.digest,
            cases: outcomes.into_iter().map(CaseLine::of).collect(),
            explanation: None,
            coverage: None,
        }
    }

    /// Why no case ran, where the pack refuses its own tables or parameters: cases after the first ones tell
    /// only that nothing is left to run them with.
    fn refused(&self) -> Option<&str> {
        let mut told = self.cases.iter().flat_map(|case| &case.differences);
        let refused = told.find(|it| it.starts_with(NOT_LOADED));
        refused.map(String::as_str).filter(|_| self.passed() == 0)
    }

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
        if let Some(explanation) = &self.explanation {
            write!(f, "{explanation}")?;
        }
        if let Some(coverage) = &self.coverage {
            write!(f, "{coverage}")?;
        }
        if let Some(refused) = self.refused() {
            writeln!(f, "no case ran: {refused}")?;
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
            explanation: None,
            coverage: None,
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
    fn why_a_pack_does_not_load_stands_at_the_end_once() {
        let reason =
            "the pack does not load: `prepare` failed: the pack refused: table `limits` row 2";
        let spent = "the cases before it used up the fuel";
        let text = report(vec![case(&[spent]), case(&[reason])]).to_string();
        let last: Vec<&str> = text.lines().rev().take(2).collect();
        assert_eq!(
            last,
            ["0 of 2 cases passed", &format!("no case ran: {reason}")]
        );
        let one = report(vec![case(&[]), case(&[reason])]).to_string();
        assert!(!one.contains("no case ran"), "{one}");
    }

    #[test]
    fn a_pack_without_cases_is_not_good() {
        assert!(!report(Vec::new()).is_good());
        assert!(report(vec![case(&[])]).is_good());
    }
}
