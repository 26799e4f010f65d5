//! The 88 rules of the 2025 catalogue: one line binds a rule to the evaluator that judges it.
//!
//! What a rule judges by stands in the knowledge tables, whose column `rule` names it, and in parameters.

use rulepack_sdk::prelude::*;

use crate::evaluators::attribute::Attribute::{self, *};

/// A rule, and how it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// Its id in the manifest: `NL-` and its number in the catalogue.
    pub rule: &'static str,
    /// How sure a finding is.
    pub certainty: Certainty,
    /// Policy limits (支付限定) judge only what the fund is asked to pay for.
    pub claimed_only: bool,
    /// The first stage of care at which it judges; hosts refuse an answer that names a rule earlier.
    pub since: Stage,
    /// Which evaluator.
    pub evaluator: Evaluator,
}

/// A generic evaluator, and what it needs to know beside its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evaluator {
    /// An item, diagnosis or procedure of table `limits` does not fit the patient, visit or hospital.
    Attribute(Attribute),
    /// A subject of table `evidence` without what justifies it, or with what forbids it.
    Evidence(Need),
    /// A line beyond its row of table `line-limits`.
    LineLimit,
    /// A unit price above the ceiling of the day.
    PriceCeiling,
    /// The sum of a window beyond its row of table `window-limits`.
    WindowedSum,
    /// Two items of table `pairs` within one scope.
    Pair,
    /// Two medicines of one class of table `groups` at one time.
    SameClass,
    /// What one prescription holds.
    Prescription(PrescriptionCheck),
    /// Operations or parts of one group of table `groups` on one day.
    Operation(OperationCheck),
    /// An item outside the catalogue of the chronic disease.
    ChronicCatalogue,
    /// Visits counted.
    Visits(VisitCheck),
    /// Validity of the records.
    Records(RecordCheck),
    /// Records that must agree.
    Consistency(ConsistencyCheck),
    /// Stock against use, of medicines or of consumables.
    Inventory(Goods),
    /// A share or a rate.
    Statistic(Statistic),
}

/// What evidence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Required in the same visit.
    InVisit,
    /// Required in this visit or earlier.
    InHistory,
    /// Forbids.
    Absent,
}

/// What is asked of a prescription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrescriptionCheck {
    /// All its slices are listed.
    OnlyListedSlices,
    /// Kinds of medicine.
    MedicineKinds,
    /// Kinds and grams of slices.
    SliceSize,
    /// More slices charged than prescribed.
    SliceCharges,
}

/// What is asked of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationCheck {
    /// The second through one incision is charged at a discount.
    SameIncision,
    /// Parts are charged in place of the whole.
    Unbundled,
}

/// What is counted of visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitCheck {
    /// Stays close to each other at one hospital.
    SplitStay,
    /// Outpatient visits.
    Outpatient,
    /// Purchases at pharmacies.
    Purchases,
    /// Stays.
    Stays,
    /// A stay without a reason.
    NoReason,
}

/// What is asked of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordCheck {
    /// Defects of the settlement list.
    SettlementList,
    /// Defects of charge lines.
    ChargeLines,
    /// Late uploads.
    Late,
    /// Procedures missing, or without one principal.
    Procedures,
}

/// Which records must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsistencyCheck {
    /// Day of the charge and days of the stay.
    ChargeInStay,
    /// Antibiotic and operation.
    Prophylaxis,
}

/// What is in stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goods {
    /// 药品
    Medicines,
    /// 医用耗材
    Consumables,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// 药费占比
    Medicines,
    /// 检验检查占比
    Examinations,
    /// 耗材占比
    Consumables,
    /// 治疗占比
    Treatment,
    /// CT检查占比
    Ct,
    /// 核磁检查占比
    Mr,
    /// 院内感染发生率
    HospitalInfection,
    /// 非计划再入院率
    UnplannedReadmission,
}

use Evaluator::*;

