//! The relevance prefilter: patients in whose data no trigger of a pack occurs are not put before it.
//!
//! Judged by the host's own code over the whole columns of the data, before anything is numbered for an instance. What
//! a pack says of such a patient all the same, because the patient was batched with others, is dropped: so the answer
//! to a patient is the same in every batch.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use rulepack_contract::answer::{Answer, RowReference};
use rulepack_contract::data::{Data, Values};
use rulepack_contract::knowledge::KnowledgeColumn;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::schema::{TableId, ids};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::pack::manifest::{Trigger, Unrecorded};

use crate::input::Grants;
use crate::state::Inputs;

/// The triggers of a pack, with the codes that they have at this hospital.
#[derive(Debug)]
pub(crate) struct Triggers {
    columns: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    table: TableId,
    column: usize,
    codes: Prefixes,
    unrecorded: Unrecorded,
}

/// The patients in whose data a trigger occurs, by row.
#[derive(Debug)]
pub(crate) struct Relevant {
    patients: Vec<bool>,
}

impl Triggers {
    /// `None` where the pack declares none, or may not read the column of one: then it is asked about everybody.
    pub(crate) fn new(manifest: &Manifest, inputs: &Inputs, grants: &Grants) -> Option<Self> {
        let granted = |it: &Trigger| grants.column(it.column.table, it.column.column);
        let triggers = &manifest.triggers;
        if triggers.is_empty() || !triggers.iter().all(granted) {
            return None;
        }
        let column = |trigger: &Trigger| Column {
            table: trigger.column.table,
            column: trigger.column.column,
            codes: Prefixes::new(codes(trigger, inputs)),
            unrecorded: trigger.unrecorded,
        };
        Some(Triggers {
            columns: triggers.iter().map(column).collect(),
        })
    }

    /// `None` where the column of a trigger is not recorded: then everybody is relevant.
    pub(crate) fn relevant(&self, data: &Data) -> Option<Relevant> {
        let mut patients = vec![false; data.rows(ids::PATIENTS) as usize];
        for column in &self.columns {
            let Some(Values::U32(numbers)) = data.values(column.table, column.column) else {
                return None;
            };
            column.mark(data, numbers, &mut patients);
        }
        Some(Relevant { patients })
    }
}

/// What each number of the data's texts is for a column, noted when it is first met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Met {
    #[default]
    Never,
    Nothing,
    Trigger,
}

impl Column {
    /// Marks the patients of the rows in which the trigger occurs.
    fn mark(&self, data: &Data, numbers: &[u32], patients: &mut [bool]) {
        let table = self.table.number();
        let mut met = vec![Met::Never; data.codes().len()];
        for (row, number) in (0..).zip(numbers) {
            let Some(noted) = met.get_mut(*number as usize) else {
                continue;
            };
            if *noted == Met::Never {
                *noted = match self.occurs(data.codes().text(*number).unwrap_or_default()) {
                    true => Met::Trigger,
                    false => Met::Nothing,
                };
            }
            if *noted == Met::Trigger
                && let Some(patient) = data.owner(RowReference { table, row }, ids::PATIENTS)
                && let Some(mark) = patients.get_mut(patient as usize)
            {
                *mark = true;
            }
        }
    }

    fn occurs(&self, text: &str) -> bool {
        match text.is_empty() {
            true => self.unrecorded.is_occurrence(),
            false => self.codes.begin(text),
        }
    }
}

impl Relevant {
    /// Whether a trigger occurs in the data of this patient.
    pub(crate) fn is(&self, patient: u32) -> bool {
        self.patients.get(patient as usize) == Some(&true)
    }

    /// Whether one occurs in that of any of these.
    pub(crate) fn any(&self, mut patients: Range<u32>) -> bool {
        patients.any(|patient| self.is(patient))
    }

    /// How many there are without one.
    pub(crate) fn left_out(&self) -> u64 {
        self.patients.iter().filter(|is| !**is).count() as u64
    }

    /// Drops what is said of patients without a trigger alone.
    pub(crate) fn keep(&self, data: &Data, answer: &mut Answer) {
        let keeps = |rows: &mut dyn Iterator<Item = RowReference>| {
            let patient = |at| data.owner(at, ids::PATIENTS);
            let patients: Vec<u32> = rows.filter_map(patient).collect();
            patients.is_empty() || patients.iter().any(|patient| self.is(*patient))
        };
        answer.findings.retain(|finding| {
            let items = finding.offending.iter().chain(&finding.related);
            keeps(&mut items.map(|item| item.at))
        });
        answer
            .notices
            .retain(|notice| keeps(&mut notice.about.iter().copied()));
        answer
            .measures
            .retain(|it| keeps(&mut [it.about].into_iter()));
        answer
            .abstentions
            .retain(|it| keeps(&mut [it.about].into_iter()));
    }
}

/// The codes of a trigger: written down, of parameters as they are set, and of knowledge as it is supplied.
fn codes<'a>(trigger: &'a Trigger, inputs: &'a Inputs) -> Vec<&'a str> {
    let mut codes: Vec<&str> = trigger.values.iter().map(String::as_str).collect();
    for name in &trigger.parameters {
        match inputs.parameters.get(name) {
            Some(ParameterValue::Codes(values)) => codes.extend(values.iter().map(String::as_str)),
            Some(ParameterValue::Text(value)) => codes.push(value),
            Some(ParameterValue::Integer(_)) | None => {}
        }
    }
    for (table, column) in trigger.knowledge() {
        let column = inputs
            .tables
            .get(table)
            .and_then(|it| it.columns.get(column));
        // A row without a code may be about every code: its empty text is the beginning of all of them.
        if let Some(KnowledgeColumn::Texts { dictionary, .. }) = column {
            codes.extend(dictionary.iter().map(String::as_str));
        }
    }
    codes
}

/// Texts, found by those that they are the beginning of.
#[derive(Debug)]
struct Prefixes {
    /// How many bytes they have, ascending, each length once.
    lengths: Vec<usize>,
    texts: HashSet<Box<str>>,
}

impl Prefixes {
    fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: HashSet<Box<str>> = texts.into_iter().map(Box::from).collect();
        let lengths: BTreeSet<usize> = texts.iter().map(|text| text.len()).collect();
        Prefixes {
            lengths: lengths.into_iter().collect(),
            texts,
        }
    }

    /// Whether one of them is the beginning of this text.
    fn begin(&self, text: &str) -> bool {
        let lengths = self
            .lengths
            .iter()
            .take_while(|length| **length <= text.len());
        let mut beginnings = lengths.filter_map(|length| text.get(..*length));
        beginnings.any(|beginning| self.texts.contains(beginning))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_is_found_by_exactly_its_beginnings(
            texts in proptest::collection::vec("[ab药]{0,3}", 0..6),
            text in "[ab药]{0,5}",
        ) {
            let expected = texts.iter().any(|beginning| text.starts_with(beginning));
            prop_assert_eq!(Prefixes::new(texts.iter().map(String::as_str)).begin(&text), expected);
        }
    }
}
