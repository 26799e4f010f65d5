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
//! - [`scenarios`], [`prescriptions`]: planted breaches of patients; [`procurement`]: those of purchases;
//! - [`library`], [`conduct`]: those of the national library and of conduct, where they are asked for ([`extent`]);
//! - [`record`], [`details`], [`cells`], [`care`], [`tables`]: a patient in memory, and on disk;
//! - [`random`], [`timeline`]: chance and days.

mod care;
mod catalogue;
mod cells;
mod clinic;
mod conduct;
mod details;
mod extent;
mod hospitals;
mod library;
mod prescriptions;
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
pub(crate) use extent::Extent;
use hospitals::{Hospital, OF_TWO};
use procurement::ProcurementTables;
use random::Random;
use record::Patient;
use scenarios::SCENARIOS;
use tables::{Folder, Planted};
use timeline::Timeline;

/// Order lines that the hospitals may have together.
pub(crate) const LINES: RangeInclusive<u64> = 10..=100_000_000;
/// Hospitals that there may be.
pub(crate) const HOSPITALS: RangeInclusive<u64> = 1..=1_000;
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

/// How tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TableFormat {
    /// Texts.
    Csv,
    /// Values by type, compressed.
    Parquet,
}

/// What to generate.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Rows of `orders`, history included, of all hospitals together.
    pub(crate) lines: u64,
    /// Hospitals, which share some patients.
    pub(crate) hospitals: u64,
    /// Months under review, the last of which ends on `end`; 120 days of history come before them.
    pub(crate) months: u32,
    /// The same seed gives the same bytes.
    pub(crate) seed: u64,
    /// Where the files go: a folder that is empty or does not exist.
    pub(crate) directory: PathBuf,
    /// The last day.
    pub(crate) end: Date,
    /// Which rules are planted for.
    pub(crate) extent: Extent,
    /// How tables are written; `planted.csv` is for people, and always CSV.
    pub(crate) format: TableFormat,
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// First day under review, ISO.
    pub(crate) start: String,
    /// Last day under review, ISO.
    pub(crate) end: String,
    /// How many there are.
    pub(crate) hospitals: u64,
    /// Rows of `patients`.
    pub(crate) patients: u64,
    /// Rows of `encounters`.
    pub(crate) encounters: u64,
    /// Rows of `orders`.
    pub(crate) lines: u64,
    /// Rows of `planted.csv` that a rule has to find.
    pub(crate) hits: u64,
    /// Rows of `planted.csv` that no rule may find.
    pub(crate) near_misses: u64,
}

/// Why nothing, or not everything, was generated.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    /// Outside [`LINES`], each hospital having as many at least.
    #[error("`{got}` order lines: expected {least} to {}", LINES.end())]
    Lines {
        /// What was asked for.
        got: u64,
        /// The fewest for so many hospitals.
        least: u64,
    },
    /// Outside [`HOSPITALS`].
    #[error("`{got}` hospitals: expected {} to {}", HOSPITALS.start(), HOSPITALS.end())]
    Hospitals {
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
    /// Fewer than what is planted beside needs.
    #[error("`{got}` order lines with {with}: expected {least} or more")]
    FewLines {
        /// What is planted beside.
        with: &'static str,
        /// What was asked for.
        got: u64,
        /// The fewest for so many hospitals.
        least: u64,
    },
    /// Before the knowledge of what is planted beside is in force.
    #[error("last day `{got}` with {with}: expected {earliest} or later")]
    EarlyEnd {
        /// What is planted beside.
        with: &'static str,
        /// What was asked for.
        got: Date,
        /// The earliest last day.
        earliest: Date,
        /// Why no earlier one.
        why: &'static str,
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
            GenerateError::FewLines { .. } => Some("every rule is planted at least once".into()),
            GenerateError::EarlyEnd { why, .. } => Some((*why).into()),
            GenerateError::Lines { .. }
            | GenerateError::Hospitals { .. }
            | GenerateError::Months { .. }
            | GenerateError::End { .. }
            | GenerateError::Write { .. } => None,
        }
    }
}