/// 明确违规 of a payment limit.
const fn limit(rule: &'static str, evaluator: Evaluator) -> Binding {
    bind(rule, Certainty::Violation, true, evaluator)
}

/// A payment limit that a person has to confirm (高度可疑).
const fn doubtful(rule: &'static str, evaluator: Evaluator) -> Binding {
    bind(rule, Certainty::HighSuspicion, true, evaluator)
}

/// 明确违规, whoever pays.
const fn breach(rule: &'static str, evaluator: Evaluator) -> Binding {
    bind(rule, Certainty::Violation, false, evaluator)
}

/// 高度可疑, whoever pays.
const fn suspect(rule: &'static str, evaluator: Evaluator) -> Binding {
    bind(rule, Certainty::HighSuspicion, false, evaluator)
}

const fn bind(
    rule: &'static str,
    certainty: Certainty,
    claimed_only: bool,
    evaluator: Evaluator,
) -> Binding {
    Binding {
        rule,
        certainty,
        claimed_only,
        since: Stage::Before,
        evaluator,
    }
}

impl Binding {
    /// Whether it judges what the fund is asked to pay for, or what the patient pays alone.
    #[must_use]
    pub fn concerns(&self, claimed: bool) -> bool {
        claimed || !self.claimed_only
    }

    /// Not while orders are written: at settlement and after.
    const fn at_settlement(self) -> Self {
        Binding {
            since: Stage::During,
            ..self
        }
    }

    /// Only when settled claims are looked at again.
    const fn afterwards(self) -> Self {
        Binding {
            since: Stage::After,
            ..self
        }
    }
}

