//! What ordinary patients have alike, and scenarios of the national library differ in.
//!
//! The columns and tables that tell it are written with the library, or with conduct, only ([`Extent`](super::Extent)).

use time::Date;

use super::catalogue::Item;
use super::hospitals::Hospital;

/// What only some scenarios tell of an encounter.
#[derive(Debug, Clone)]
pub(super) struct Details {
    /// Number of the institution among those of the hospital, which is itself the first of them.
    pub(super) institution: u64,
    /// Another hospital, where the encounter is not of the one that the patient belongs to.
    pub(super) elsewhere: Option<Hospital>,
    /// 险种 (insutype).
    pub(super) insurance: &'static str,
    /// 妊娠或哺乳 (matn_stas).
    pub(super) maternity: Option<&'static str>,
    /// Whether it is a readmission that was declared before.
    pub(super) planned: bool,
    /// When its procedures began and ended, in minutes after midnight of their day.
    pub(super) theatre: Option<[u32; 2]>,
    /// How many of its procedures are called the principal one.
    pub(super) principals: usize,
    /// Place of the diagnosis that arose in hospital.
    pub(super) acquired: Option<usize>,
    /// Laboratory results.
    pub(super) results: Vec<LabResult>,
    /// What the hospital's own check of its records found.
    pub(super) defects: Vec<Defect>,
    /// Records of treatments.
    pub(super) treatments: Vec<Treatment>,
}

impl Default for Details {
    fn default() -> Self {
        Self {
            institution: 1,
            elsewhere: None,
            insurance: "310",
            maternity: None,
            planned: false,
            theatre: None,
            principals: 1,
            acquired: None,
            results: Vec::new(),
            defects: Vec::new(),
            treatments: Vec::new(),
        }
    }
}

/// The result of a test.
#[derive(Debug, Clone, Copy)]
pub(super) struct LabResult {
    /// National code of the test.
    pub(super) item: &'static str,
    /// Whether it lies outside the reference range.
    pub(super) abnormal: bool,
}

/// A treatment as it is recorded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Treatment {
    /// What was done.
    pub(super) item: &'static Item,
    /// When, and in minutes after midnight.
    pub(super) day: Date,
    pub(super) minute: u32,
    /// How often, where the record says so.
    pub(super) times: Option<i64>,
}

/// The report of an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Report {
    /// It names the line.
    #[default]
    OfLine,
    /// It names the item alone.
    OfItem,
    /// There is none.
    None,
}

/// A defect of a national record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defect {
    /// Number of the transaction that the record goes by.
    pub(super) source: &'static str,
    /// Name of the field.
    pub(super) field: &'static str,
    /// What is wrong: `missing`, `malformed`, `late` …
    pub(super) kind: &'static str,
}

/// What only some scenarios tell of a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Particulars {
    /// Millionths of a CNY that a unit is charged at; the item's price where it is left out.
    pub(super) price: Option<i64>,
    /// Millionths of a CNY that a unit may be charged at on the day.
    pub(super) ceiling: Option<i64>,
    /// Minutes after midnight at which it began.
    pub(super) started: Option<u32>,
    /// Day, and minutes after midnight, at which it ended.
    pub(super) stopped: Option<(Date, u32)>,
    /// National specialty of the department that carries it out; that of the encounter where it is left out.
    pub(super) specialty: Option<&'static str>,
    /// National title of the doctor; 主治医师 where it is left out.
    pub(super) title: Option<&'static str>,
    /// Whether the patient pays all of it (全自费).
    pub(super) own_pay: bool,
    /// Tells the prescriptions of an encounter apart.
    pub(super) prescription: u8,
    /// Whether lines of other diseases stand on the same prescription.
    pub(super) is_on_shared_prescription: bool,
    /// Doses of a decoction.
    pub(super) decoctions: Option<i64>,
    /// Its report, where it is an examination.
    pub(super) report: Report,
}
