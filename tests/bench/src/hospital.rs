//! A hospital for benchmarks: every column that the packs read is recorded, and a few patients have what
//! the rules look for.

use std::sync::Arc;

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema;
use rulepack_contract::units::NOT_RECORDED_S32;

/// Diseases of the catalogue of `chronic-limits`, each with items that it covers.
const DISEASES: [(&str, [&str; 4]); 2] = [
    (
        "M03900",
        [
            "XC08CAA112A001010100001",
            "XC09AAB043A001010100002",
            "XC07ABA065A001010100003",
            "002505030400000",
        ],
    ),
    (
        "M01600",
        [
            "XA10BAE102A001010100004",
            "XA10BHS168A001010100005",
            "XA10ABG001B001010100006",
            "002503030100000",
        ],
    ),
];

/// An item that no disease of the catalogue covers.
const UNCOVERED: &str = "XJ01CAA040A001010100099";

/// What a long visit goes on under: the catalogue does not know it, the patient is registered for it.
const UNKNOWN_DISEASE: &str = "M99900";

/// Stays as their settlement lists tell them: principal diagnosis, procedure, group, another diagnosis.
const STAYS: [(&str, &str, &str, &str); 4] = [
    ("K80.100x001", "51.2300", "HC29", "I10.x00x002"),
    ("J18.900", "", "ES35", "E11.900"),
    ("J18.900", "", "ES31", "E11.900"),
    ("I20.000", "36.0600", "FM19", "I10.x00x002"),
];

/// Visits of a patient in [`batch`], one a month, and lines of each.
const VISITS: u32 = 10;
const LINES_OF_VISIT: u32 = 4;
/// Lines of the stay of a patient in [`batch`].
const LINES_OF_STAY: u32 = 40;
/// Order lines of a patient in [`batch`].
pub const LINES_OF_PATIENT: u32 = VISITS * LINES_OF_VISIT + LINES_OF_STAY;

/// Settled claims of so many patients: a year of chronic visits, and a stay paid by DRG, of each.
#[must_use]
pub fn batch(patients: u32) -> Arc<Data> {
    let mut hospital = Hospital::default();
    for patient in 0..patients {
        hospital.patient(patient);
        let year_before = if patient % 25 == 7 { "2900.00" } else { "0.00" };
        hospital.chronic_patient(patient, year_before);
        for visit in 0..VISITS {
            let lines = Lines {
                count: LINES_OF_VISIT,
                current: "0",
                reviewed: "1",
                day: format!("2026-{:02}-{:02}", visit + 1, 1 + patient % 28),
            };
            hospital.chronic_visit(patient, visit, &lines);
        }
        hospital.stay(patient, LINES_OF_STAY);
    }
    hospital.finish()
}

/// An order being written: one line of a chronic visit, with the patient's registration and the
/// accumulator of the year.
#[must_use]
pub fn one_order(patient: u32) -> Arc<Data> {
    chronic_encounter(patient, 1, "1")
}

/// One chronic visit of so many lines; `current` is 1 while they are being written.
#[must_use]
pub fn chronic_encounter(patient: u32, lines: u32, current: &'static str) -> Arc<Data> {
    let mut hospital = Hospital::default();
    hospital.patient(patient);
    hospital.chronic_patient(patient, "0.00");
    let lines = Lines {
        count: lines,
        current,
        reviewed: "1",
        day: "2026-03-10".to_owned(),
    };
    hospital.chronic_visit(patient, 0, &lines);
    hospital.finish()
}

