//! `rulepack bench`: how long a pack takes on this machine.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use rulepack_contract::case::Case;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::{Review, Scope};
use rulepack_contract::schema::ids;
use rulepack_engine::{Engine, LoadInput, LoadedPack, Program};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::PackName;
use semver::Version;
use serde::Serialize;

use super::Command;
use crate::engine::engine;
use crate::failure::{Failure, Outcome};
use crate::output::Report;
use crate::packs::{self, SealedPack, TableArgs};

/// Measure how long a pack takes on this machine: to be made ready, and for each of its cases in the sandbox.
///
/// Each case is evaluated once to warm up, then as often as asked; a fresh instance every time, as when a hospital asks.
/// Times are of this machine and what runs beside; fuel is the same everywhere. The pack runs in this very process, so
/// measure what you wrote or trust: for others there is `test`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// The folder of a source, which is built first, or a sealed pack.
    pub pack: PathBuf,
    /// A folder of tables to build the source with, as of `rulepack build`.
    #[arg(long, value_name = "DIR")]
    pub tables: Option<PathBuf>,
    /// Only cases with this in their name.
    #[arg(long, value_name = "PART")]
    pub case: Option<String>,
    /// How often each case is evaluated.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub runs: u32,
    #[command(flatten)]
    pub told: TableArgs,
}

/// What was measured. Times are in nanoseconds.
#[derive(Debug, Serialize)]
pub struct BenchReport {
    /// Name space and name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// Of the whole file.
    pub digest: Digest,
    /// Compiling and preparing it, with the tables and parameters of the first case.
    pub ready: u64,
    /// The fuel of `prepare`.
    pub prepare_fuel: u64,
    /// How often each case was evaluated.
    pub runs: u32,
    /// The cases, in the order of the pack.
    pub cases: Vec<CaseTime>,
}

/// How long a case took.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct CaseTime {
    /// Its name.
    pub name: String,
    /// The middle of all runs.
    pub median: u64,
    /// The slowest of them.
    pub slowest: u64,
    /// The work, in the engine's units.
    pub fuel: u64,
}

impl Command for BenchArgs {
    type Report = BenchReport;

    fn execute(&self) -> Outcome<BenchReport> {
        let sealed = packs::open_or_build_as(&self.pack, self.tables.as_deref(), self.told)?;
        let wanted = |case: &&Case| {
            let part = self.case.as_deref();
            part.is_none_or(|part| case.name.contains(part))
        };
        let cases: Vec<&Case> = sealed.pack.cases.iter().filter(wanted).collect();
        let Some(first) = cases.first() else {
            let failure = Failure::new("the pack has no such case, so nothing can be measured");
            return Err(failure.hint("`rulepack test` lists its cases"));
        };
        let engine = engine()?;
        let mut loaded = Loaded::new(&engine, &sealed, first)?;
        let (ready, prepare_fuel) = (loaded.took, loaded.pack.prepare_fuel());
        let mut times = Vec::with_capacity(cases.len());
        for case in cases {
            if input(&sealed, case)? != loaded.input {
                loaded = Loaded::new(&engine, &sealed, case)?;
            }
            times.push(measure(&loaded.pack, case, self.runs)?);
        }
        let header = &sealed.pack.manifest.pack;
        Ok(BenchReport {
            name: header.name.clone(),
            version: header.version.clone(),
            digest: sealed.pack.digest,
            ready,
            prepare_fuel,
            runs: self.runs,
            cases: times,
        })
    }
}

/// The pack as a case asks for it.
struct Loaded {
    input: LoadInput,
    pack: LoadedPack,
    took: u64,
}

impl Loaded {
    fn new(engine: &Engine, sealed: &SealedPack, case: &Case) -> Outcome<Self> {
        let input = input(sealed, case)?;
        let started = Instant::now();
        let program = Program::of(&sealed.pack, &sealed.bytes);
        let pack = engine.load(program, input.clone())?;
        let took = nanoseconds(started);
        Ok(Loaded { input, pack, took })
    }
}

fn input(sealed: &SealedPack, case: &Case) -> Outcome<LoadInput> {
    Ok(LoadInput {
        parameters: case.parameters.clone(),
        supplied: case.supplied(&sealed.pack.manifest.tables)?,
        ..LoadInput::default()
    })
}

fn measure(pack: &LoadedPack, case: &Case, runs: u32) -> Outcome<CaseTime> {
    let (data, review) = (Arc::new(case.data()?), case.review()?);
    let batches = batches(&data, &review);
    let mut fuel = 0u64;
    for batch in &batches {
        fuel = fuel.saturating_add(pack.evaluate(batch, &review)?.fuel);
    }
    let mut times = Vec::new();
    for _ in 0..runs {
        let started = Instant::now();
        for batch in &batches {
            pack.evaluate(batch, &review)?;
        }
        times.push(nanoseconds(started));
    }
    times.sort_unstable();
    Ok(CaseTime {
        name: case.name.clone(),
        median: times.get(times.len() / 2).copied().unwrap_or_default(),
        slowest: times.last().copied().unwrap_or_default(),
        fuel,
    })
}

/// All patients of a case together; in institution scope each institution by itself.
fn batches(data: &Arc<Data>, review: &Review) -> Vec<Batch> {
    match review.scope {
        Scope::Patient => vec![Batch::patients(data.clone(), 0..data.rows(ids::PATIENTS))],
        _ => (0..data.rows(ids::INSTITUTIONS))
            .map(|institution| Batch::institution(data.clone(), institution))
            .collect(),
    }
}

fn nanoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

impl Report for BenchReport {}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {} ({})", self.name, self.version, self.digest)?;
        let (ready, fuel) = (self.ready / 1_000_000, self.prepare_fuel);
        writeln!(f, "made ready in {ready} ms, prepare {fuel} fuel")?;
        writeln!(
            f,
            "  median µs  slowest µs         fuel  case, {} runs",
            self.runs
        )?;
        for case in &self.cases {
            let (median, slowest) = (micros(case.median), micros(case.slowest));
            let (fuel, name) = (case.fuel, &case.name);
            writeln!(f, "{median:>11} {slowest:>11} {fuel:>12}  {name}")?;
        }
        let mut medians: Vec<u64> = self.cases.iter().map(|case| case.median).collect();
        medians.sort_unstable();
        let middle = medians.get(medians.len() / 2).copied().unwrap_or_default();
        let last = medians.last().copied().unwrap_or_default();
        let (count, middle, last) = (medians.len(), micros(middle), micros(last));
        write!(
            f,
            "{count} cases: half of them within {middle} µs, all within {last} µs (medians)"
        )
    }
}

/// Microseconds with one decimal.
fn micros(nanoseconds: u64) -> String {
    let tenths = nanoseconds / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_microseconds_and_fuel_as_it_is() {
        let case = |name: &str, median| CaseTime {
            name: name.to_owned(),
            median,
            slowest: 1_234_567,
            fuel: 5_839,
        };
        let report = BenchReport {
            name: "37/a".parse().unwrap(),
            version: Version::new(1, 0, 0),
            digest: Digest::of(b""),
            ready: 812_000_000,
            prepare_fuel: 7,
            runs: 100,
            cases: vec![case("hit", 31_250), case("miss", 9_990)],
        };
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "made ready in 812 ms, prepare 7 fuel",
                "  median µs  slowest µs         fuel  case, 100 runs",
                "       31.2      1234.5         5839  hit",
                "        9.9      1234.5         5839  miss",
                "2 cases: half of them within 31.2 µs, all within 31.2 µs (medians)",
            ]
        );
    }
}
