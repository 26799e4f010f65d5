//! A stay under DRG payment, and what its settlement list (医保结算清单) says.

use rulepack_sdk::prelude::*;

use crate::grouper::{Case, Fact, Gender, Grouper, Outcome};

/// A stay under review that is paid by group.
#[derive(Debug)]
pub struct Stay {
    /// Its row.
    pub encounter: Row<Encounters>,
    /// The group claimed; `None` where none is recorded.
    pub claimed: Option<Code>,
    /// The day whose payment standards apply: settlement, else discharge, else today.
    pub day: Day,
    /// The settlement list, or the columns for want of which it cannot be grouped.
    pub record: Result<Record, MissingColumns>,
}

/// The settlement list of a stay, grouped.
#[derive(Debug)]
pub struct Record {
    /// What it lists.
    pub list: SettlementList,
    /// The group that it gives.
    pub outcome: Outcome<Code>,
}

impl Stay {
    /// The group that is to be paid: the one claimed, else the one that the record gives.
    #[must_use]
    pub fn group(&self) -> Option<Code> {
        self.claimed.or_else(|| self.given())
    }

    /// The group that the record gives.
    #[must_use]
    pub fn given(&self) -> Option<Code> {
        let record = self.record.as_ref().ok()?;
        record.outcome.grouping.map(|grouping| grouping.group)
    }

    /// Tells that a rule lacks these columns of the stay.
    pub(crate) fn abstain(
        &self,
        rule: &'static str,
        missing: &[&'static str],
        answer: &mut Answer,
    ) {
        answer.add(Abstention::lacking(rule, self.encounter, missing));
    }
}

/// The words of dictionaries that the rules ask for.
#[derive(Debug)]
pub(crate) struct Terms {
    male: Code,
    female: Code,
    /// 06 手术费 (chrg_type).
    pub(crate) operation: Code,
    drg_payment_methods: Vec<Code>,
    /// 医疗类别 that a forecast takes as paid by DRG where no payment method is recorded.
    forecast_care_types: Vec<Code>,
    pub(crate) western_systems: Vec<Code>,
    /// What is claimed for a stay that belongs to no group.
    ungroupable: Code,
}

impl Terms {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        let [male, female, operation, ungroupable] = setup.codes(["1", "2", "06", "0000"])?;
        Ok(Terms {
            male,
            female,
            operation,
            ungroupable,
            drg_payment_methods: setup.code_list("drg_payment_methods")?,
            forecast_care_types: setup.code_list("forecast_care_types")?,
            western_systems: setup.code_list("western_systems")?,
        })
    }
}

/// Reads stays of a batch.
pub(crate) struct Reader<'a> {
    pub(crate) batch: &'a Batch,
    pub(crate) terms: &'a Terms,
    pub(crate) grouper: &'a Grouper<Code>,
}

impl Reader<'_> {
    /// A stay under review whose payment method is DRG, or that claims a group of the tables. In a forecast,
    /// where no payment method is recorded yet, also one of the care types that the city names.
    pub(crate) fn stay(&self, encounter: Row<Encounters>, reading: Reading) -> Option<Stay> {
        let encounters = self.batch.encounters();
        let claimed = encounters.payment_groups().get(encounter);
        let method = encounters.payment_methods().get(encounter);
        let by_group = method
            .is_some_and(|method| self.terms.drg_payment_methods.contains(&method))
            || claimed.is_some_and(|group| {
                group == self.terms.ungroupable || self.grouper.place(group).is_some()
            });
        let expected = || {
            let care_type = encounters.care_types().get(encounter);
            care_type.is_some_and(|it| self.terms.forecast_care_types.contains(&it))
        };
        let by_group = match (method, claimed, reading) {
            (None, None, Reading::SoFar) => expected(),
            _ => by_group,
        };
        if encounters.current().get(encounter) != Some(true) || !by_group {
            return None;
        }
        let settled = encounters.settlement_days().get(encounter);
        let discharged = || encounters.discharge_days().get(encounter);
        let day = settled
            .or_else(discharged)
            .unwrap_or_else(|| self.batch.today());
        let record = self.record(encounter, reading);
        Some(Stay {
            encounter,
            claimed,
            day,
            record,
        })
    }

    fn record(
        &self,
        encounter: Row<Encounters>,
        reading: Reading,
    ) -> Result<Record, MissingColumns> {
        let systems = &self.terms.western_systems;
        let list = SettlementList::read(self.batch, encounter, systems, reading)?;
        let (diagnoses, procedures) = (list.diagnosis_codes(), list.procedure_codes());
        let outcome = self.group(encounter, &diagnoses, &procedures);
        if outcome.unrecorded.is_empty() {
            return Ok(Record { list, outcome });
        }
        let unrecorded = outcome.unrecorded.iter();
        Err(unrecorded.map(|fact| column(*fact)).collect())
    }

    /// The group that a stay has with these diagnoses and procedures, the principal ones first.
    pub(crate) fn group(
        &self,
        encounter: Row<Encounters>,
        diagnoses: &[Code],
        procedures: &[Code],
    ) -> Outcome<Code> {
        let encounters = self.batch.encounters();
        self.grouper.group(&Case {
            gender: self.gender(encounter),
            age: encounters.ages().get(encounter),
            age_days: encounters.age_days().get(encounter),
            weight: encounters.newborn_admission_weights().get(encounter),
            diagnoses,
            procedures,
        })
    }

    fn gender(&self, encounter: Row<Encounters>) -> Option<Gender> {
        let patient = self.batch.encounters().patients().get(encounter)?;
        let gender = self.batch.patients().genders().get(patient)?;
        if gender == self.terms.male {
            Some(Gender::Male)
        } else if gender == self.terms.female {
            Some(Gender::Female)
        } else {
            None
        }
    }
}

/// The column that records a fact.
fn column(fact: Fact) -> &'static str {
    match fact {
        Fact::Gender => "patients.genders",
        Fact::Age => "encounters.ages",
        Fact::AgeDays => "encounters.age-days",
        Fact::Weight => "encounters.newborn-admission-weights",
    }
}
