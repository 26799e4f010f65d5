//! Which rules are planted for, and what each of these wishes asks of a hospital.

use time::Date;

use super::random::Random;
use super::record::Patient;
use super::timeline::Timeline;
use super::{GenerateError, Settings, conduct, library};

/// Which rules are planted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Those of chronic diseases, groups and procurement.
    Plain,
    /// Those of the national library too, with the columns and tables that they need.
    Library,
    /// Those of conduct about what is recorded, reported and bundled too, with the tables that they need.
    Conduct,
}

/// Within which bounds everything can be planted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// How the wish is called.
    pub(super) with: &'static str,
    /// Fewest order lines of a hospital.
    pub(super) lines_min: u64,
    /// The earliest last day.
    pub(super) end_min: Date,
    /// Why no earlier one.
    pub(super) why: &'static str,
}

impl Extent {
    /// The bounds; none where nothing is planted beside.
    pub(super) const fn bounds(self) -> Option<Bounds> {
        match self {
            Extent::Plain => None,
            Extent::Library => Some(Bounds {
                with: "the national library",
                lines_min: library::LINES_MIN,
                end_min: library::END_MIN,
                why: "the 2025 edition of the rules is in force from 2026-02-12 on",
            }),
            Extent::Conduct => Some(Bounds {
                with: "conduct",
                lines_min: conduct::LINES_MIN,
                end_min: conduct::END_MIN,
                why: "the tables of the rules are in force from 2024-01-01 on",
            }),
        }
    }

    /// How many institutions a hospital stands for.
    pub(super) const fn institutions(self) -> u64 {
        match self {
            Extent::Plain => 1,
            Extent::Library => library::INSTITUTIONS,
            Extent::Conduct => conduct::INSTITUTIONS,
        }
    }

    /// The patients that are planted beside in a hospital of so many lines, one planting of everything after the
    /// other.
    pub(super) fn patients<'a>(
        self,
        lines: u64,
        random: &'a mut Random,
        timeline: &'a Timeline,
    ) -> Box<dyn Iterator<Item = Patient> + 'a> {
        match self {
            Extent::Plain => Box::new(std::iter::empty()),
            Extent::Library => {
                let rounds = 0..library::rounds(lines);
                Box::new(rounds.flat_map(|_| library::patients(random, timeline)))
            }
            Extent::Conduct => {
                let rounds = 0..conduct::rounds(lines);
                Box::new(rounds.flat_map(|round| conduct::patients(random, timeline, round)))
            }
        }
    }
}

impl Bounds {
    /// # Errors
    /// Where the hospitals are too small, or end too early.
    pub(super) fn check(self, settings: &Settings) -> Result<(), GenerateError> {
        let least = self.lines_min * settings.hospitals;
        if settings.lines < least {
            return Err(GenerateError::FewLines {
                with: self.with,
                got: settings.lines,
                least,
            });
        }
        if settings.end < self.end_min {
            return Err(GenerateError::EarlyEnd {
                with: self.with,
                got: settings.end,
                earliest: self.end_min,
                why: self.why,
            });
        }
        Ok(())
    }
}