/// Writes the hospitals as one file a table, and `planted.csv`.
///
/// # Errors
/// When a setting is out of bounds, the folder is not empty, or a file cannot be written; what was
/// written until then stays, under names that nobody takes for tables.
pub(crate) fn generate(settings: &Settings) -> Result<Summary, GenerateError> {
    check(settings)?;
    let folder = Folder {
        path: settings.directory.clone(),
        format: settings.format,
    };
    tables::prepare(&folder.path)?;
    let timeline = Timeline::new(settings.end, settings.months);
    let mut random = Random::new(settings.seed);
    let mut planted = Planted::create(&folder)?;
    let (end, extent) = (settings.end, settings.extent);
    let mut procurement = ProcurementTables::create(&folder)?;
    let mut tables = CareTables::create(&folder, (hospital(settings, 0), extent), end)?;
    for number in 0..settings.hospitals {
        let hospital = hospital(settings, number);
        procurement.write(hospital, (end, extent), &mut random, &mut planted)?;
        tables.begin(hospital)?;
        let lines = settings.lines * (number + 1) / settings.hospitals - tables.lines();
        fill(
            &mut tables,
            (hospital, lines, extent),
            (&mut random, &timeline),
            &mut planted,
        )?;
    }
    let (lines, (patients, encounters)) = (tables.lines(), tables.counts());
    procurement.finish()?;
    tables.finish(&mut planted)?;
    let (hits, near_misses) = planted.finish()?;
    let [start, end] = [timeline.start.to_string(), timeline.end.to_string()];
    Ok(Summary {
        start,
        end,
        hospitals: settings.hospitals,
        patients,
        encounters,
        lines,
        hits,
        near_misses,
    })
}

fn hospital(settings: &Settings, number: u64) -> Hospital {
    Hospital {
        number,
        institutions: settings.extent.institutions(),
        hospitals: settings.hospitals,
    }
}

/// Writes the patients of a hospital, until it has so many lines.
fn fill(
    tables: &mut CareTables,
    (hospital, lines, extent): (Hospital, u64, Extent),
    (random, timeline): (&mut Random, &Timeline),
    planted: &mut Planted,
) -> Result<(), GenerateError> {
    let first = tables.lines();
    for patient in extent.patients(lines, random, timeline) {
        tables.write(&patient, planted)?;
    }
    let before = tables.lines();
    let mut plan = Plan::new(lines - (before - first), hospital.neighbour());
    while tables.lines() < first + lines {
        let mut patient = plan.next(tables.lines() - before, random, timeline);
        if extent == Extent::Library {
            library::also(&mut patient);
        }
        tables.write(&patient, planted)?;
    }
    Ok(())
}

fn check(settings: &Settings) -> Result<(), GenerateError> {
    let Settings {
        lines,
        hospitals,
        months,
        end,
        ..
    } = *settings;
    if !HOSPITALS.contains(&hospitals) {
        return Err(GenerateError::Hospitals { got: hospitals });
    }
    let least = LINES.start() * hospitals;
    if !(least..=*LINES.end()).contains(&lines) {
        return Err(GenerateError::Lines { got: lines, least });
    }
    if !MONTHS.contains(&months) {
        return Err(GenerateError::Months { got: months });
    }
    if !YEARS.contains(&end.year()) {
        return Err(GenerateError::End { got: end });
    }
    settings
        .extent
        .bounds()
        .map_or(Ok(()), |bounds| bounds.check(settings))
}

/// Which patient comes next, so that scenarios are spread evenly and the lines come out exactly.
struct Plan {
    lines: u64,
    /// Where some patients are seen too.
    neighbour: Option<Hospital>,
    /// Scenarios to come altogether, and those that came.
    scenarios: u64,
    done: u64,
}

impl Plan {
    fn new(lines: u64, neighbour: Option<Hospital>) -> Self {
        let rounds = if lines < LINES_WITH_BREACHES {
            0
        } else {
            (lines / LINES_PER_BREACH).max(1)
        };
        let mut plan = Self {
            lines,
            neighbour,
            scenarios: 0,
            done: 0,
        };
        plan.scenarios = rounds * plan.of_round();
        plan
    }

    /// Scenarios that are planted once before any comes again.
    fn of_round(&self) -> u64 {
        let of_two = self.neighbour.map_or(0, |_| OF_TWO.len());
        (SCENARIOS.len() + of_two) as u64
    }

    fn next(&mut self, written: u64, random: &mut Random, timeline: &Timeline) -> Patient {
        let left = self.lines - written;
        let pending = self.scenarios - self.done;
        let free = left.saturating_sub(pending * scenarios::LINES_MAX);
        let due = self.done * self.lines < self.scenarios * written;
        if pending > 0 && (due || free == 0) {
            return self.scenario(random, timeline);
        }
        let patient = ordinary_patient(random, timeline);
        if patient.lines() <= free {
            return hospitals::perhaps_elsewhere(patient, random, self.neighbour);
        }
        clinic::visiting_patient(random, timeline, free.min(FILLER_LINES))
    }

    fn scenario(&mut self, random: &mut Random, timeline: &Timeline) -> Patient {
        let place = (self.done % self.of_round()) as usize;
        self.done += 1;
        match (place.checked_sub(SCENARIOS.len()), self.neighbour) {
            (Some(of_two), Some(neighbour)) => {
                hospitals::seen_elsewhere(OF_TWO[of_two](random, timeline), neighbour)
            }
            _ => SCENARIOS[place](random, timeline),
        }
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