/// The rules in the order of the catalogue.
pub const BINDINGS: [Binding; 88] = [
    limit("NL-01", Attribute(InjuryInsurance)),
    limit("NL-02", Attribute(MaternityInsurance)),
    limit("NL-03", Attribute(Excluded)),
    limit("NL-04", Prescription(PrescriptionCheck::OnlyListedSlices)),
    doubtful("NL-05", Evidence(Need::InHistory)),
    limit("NL-06", Attribute(Newborn)),
    limit("NL-07", Attribute(Children)),
    doubtful("NL-08", Evidence(Need::InVisit)),
    limit("NL-09", LineLimit),
    limit("NL-10", WindowedSum),
    limit("NL-11", ChronicCatalogue),
    limit("NL-12", Attribute(HospitalLevel)),
    limit("NL-13", Attribute(VisitType)),
    limit("NL-14", PriceCeiling),
    limit("NL-15", Operation(OperationCheck::SameIncision)),
    limit("NL-16", Attribute(InjuryInsurance)),
    limit("NL-17", Attribute(MaternityInsurance)),
    limit("NL-18", Attribute(Newborn)),
    limit("NL-19", Attribute(Children)),
    doubtful("NL-20", Evidence(Need::InVisit)),
    limit("NL-21", Attribute(Specialty)),
    limit("NL-22", Attribute(VisitType)),
    limit("NL-23", WindowedSum),
    limit("NL-24", Attribute(HospitalLevel)),
    limit("NL-25", Pair),
    doubtful("NL-26", Operation(OperationCheck::Unbundled)),
    limit("NL-27", WindowedSum),
    limit("NL-28", WindowedSum),
    limit("NL-29", Attribute(AgeRange)),
    limit("NL-30", Pair),
    doubtful("NL-31", WindowedSum),
    limit("NL-32", Attribute(Newborn)),
    limit("NL-33", Attribute(Children)),
    limit("NL-34", WindowedSum),
    breach("NL-35", Records(RecordCheck::SettlementList)).at_settlement(),
    breach("NL-36", Records(RecordCheck::ChargeLines)).at_settlement(),
    suspect("NL-37", Evidence(Need::InVisit)).afterwards(),
    suspect("NL-38", Records(RecordCheck::Procedures)).afterwards(),
    breach("NL-39", Attribute(Sex)).at_settlement(),
    suspect("NL-40", Evidence(Need::InVisit)).afterwards(),
    breach("NL-41", Records(RecordCheck::Late)).afterwards(),
    breach("NL-42", Consistency(ConsistencyCheck::ChargeInStay)).at_settlement(),
    suspect("NL-43", Inventory(Goods::Medicines)).afterwards(),
    suspect("NL-44", Consistency(ConsistencyCheck::Prophylaxis)),
    breach("NL-45", Attribute(DoctorTitle)),
    suspect("NL-46", Prescription(PrescriptionCheck::MedicineKinds)),
    limit("NL-47", Attribute(Internet)),
    suspect("NL-48", Inventory(Goods::Consumables)).afterwards(),
    suspect("NL-49", Visits(VisitCheck::SplitStay)).at_settlement(),
    suspect("NL-50", Visits(VisitCheck::Outpatient)).at_settlement(),
    suspect("NL-51", Visits(VisitCheck::Purchases)).at_settlement(),
    suspect("NL-52", Visits(VisitCheck::Stays)).at_settlement(),
    suspect("NL-53", Visits(VisitCheck::NoReason)).afterwards(),
    breach("NL-54", Attribute(Sex)),
    suspect("NL-55", Attribute(AgeRange)),
    suspect("NL-56", Statistic(Statistic::Medicines)).afterwards(),
    suspect("NL-57", Statistic(Statistic::Examinations)).afterwards(),
    suspect("NL-58", Statistic(Statistic::Consumables)).afterwards(),
    suspect("NL-59", Statistic(Statistic::Treatment)).afterwards(),
    suspect("NL-60", Statistic(Statistic::Ct)).afterwards(),
    suspect("NL-61", Statistic(Statistic::Mr)).afterwards(),
    suspect("NL-62", Statistic(Statistic::HospitalInfection)).afterwards(),
    suspect("NL-63", Statistic(Statistic::UnplannedReadmission)).afterwards(),
    suspect("NL-64", Evidence(Need::InVisit)).at_settlement(),
    breach("NL-65", Attribute(Children)),
    breach("NL-66", Attribute(NotForChildren)),
    breach("NL-67", Attribute(Sex)),
    suspect("NL-68", LineLimit),
    suspect("NL-69", SameClass),
    suspect("NL-70", Evidence(Need::InVisit)),
    suspect("NL-71", Evidence(Need::Absent)),
    suspect("NL-72", Attribute(Elderly)),
    suspect("NL-73", Attribute(Maternity)),
    suspect("NL-74", Pair),
    suspect("NL-75", Pair),
    suspect("NL-76", Prescription(PrescriptionCheck::SliceSize)),
    breach("NL-77", Prescription(PrescriptionCheck::SliceCharges)).at_settlement(),
    suspect("NL-78", Evidence(Need::InVisit)),
    suspect("NL-79", Evidence(Need::InVisit)),
    breach("NL-80", Attribute(Children)),
    breach("NL-81", Attribute(Sex)),
    suspect("NL-82", Evidence(Need::Absent)),
    suspect("NL-83", Evidence(Need::InVisit)),
    suspect("NL-84", Evidence(Need::InVisit)).at_settlement(),
    suspect("NL-85", Attribute(Specialty)),
    breach("NL-86", WindowedSum),
    breach("NL-87", Attribute(Sex)),
    suspect("NL-88", Evidence(Need::InVisit)),
];

/// The rules that an evaluator judges at a stage of care, with their places.
pub fn bound(
    evaluator: Evaluator,
    stage: Stage,
) -> impl Iterator<Item = (usize, &'static Binding)> {
    let rules = BINDINGS.iter().enumerate();
    rules.filter(move |(_, binding)| binding.evaluator == evaluator && binding.since <= stage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_stands_at_the_place_of_its_number() {
        for (place, binding) in BINDINGS.iter().enumerate() {
            assert_eq!(binding.rule, format!("NL-{:02}", place + 1));
        }
    }
}
