//! What the findings of a run come to: by rule, department, doctor, institution, month, certainty, behaviour
//! and item, with money, patients and examples (汇总). Made in one pass, in bounded memory, and the same for
//! any order of the findings.
//!
//! Memory: a breakdown holds at most [`SummaryOptions::groups_max`] groups; with more, it tells their sum
//! alone. A group counts its patients one by one up to a bound ([`PATIENTS_EXACT_MAX`] of a rule, month,
//! institution or department, [`PATIENTS_OF_MANY_EXACT_MAX`] of a doctor or item), at 16 bytes a patient at
//! most; beyond, it estimates them and says so.

mod distinct;
mod example;
mod groups;
mod months;
mod rules;
mod tally;
#[cfg(test)]
mod tests;

use rulepack_contract::answer::Certainty;
use rulepack_protocol::moment::Day;
use serde::{Deserialize, Serialize};

use crate::finding::{AuditFinding, AuditRow};
use distinct::Distinct;
use groups::{Bounds, Groups, Key, Order};
use months::Months;
use rules::Rules;

pub use distinct::Patients;
pub use example::Example;
pub use groups::{Breakdown, Group, Rest};
pub use months::Month;
pub use rules::RuleSummary;
pub use tally::{Sum, Tally};

pub(crate) use example::Examples;
pub(crate) use rules::split;
pub(crate) use tally::Running;

/// Up to so many patients a rule, month, institution or department counts each. Beyond, the standard error
/// of its estimate is 0.4 %.
pub const PATIENTS_EXACT_MAX: usize = 65_536;
/// The same of a doctor or an item, of which there are many: 0.8 %.
pub const PATIENTS_OF_MANY_EXACT_MAX: usize = 16_384;

/// How much a summary tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryOptions {
    /// Departments, doctors, institutions and items that are listed; the rest is told as a sum.
    pub top: usize,
    /// Findings shown of each rule.
    pub examples: usize,
    /// Offending and related rows shown of each example.
    pub example_rows: usize,
    /// Departments, doctors, institutions or items that are told apart while they are counted.
    pub groups_max: usize,
}

/// What the findings of a run come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All findings.
    pub all: Tally,
    /// By 明确违规, 高度可疑, 轻度可疑.
    pub certainties: Breakdown,
    /// By 行为类, 项目类.
    pub behaviours: Breakdown,
    /// By month of service, in the order of time.
    pub months: Vec<Month>,
    /// By rule, those with most money first; every rule with a finding.
    pub rules: Vec<RuleSummary>,
    /// By institution (定点医药机构).
    pub institutions: Breakdown,
    /// By department (科室).
    pub departments: Breakdown,
    /// By doctor (医师).
    pub doctors: Breakdown,
    /// By item of offending rows (违规项目): their number and their money.
    pub items: Breakdown,
}

/// Counts findings, one after the other.
#[derive(Debug)]
pub struct Summarizer {
    options: SummaryOptions,
    certainties: Groups,
    behaviours: Groups,
    institutions: Groups,
    departments: Groups,
    doctors: Groups,
    items: Groups,
    months: Months,
    rules: Rules,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        SummaryOptions {
            top: 50,
            examples: 5,
            example_rows: 20,
            groups_max: 500_000,
        }
    }
}

/// Summarises all findings of a run.
///
/// # Errors
/// The first error of the findings.
///
/// ```
/// use rulepack_audit::summary::{SummaryOptions, summarize};
///
/// let findings: [Result<_, std::io::Error>; 0] = [];
/// let summary = summarize(findings, &SummaryOptions::default())?;
/// assert_eq!(summary.all.sum.count, 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn summarize<E>(
    findings: impl IntoIterator<Item = Result<AuditFinding, E>>,
    options: &SummaryOptions,
) -> Result<Summary, E> {
    let mut summarizer = Summarizer::new(*options);
    for finding in findings {
        summarizer.add(&finding?);
    }
    Ok(summarizer.finish())
}

impl Summarizer {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(options: SummaryOptions) -> Self {
        let few = Bounds {
            groups_max: options.groups_max,
            patients_exact_max: PATIENTS_EXACT_MAX,
        };
        let many = Bounds {
            patients_exact_max: PATIENTS_OF_MANY_EXACT_MAX,
            ..few
        };
        Summarizer {
            options,
            certainties: Groups::new(few),
            behaviours: Groups::new(few),
            institutions: Groups::new(few),
            departments: Groups::new(few),
            doctors: Groups::new(many),
            items: Groups::new(many),
            months: Months::default(),
            rules: Rules::new(options),
        }
    }

    /// Counts a finding.
    pub fn add(&mut self, finding: &AuditFinding) {
        let (amount, patient) = (finding.amount, Distinct::digest(&finding.patient));
        let own = |code| Key {
            institution: &finding.institution,
            code,
            name: "",
        };
        let of = |code| Key::code(code);
        self.certainties
            .add(of(certainty(finding)), amount, patient);
        self.behaviours.add(of(&finding.behaviour), amount, patient);
        self.institutions
            .add(of(&finding.institution), amount, patient);
        self.departments
            .add(own(&finding.department), amount, patient);
        self.doctors.add(own(&finding.doctor), amount, patient);
        for row in &finding.offending {
            self.items.add(item(row), row.amount, patient);
        }
        self.months.add(finding, patient);
        self.rules.add(finding, patient);
    }

    /// What was counted.
    #[must_use]
    pub fn finish(self) -> Summary {
        let top = self.options.top;
        let certainties = self.certainties.finish(Order::Certainty, usize::MAX);
        Summary {
            all: certainties.all,
            certainties,
            behaviours: self.behaviours.finish(Order::Money, usize::MAX),
            months: self.months.finish(),
            rules: self.rules.finish(),
            institutions: self.institutions.finish(Order::Money, top),
            departments: self.departments.finish(Order::Money, top),
            doctors: self.doctors.finish(Order::Money, top),
            items: self.items.finish(Order::Money, top),
        }
    }
}

/// Where a certainty stands in the official order; what is none comes last.
pub(crate) fn certainty_rank(word: &str) -> usize {
    let known = CERTAINTIES.iter().position(|known| known.chinese() == word);
    known.unwrap_or(CERTAINTIES.len())
}

/// In the official order.
pub(crate) const CERTAINTIES: [Certainty; 3] = [
    Certainty::Violation,
    Certainty::HighSuspicion,
    Certainty::LowSuspicion,
];

/// The official word, or nothing: other words are not told apart.
fn certainty(finding: &AuditFinding) -> &'static str {
    match CERTAINTIES.get(certainty_rank(&finding.certainty)) {
        Some(known) => known.chinese(),
        None => "",
    }
}

/// The month of service, `2026-03`; nothing where the finding has no day.
fn month(finding: &AuditFinding) -> &str {
    match finding.day.parse::<Day>() {
        Ok(_) => finding.day.get(..7).unwrap_or_default(),
        Err(_) => "",
    }
}

/// An item without a code is told by its name.
fn item(row: &AuditRow) -> Key<'_> {
    let code = if row.item.is_empty() {
        &row.name
    } else {
        &row.item
    };
    Key {
        institution: "",
        code,
        name: &row.name,
    }
}