/// A chronic visit of four lines being written, after so many finished ones, a month apart.
#[must_use]
pub fn after_visits(patient: u32, visits: u32) -> Arc<Data> {
    let mut hospital = Hospital::default();
    hospital.patient(patient);
    hospital.chronic_patient(patient, "0.00");
    for visit in 0..=visits {
        let is_last = visit == visits;
        // Counted backwards from December 2026.
        let month = 2026 * 12 + 11 - (visits - visit);
        let lines = Lines {
            count: LINES_OF_VISIT,
            current: if is_last { "1" } else { "0" },
            reviewed: if is_last { "1" } else { "0" },
            day: format!(
                "{}-{:02}-{:02}",
                month / 12,
                month % 12 + 1,
                1 + patient % 28
            ),
        };
        hospital.chronic_visit(patient, visit, &lines);
    }
    hospital.finish()
}

/// One stay of so many lines, paid by DRG.
#[must_use]
pub fn stay(patient: u32, lines: u32) -> Arc<Data> {
    let mut hospital = Hospital::default();
    hospital.patient(patient);
    hospital.stay(patient, lines);
    hospital.finish()
}

/// A patient-scope review at this stage, by the end of 2026.
#[must_use]
pub fn review(stage: Stage) -> Review {
    Review {
        stage,
        scope: Scope::Patient,
        scenes: Vec::new(),
        today: 20_818,
        jurisdiction: "370303".to_owned(),
        period: (NOT_RECORDED_S32, NOT_RECORDED_S32),
    }
}

/// Charge lines of an encounter.
struct Lines {
    count: u32,
    current: &'static str,
    /// 1 where the encounter is under review.
    reviewed: &'static str,
    day: String,
}

#[derive(Default)]
struct Hospital {
    rows: Vec<Row>,
}

/// A row: its table, its key and its cells by the names of their columns.
type Row = (&'static str, String, Vec<(&'static str, String)>);

impl Hospital {
    fn patient(&mut self, patient: u32) {
        let gender = if patient.is_multiple_of(2) { "1" } else { "2" };
        self.push("patients", patient_key(patient), &[("genders", gender)]);
    }

    fn chronic_patient(&mut self, patient: u32, used: &str) {
        let key = patient_key(patient);
        let (disease, _) = disease_of(patient);
        for disease in [disease, UNKNOWN_DISEASE] {
            let enrolment = [
                ("patients", key.as_str()),
                ("diseases", disease),
                ("starts", "2025-01-01"),
                ("ends", ""),
            ];
            self.push("enrolments", String::new(), &enrolment);
        }
        let accumulator = [
            ("patients", key.as_str()),
            ("kinds", "chronic-amount"),
            ("subjects", disease),
            ("period-starts", "2026-01-01"),
            ("period-ends", "2026-12-31"),
            ("amounts", used),
            ("amount-limits", "4000.00"),
            ("base-quantities", ""),
            ("quantity-limits", ""),
        ];
        self.push("accumulators", String::new(), &accumulator);
    }

    fn chronic_visit(&mut self, patient: u32, visit: u32, lines: &Lines) {
        let encounter = format!("{}-{visit:02}", patient_key(patient));
        let paid = ("140104", ["310", ""], lines);
        self.encounter(patient, &encounter, paid);
        let (disease, items) = disease_of(patient);
        for line in 0..lines.count {
            let is_breach = patient % 25 == 3 && visit == 0 && line == 0;
            let further = format!("XN02BEA074A001010{line:06}");
            let (item, disease) = match items.get(line as usize) {
                _ if is_breach => (UNCOVERED, disease),
                Some(item) => (*item, disease),
                None => (further.as_str(), UNKNOWN_DISEASE),
            };
            self.order(&encounter, line, (item, "09", disease, "28"), lines);
        }
    }

