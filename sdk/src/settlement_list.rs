//! 医保结算清单 of a stay: the diagnoses and procedures that its payment group is made from.

use crate::batch::{Batch, Presence};
use crate::column::{Code, Row};
use crate::tables::{Diagnoses, Encounters, Procedures};

/// Diagnoses and procedures of a settlement list, the principal ones apart.
#[derive(Debug, Clone)]
pub struct SettlementList {
    /// 主要诊断, with its code.
    pub diagnosis: (Row<Diagnoses>, Code),
    /// 其他诊断.
    pub other_diagnoses: Vec<(Row<Diagnoses>, Code)>,
    /// 主要手术或操作; `None` where the list has no procedure.
    pub procedure: Option<(Row<Procedures>, Code)>,
    /// 其他手术或操作.
    pub other_procedures: Vec<(Row<Procedures>, Code)>,
}

/// The columns for want of which a settlement list cannot be read.
pub type MissingColumns = Vec<&'static str>;

/// How much a stay must tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// The list as it is claimed: all rows are known, and each tells whether it is on the list. For verdicts.
    Claimed,
    /// What is recorded so far, before there is a list: a row that does not tell counts as listed, and rows may
    /// still be to come. For forecasts (事中提醒) only.
    SoFar,
}

/// Codes in the order of their rows, the principal one apart.
struct Listed<T> {
    principal: Option<(Row<T>, Code)>,
    others: Vec<(Row<T>, Code)>,
}

impl<T> Listed<T> {
    const EMPTY: Self = Listed {
        principal: None,
        others: Vec::new(),
    };

    fn push(&mut self, row: Row<T>, code: Code, principal: Option<bool>) {
        match principal {
            Some(true) if self.principal.is_none() => self.principal = Some((row, code)),
            _ => self.others.push((row, code)),
        }
    }
}

impl SettlementList {
    /// Reads the list of a stay. Diagnoses of other classifications than `systems`, such as those of Chinese
    /// medicine, are left out; one whose classification is not recorded counts.
    ///
    /// # Errors
    /// The columns that are missing: where none of the diagnoses, or of some procedures, is the principal one;
    /// and, of a list as it is claimed, where rows are not all known or do not tell whether they are on it.
    pub fn read(
        batch: &Batch,
        stay: Row<Encounters>,
        systems: &[Code],
        reading: Reading,
    ) -> Result<Self, MissingColumns> {
        let diagnoses = diagnoses(batch, stay, systems, reading)?;
        let Some(diagnosis) = diagnoses.principal else {
            return Err(vec![match diagnoses.others.is_empty() {
                true => "diagnoses.codes",
                false => "diagnoses.principal",
            }]);
        };
        let procedures = procedures(batch, stay, reading)?;
        Ok(SettlementList {
            diagnosis,
            other_diagnoses: diagnoses.others,
            procedure: procedures.principal,
            other_procedures: procedures.others,
        })
    }

    /// The codes of all diagnoses, the principal one first.
    #[must_use]
    pub fn diagnosis_codes(&self) -> Vec<Code> {
        let others = self.other_diagnoses.iter();
        std::iter::once(self.diagnosis.1)
            .chain(others.map(|(_, code)| *code))
            .collect()
    }

    /// The codes of all procedures, the principal one first.
    #[must_use]
    pub fn procedure_codes(&self) -> Vec<Code> {
        self.procedures().map(|(_, code)| code).collect()
    }

    /// All procedures, the principal one first.
    pub fn procedures(&self) -> impl Iterator<Item = (Row<Procedures>, Code)> + '_ {
        let others = self.other_procedures.iter().copied();
        self.procedure.into_iter().chain(others)
    }
}

impl Reading {
    /// Whether a table is known well enough.
    fn suffices(self, presence: Presence) -> bool {
        self == Reading::SoFar || presence == Presence::Complete
    }

    /// Whether a row counts, by what it tells of itself; `None` where it does not tell enough.
    fn counts(self, on_list: Option<bool>) -> Option<bool> {
        on_list.or((self == Reading::SoFar).then_some(true))
    }
}

fn diagnoses(
    batch: &Batch,
    stay: Row<Encounters>,
    systems: &[Code],
    reading: Reading,
) -> Result<Listed<Diagnoses>, MissingColumns> {
    let table = batch.diagnoses();
    if !reading.suffices(batch.presence::<Diagnoses>()) {
        return Err(vec!["diagnoses.codes"]);
    }
    let mut listed = Listed::EMPTY;
    for row in table.of(stay) {
        let counts = reading.counts(table.on_settlement_list().get(row));
        let system = table.systems().get(row);
        if !counts.ok_or_else(|| vec!["diagnoses.on-settlement-list"])?
            || system.is_some_and(|system| !systems.contains(&system))
        {
            continue;
        }
        let code = table.codes().get(row);
        let code = code.ok_or_else(|| vec!["diagnoses.codes"])?;
        listed.push(row, code, table.principal().get(row));
    }
    Ok(listed)
}

fn procedures(
    batch: &Batch,
    stay: Row<Encounters>,
    reading: Reading,
) -> Result<Listed<Procedures>, MissingColumns> {
    let table = batch.procedures();
    if !reading.suffices(batch.presence::<Procedures>()) {
        return Err(vec!["procedures.codes"]);
    }
    let mut listed = Listed::EMPTY;
    for row in table.of(stay) {
        let counts = reading.counts(table.on_settlement_list().get(row));
        if counts.ok_or_else(|| vec!["procedures.on-settlement-list"])? {
            let code = table.codes().get(row);
            let code = code.ok_or_else(|| vec!["procedures.codes"])?;
            listed.push(row, code, table.principal().get(row));
        }
    }
    if listed.principal.is_none() && !listed.others.is_empty() {
        return Err(vec!["procedures.principal"]);
    }
    Ok(listed)
}
