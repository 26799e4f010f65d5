//! Several hospitals in one folder: what is each one's own, and patients who are seen in two of them.

use super::GenerateError;
use super::catalogue::AREA;
use super::prescriptions::stock;
use super::random::Random;
use super::record::{Patient, Verdict};
use super::scenarios::{Early, early_supply};
use super::tables::{Cell, Table};
use super::timeline::Timeline;

/// Doctors of a hospital: their numbers lie below.
pub(super) const DOCTORS: u32 = 400;
/// Ordinary patients, in a hundred, who are seen in another hospital too.
const SEEN_ELSEWHERE: u32 = 10;

/// One of the hospitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hospital {
    /// From 0.
    pub(super) number: u64,
    /// How many institutions it stands for: itself, and with the national library some small ones.
    pub(super) institutions: u64,
    /// How many hospitals there are.
    pub(super) hospitals: u64,
}

impl Hospital {
    /// The number of the row of one of its institutions; both are from 1, and it is itself the first.
    pub(super) const fn institution(self, of_hospital: u64) -> u64 {
        self.number * self.institutions + of_hospital
    }

    /// Its own key.
    pub(super) const fn key(self) -> Cell<'static> {
        Cell::Key('H', self.institution(1))
    }

    /// 医师代码: no two hospitals share a doctor.
    pub(super) fn doctor(self, number: u32) -> String {
        let own = self.number * u64::from(DOCTORS) + u64::from(number);
        format!("D{own:05}")
    }

    /// Its own code of the department of a national specialty.
    pub(super) fn department(self, specialty: &str) -> String {
        match self.number {
            0 => format!("Y{specialty}"),
            more => format!("Y{:02}{specialty}", more + 1),
        }
    }

    /// Where its patients go beside; nowhere where it stands alone.
    pub(super) fn neighbour(self) -> Option<Hospital> {
        let number = (self.number + 1) % self.hospitals;
        (number != self.number).then_some(Hospital { number, ..self })
    }
}

/// 定点医药机构编码 of an institution.
pub(super) fn code(institution: u64) -> String {
    format!("H{AREA}{institution:07}")
}

/// 三级甲等 and 一级甲等 (hosp_lv).
const TERTIARY: &str = "02";
const PRIMARY: &str = "08";

/// Writes a hospital and the small institutions that stand beside it.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write_institutions(
    institutions: &mut Table<5>,
    hospital: Hospital,
) -> Result<(), GenerateError> {
    for number in 1..=hospital.institutions {
        let row = hospital.institution(number);
        let code = code(row);
        let level = if number == 1 { TERTIARY } else { PRIMARY };
        institutions.row([
            Cell::Key('H', row),
            Cell::Text(&code),
            Cell::Text("1"),
            Cell::Text(level),
            Cell::Text(AREA),
        ])?;
    }
    Ok(())
}

/// Builds the patient of a scenario whose last visit is to another hospital.
type Scenario = fn(&mut Random, &Timeline) -> Patient;

/// Breaches, each with its near miss, that only the lines of two hospitals together show.
pub(super) const OF_TWO: [Scenario; 4] = [
    |random, timeline| early_supply(random, timeline, Early::BeyondAWeek),
    |random, timeline| early_supply(random, timeline, Early::ByAWeek),
    |random, timeline| stock(random, timeline, Verdict::Hit),
    |random, timeline| stock(random, timeline, Verdict::NearMiss),
];

/// The same patient with the last visit in another hospital.
pub(super) fn seen_elsewhere(mut patient: Patient, other: Hospital) -> Patient {
    if let Some(last) = patient.encounters.last_mut() {
        last.details.elsewhere = Some(other);
    }
    for mark in &mut patient.marks {
        mark.note = match mark.verdict {
            Verdict::Hit => "the earlier supply is of another hospital",
            Verdict::NearMiss => "at the limit with the supply of another hospital",
        };
    }
    patient
}

/// An ordinary patient, who now and then goes elsewhere for the last visit.
pub(super) fn perhaps_elsewhere(
    patient: Patient,
    random: &mut Random,
    other: Option<Hospital>,
) -> Patient {
    match other {
        Some(other) if random.chance(SEEN_ELSEWHERE) => seen_elsewhere(patient, other),
        _ => patient,
    }
}