    fn stay(&mut self, patient: u32, lines: u32) {
        let encounter = format!("{}-S", patient_key(patient));
        let (principal, procedure, group, other) = STAYS[patient as usize % STAYS.len()];
        let discharge = Lines {
            count: 0,
            current: "0",
            reviewed: "1",
            day: "2026-03-09".to_owned(),
        };
        self.encounter(patient, &encounter, ("21", ["05", group], &discharge));
        for (code, is_principal) in [(principal, "1"), (other, "0")] {
            let cells = [
                ("encounters", encounter.as_str()),
                ("codes", code),
                ("systems", "ICD-10"),
                ("principal", is_principal),
                ("on-settlement-list", "1"),
            ];
            self.push("diagnoses", String::new(), &cells);
        }
        if !procedure.is_empty() {
            let cells = [
                ("encounters", encounter.as_str()),
                ("codes", procedure),
                ("principal", "1"),
                ("on-settlement-list", "1"),
            ];
            self.push("procedures", format!("{encounter}-P"), &cells);
        }
        let stay = Lines {
            count: lines,
            current: "0",
            reviewed: "1",
            day: "2026-03-05".to_owned(),
        };
        for line in 0..lines {
            let item = format!("0011090000{:02}0000", line % 40);
            let is_operation = line == 5 && patient % 25 != 8 && !procedure.is_empty();
            let charge_type = if is_operation { "06" } else { "01" };
            self.order(&encounter, line, (&item, charge_type, "", ""), &stay);
        }
    }

    fn encounter(
        &mut self,
        patient: u32,
        key: &str,
        (care_type, [method, group], lines): (&str, [&str; 2], &Lines),
    ) {
        let (patient, day) = (patient_key(patient), lines.day.as_str());
        let cells = [
            ("patients", patient.as_str()),
            ("current", lines.reviewed),
            ("care-types", care_type),
            ("admission-days", day),
            ("discharge-days", day),
            ("settlement-days", day),
            ("ages", "61"),
            ("age-days", ""),
            ("newborn-admission-weights", ""),
            ("payment-methods", method),
            ("payment-groups", group),
        ];
        self.push("encounters", key.to_owned(), &cells);
    }

    fn order(
        &mut self,
        encounter: &str,
        line: u32,
        (item, charge_type, disease, supply): (&str, &str, &str, &str),
        lines: &Lines,
    ) {
        let cells = [
            ("encounters", encounter),
            ("current", lines.current),
            ("charged", "1"),
            ("counted", "1"),
            ("reverses", ""),
            ("items", item),
            ("charge-types", charge_type),
            ("quantities", "2"),
            ("base-quantities", "56"),
            ("amounts", "64.30"),
            ("own-pays", "0.00"),
            ("self-pays", "6.43"),
            ("covered-amounts", "57.87"),
            ("days", &lines.day),
            ("diseases", disease),
            ("supply-days", supply),
        ];
        self.push("orders", format!("{encounter}-{line:03}"), &cells);
    }

    fn push(&mut self, table: &'static str, key: String, cells: &[(&'static str, &str)]) {
        let cells = cells.iter().map(|(name, text)| (*name, (*text).to_owned()));
        self.rows.push((table, key, cells.collect()));
    }

    /// # Panics
    /// Where a row does not fit the contract: then this file is wrong.
    fn finish(self) -> Arc<Data> {
        let mut builder = DataBuilder::new();
        // A hospital whose patients have no procedure still records procedures.
        for name in ["diagnoses", "procedures"] {
            builder.declare(schema::table(name).expect("the contract has it"), []);
        }
        for (line, (name, key, cells)) in (1..).zip(&self.rows) {
            let table = schema::table(name).expect("the contract has the table");
            let cells = cells.iter().map(|(name, text)| {
                let column = table.table().column(name);
                (column.expect("the contract has the column"), text.as_str())
            });
            builder.push(table, line, key, cells);
        }
        let (data, rejections) = builder.finish();
        assert_eq!(rejections, [], "rows that do not fit the contract");
        Arc::new(data)
    }
}

fn patient_key(patient: u32) -> String {
    format!("P{patient:05}")
}

fn disease_of(patient: u32) -> (&'static str, &'static [&'static str; 4]) {
    let (disease, items) = &DISEASES[patient as usize % DISEASES.len()];
    (disease, items)
}
