//! Generates a reproducible, clinically plausible hospital, with planted breaches and a file that
//! lists them.
//!
//! Nothing here knows a pack: what breaks a rule and what just does not is worked out from the text of the
//! policy, so that a pack and this module check each other. What is not planted breaks no rule.
//!
//! Memory does not grow with the number of lines: a patient is built, written and forgotten.
//!
//! - [`catalogue`]: all codes, in one place;
//! - [`clinic`] and [`ward`]: ordinary patients, clean by construction;
//! - [`scenarios`]: planted breaches of patients; [`procurement`]: those of purchases;
//! - [`record`], [`care`], [`tables`]: a patient in memory, and on disk; [`parquet`]: in another form;
//! - [`random`], [`timeline`]: chance and days.

mod care;
mod catalogue;
mod clinic;
pub(crate) mod parquet;
mod procurement;
mod random;
mod record;
mod scenarios;
mod tables;
mod timeline;
mod ward;

#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;
use time::Date;

use care::CareTables;
use random::Random;
use record::Patient;
use scenarios::SCENARIOS;
use tables::Planted;
use timeline::Timeline;

/// Order lines that a hospital may have.
pub(crate) const LINES: RangeInclusive<u64> = 10..=100_000_000;
/// Months that may be under review.
pub(crate) const MONTHS: RangeInclusive<u32> = 1..=60;
/// Years that the last day may lie in.
const YEARS: RangeInclusive<i32> = 2010..=2100;

/// From this many lines on, every breach is planted once.
const LINES_WITH_BREACHES: u64 = 200;
/// Lines for each further planting of every breach.
const LINES_PER_BREACH: u64 = 500;
/// Most lines of a patient who fills up what is left.
const FILLER_LINES: u64 = 40;

/// What to generate.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Rows of `orders.csv`, history included.
    pub(crate) lines: u64,
    /// Months under review, the last of which ends on `end`; 120 days of history come before them.
    pub(crate) months: u32,
    /// The same seed gives the same bytes.
    pub(crate) seed: u64,
    /// Where the files go: a folder that is empty or does not exist.
    pub(crate) directory: PathBuf,
    /// The last day.
    pub(crate) end: Date,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// First day under review, ISO.
    pub(crate) start: String,
    /// Last day under review, ISO.
    pub(crate) end: String,
    /// Rows of `patients.csv`.
    pub(crate) patients: u64,
    /// Rows of `encounters.csv`.
    pub(crate) encounters: u64,
    /// Rows of `orders.csv`.
    pub(crate) lines: u64,
    /// Rows of `planted.csv` that a rule has to find.
    pub(crate) hits: u64,
    /// Rows of `planted.csv` that no rule may find.
    pub(crate) near_misses: u64,
}

/// Why nothing, or not everything, was generated.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    /// Outside [`LINES`].
    #[error("`{got}` order lines: expected {} to {}", LINES.start(), LINES.end())]
    Lines {
        /// What was asked for.
        got: u64,
    },
    /// Outside [`MONTHS`].
    #[error("`{got}` months: expected {} to {}", MONTHS.start(), MONTHS.end())]
    Months {
        /// What was asked for.
        got: u32,
    },
    /// Outside [`YEARS`].
    #[error("last day `{got}`: expected a day of the years {} to {}", YEARS.start(), YEARS.end())]
    End {
        /// What was asked for.
        got: Date,
    },
    /// The folder holds something already.
    #[error("folder `{}` is not empty", directory.display())]
    NotEmpty {
        /// The folder.
        directory: PathBuf,
    },
    /// A file or folder cannot be made, read or written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl GenerateError {
    /// What to do about it, where that is not obvious.
    #[must_use]
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            GenerateError::NotEmpty { .. } => {
                Some("name a new folder, so that no older file is taken for a generated one".into())
            }
            GenerateError::Lines { .. }
            | GenerateError::Months { .. }
            | GenerateError::End { .. }
            | GenerateError::Write { .. } => None,
        }
    }
}

/// Writes the hospital as one CSV file a table, and `planted.csv`.
///
/// # Errors
/// When a setting is out of bounds, the folder is not empty, or a file cannot be written; what was
/// written until then stays.
pub(crate) fn generate(settings: &Settings) -> Result<Summary, GenerateError> {
    check(settings)?;
    let directory = &settings.directory;
    tables::prepare(directory)?;
    let timeline = Timeline::new(settings.end, settings.months);
    let mut random = Random::new(settings.seed);
    let mut planted = Planted::create(directory)?;
    procurement::write(directory, settings.end, &mut random, &mut planted)?;
    let mut tables = CareTables::create(directory)?;
    let mut plan = Plan::new(settings.lines);
    while tables.lines() < settings.lines {
        let patient = plan.next(tables.lines(), &mut random, &timeline);
        tables.write(&patient, &mut planted)?;
    }
    let (lines, (patients, encounters)) = (tables.lines(), tables.counts());
    tables.finish()?;
    let (hits, near_misses) = planted.finish()?;
    let [start, end] = [timeline.start.to_string(), timeline.end.to_string()];
    Ok(Summary {
        start,
        end,
        patients,
        encounters,
        lines,
        hits,
        near_misses,
    })
}

fn check(settings: &Settings) -> Result<(), GenerateError> {
    let Settings {
        lines, months, end, ..
    } = *settings;
    if !LINES.contains(&lines) {
        return Err(GenerateError::Lines { got: lines });
    }
    if !MONTHS.contains(&months) {
        return Err(GenerateError::Months { got: months });
    }
    if !YEARS.contains(&end.year()) {
        return Err(GenerateError::End { got: end });
    }
    Ok(())
}

/// Which patient comes next, so that scenarios are spread evenly and the lines come out exactly.
struct Plan {
    lines: u64,
    /// Scenarios to come altogether, and those that came.
    scenarios: u64,
    done: u64,
}

impl Plan {
    fn new(lines: u64) -> Self {
        let rounds = if lines < LINES_WITH_BREACHES {
            0
        } else {
            (lines / LINES_PER_BREACH).max(1)
        };
        Self {
            lines,
            scenarios: rounds * SCENARIOS.len() as u64,
            done: 0,
        }
    }

    fn next(&mut self, written: u64, random: &mut Random, timeline: &Timeline) -> Patient {
        let left = self.lines - written;
        let pending = self.scenarios - self.done;
        let free = left.saturating_sub(pending * scenarios::LINES_MAX);
        let due = self.done * self.lines < self.scenarios * written;
        if pending > 0 && (due || free == 0) {
            let scenario = SCENARIOS[(self.done % SCENARIOS.len() as u64) as usize];
            self.done += 1;
            return scenario(random, timeline);
        }
        let patient = ordinary_patient(random, timeline);
        if patient.lines() <= free {
            return patient;
        }
        clinic::visiting_patient(random, timeline, free.min(FILLER_LINES))
    }
}

/// Half come to the clinic, a third for a chronic disease, a sixth stay.
fn ordinary_patient(random: &mut Random, timeline: &Timeline) -> Patient {
    match random.below(6) {
        0 => ward::staying_patient(random, timeline),
        1 | 2 => clinic::chronic_patient(random, timeline),
        _ => {
            let lines = u64::from(1 + random.below(16));
            clinic::visiting_patient(random, timeline, lines)
        }
    }
}
