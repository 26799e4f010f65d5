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
    pub record: Result<Record, Missing>,
}

/// The settlement list of a stay, grouped.
#[derive(Debug)]
pub struct Record {
    /// 主要诊断, with its code.
    pub diagnosis: (Row<Diagnoses>, Code),
    /// 主要手术或操作, with its code.
    pub procedure: Option<(Row<Procedures>, Code)>,
    /// The group that the record gives.
    pub outcome: Outcome<Code>,
}

/// The columns for want of which a record cannot be grouped.
pub type Missing = Vec<&'static str>;

/// Codes of the settlement list, the principal one apart.
struct Listed<T> {
    principal: Option<(Row<T>, Code)>,
    others: Vec<Code>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Listed {
            principal: None,
            others: Vec::new(),
        }
    }
}

impl<T> Listed<T> {
    fn push(&mut self, row: Row<T>, code: Code, principal: Option<bool>) {
        match principal {
            Some(true) if self.principal.is_none() => self.principal = Some((row, code)),
            _ => self.others.push(code),
        }
    }

    /// All codes, the principal one first.
    fn codes(&self) -> Vec<Code> {
        let principal = self.principal.map(|(_, code)| code);
        principal
            .into_iter()
            .chain(self.others.iter().copied())
            .collect()
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
    western_systems: Vec<Code>,
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
    /// A stay under review whose payment method is DRG, or that claims a group of the tables.
    pub(crate) fn stay(&self, encounter: Row<Encounters>) -> Option<Stay> {
        let encounters = self.batch.encounters();
        let claimed = encounters.payment_groups().get(encounter);
        let method = encounters.payment_methods().get(encounter);
        let by_group = method
            .is_some_and(|method| self.terms.drg_payment_methods.contains(&method))
            || claimed.is_some_and(|group| {
                group == self.terms.ungroupable || self.grouper.place(group).is_some()
            });
        if encounters.current().get(encounter) != Some(true) || !by_group {
            return None;
        }
        let settled = encounters.settlement_days().get(encounter);
        let discharged = || encounters.discharge_days().get(encounter);
        let day = settled
            .or_else(discharged)
            .unwrap_or_else(|| self.batch.today());
        let record = self.record(encounter);
        Some(Stay {
            encounter,
            claimed,
            day,
            record,
        })
    }

    fn record(&self, encounter: Row<Encounters>) -> Result<Record, Missing> {
        let diagnoses = self.diagnoses(encounter)?;
        let Some(diagnosis) = diagnoses.principal else {
            let none = diagnoses.others.is_empty();
            return Err(vec![if none {
                "diagnoses.codes"
            } else {
                "diagnoses.principal"
            }]);
        };
        let procedures = self.procedures(encounter)?;
        let procedure = procedures.principal;
        let encounters = self.batch.encounters();
        let outcome = self.grouper.group(&Case {
            gender: self.gender(encounter),
            age: encounters.ages().get(encounter),
            age_days: encounters.age_days().get(encounter),
            weight: encounters.newborn_admission_weights().get(encounter),
            diagnoses: &diagnoses.codes(),
            procedures: &procedures.codes(),
        });
        if outcome.unrecorded.is_empty() {
            return Ok(Record {
                diagnosis,
                procedure,
                outcome,
            });
        }
        Err(outcome
            .unrecorded
            .iter()
            .map(|fact| column(*fact))
            .collect())
    }

    /// The diagnoses of the settlement list, of the Western classification.
    fn diagnoses(&self, encounter: Row<Encounters>) -> Result<Listed<Diagnoses>, Missing> {
        let table = self.batch.diagnoses();
        if self.batch.presence::<Diagnoses>() != Presence::Complete {
            return Err(vec!["diagnoses.codes"]);
        }
        let mut listed = Listed::default();
        for row in table.of(encounter) {
            let on_list = table.on_settlement_list().get(row);
            let system = table.systems().get(row);
            if !on_list.ok_or_else(|| vec!["diagnoses.on-settlement-list"])?
                || system.is_some_and(|system| !self.terms.western_systems.contains(&system))
            {
                continue;
            }
            let code = table
                .codes()
                .get(row)
                .ok_or_else(|| vec!["diagnoses.codes"])?;
            listed.push(row, code, table.principal().get(row));
        }
        Ok(listed)
    }

    /// The procedures of the settlement list.
    fn procedures(&self, encounter: Row<Encounters>) -> Result<Listed<Procedures>, Missing> {
        let table = self.batch.procedures();
        if self.batch.presence::<Procedures>() != Presence::Complete {
            return Err(vec!["procedures.codes"]);
        }
        let mut listed = Listed::default();
        for row in table.of(encounter) {
            let on_list = table.on_settlement_list().get(row);
            if on_list.ok_or_else(|| vec!["procedures.on-settlement-list"])? {
                let code = table
                    .codes()
                    .get(row)
                    .ok_or_else(|| vec!["procedures.codes"])?;
                listed.push(row, code, table.principal().get(row));
            }
        }
        if listed.principal.is_none() && !listed.others.is_empty() {
            return Err(vec!["procedures.principal"]);
        }
        Ok(listed)
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
