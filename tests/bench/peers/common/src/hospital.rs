//! A hospital made by number: the same patient every time, visits and stays over half a year, a few lines in a hundred with
//! something to find.

use crate::knowledge::{DIAGNOSES, ITEMS};

/// The first day, 2026-01-01, in days from 1970-01-01.
pub const FIRST_DAY: i32 = 20_454;
/// Days from which an encounter may begin.
const DAYS: u32 = 175;
/// Of a thousand lines, those of an item for no diagnosis of the encounter in particular.
const MISPLACED: u32 = 30;
/// Of a thousand lines, those with far too much of it.
const TOO_MUCH: u32 = 5;

/// A visit or a stay.
#[derive(Debug, Clone)]
pub struct Encounter {
    /// Key.
    pub key: String,
    /// Number of the patient.
    pub patient: u32,
    /// Whether it is a stay.
    pub is_stay: bool,
    /// Days from 1970-01-01.
    pub admission: i32,
    /// Days from 1970-01-01.
    pub discharge: i32,
    /// Two different ones.
    pub diagnoses: [u32; 2],
    /// Whether it is looked at, or only known.
    pub under_review: bool,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Order {
    /// Key.
    pub key: String,
    /// Place in the encounters of the same patient.
    pub encounter: usize,
    /// Number of the item.
    pub item: u32,
    /// Whole units.
    pub quantity: u32,
    /// Days from 1970-01-01.
    pub day: i32,
    /// Whether it is looked at.
    pub under_review: bool,
}

/// All that is known of a patient, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct Patient {
    /// Number.
    pub number: u32,
    /// Ordered by admission.
    pub encounters: Vec<Encounter>,
    /// Ordered by encounter, then by day.
    pub orders: Vec<Order>,
}

/// How many lines the visits and stays of a patient have.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Of each of four visits.
    pub lines_of_visit: u32,
    /// Of each of two stays.
    pub lines_of_stay: u32,
}

/// Half a year of a patient: forty lines.
pub const HALF_A_YEAR: Extent = Extent {
    lines_of_visit: 4,
    lines_of_stay: 12,
};
/// Lines of a patient of this extent.
pub const LINES_OF_PATIENT: u32 = 40;

/// Numbers that look like chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    /// From 0 to below the bound.
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from(((mixed >> 32) * u64::from(bound)) >> 32).unwrap_or(0)
    }

    fn day(&mut self, bound: u32) -> i32 {
        FIRST_DAY + i32::try_from(self.below(bound)).unwrap_or(0)
    }
}

/// The patient of this number: everything is under review.
#[must_use]
pub fn patient(number: u32, extent: Extent) -> Patient {
    let mut chance = Chance(u64::from(number) << 20);
    let mut patient = Patient {
        number,
        ..Patient::default()
    };
    let mut begins: Vec<(i32, bool)> = (0..6).map(|at| (chance.day(DAYS), at % 3 == 2)).collect();
    begins.sort_unstable();
    let mut free = FIRST_DAY;
    for (place, (begin, is_stay)) in begins.into_iter().enumerate() {
        let admission = if is_stay { begin.max(free) } else { begin };
        let discharge = if is_stay { admission + 3 } else { admission };
        free = free.max(discharge);
        let first = chance.below(DIAGNOSES);
        let other = (first + 1 + chance.below(DIAGNOSES - 1)) % DIAGNOSES;
        patient.encounters.push(Encounter {
            key: String::new(),
            patient: number,
            is_stay,
            admission,
            discharge,
            diagnoses: [first, other],
            under_review: true,
        });
        let lines = if is_stay {
            extent.lines_of_stay
        } else {
            extent.lines_of_visit
        };
        patient.lines(place, lines, &mut chance);
    }
    patient.put_in_order();
    patient
}

impl Patient {
    /// Adds the lines of an encounter, the days of a stay one after the other.
    fn lines(&mut self, encounter: usize, lines: u32, chance: &mut Chance) {
        let visit = &self.encounters[encounter];
        let days = visit.discharge - visit.admission + 1;
        let (diagnosis, admission) = (visit.diagnoses[0], visit.admission);
        for line in 0..lines {
            let day = i32::try_from(line).unwrap_or(0) * days / i32::try_from(lines).unwrap_or(1);
            let of_diagnosis = diagnosis + DIAGNOSES * chance.below(ITEMS / DIAGNOSES);
            let anything = chance.below(ITEMS);
            let is_misplaced = chance.below(1_000) < MISPLACED;
            let usual = 1 + chance.below(10);
            let is_too_much = chance.below(1_000) < TOO_MUCH;
            self.orders.push(Order {
                key: String::new(),
                encounter,
                item: if is_misplaced { anything } else { of_diagnosis },
                quantity: if is_too_much { 25 } else { usual },
                day: admission + day,
                under_review: true,
            });
        }
    }

    /// In the order of time, with keys in that order: a stay that had to wait for the end of the one before may begin
    /// after a visit that came later.
    fn put_in_order(&mut self) {
        let number = self.number;
        let mut order: Vec<usize> = (0..self.encounters.len()).collect();
        order.sort_by_key(|place| self.encounters[*place].admission);
        let mut encounters = Vec::new();
        let mut place_of = vec![0; order.len()];
        for (new, old) in order.into_iter().enumerate() {
            place_of[old] = new;
            encounters.push(Encounter {
                key: format!("E{number:07}{new}"),
                ..self.encounters[old].clone()
            });
        }
        self.encounters = encounters;
        for line in &mut self.orders {
            line.encounter = place_of[line.encounter];
        }
        self.orders.sort_by_key(|line| (line.encounter, line.day));
        for (line, order) in self.orders.iter_mut().enumerate() {
            order.key = format!("L{number:07}{line:03}");
        }
    }

    /// The key of a patient.
    #[must_use]
    pub fn key(&self) -> String {
        format!("P{:07}", self.number)
    }
}
