//! A `[[trigger]]` (触发条件) of a manifest: what has to occur in a patient's data for the pack to say anything of that
//! patient.
//!
//! ```toml
//! [[trigger]]
//! column = "encounters.payment-methods"
//! parameters = ["drg_payment_methods"]
//! unrecorded = "ignored"
//!
//! [[trigger]]
//! column = "encounters.payment-groups"
//! values = ["0000"]
//! tables = ["drg.drg", "adrg.adrg"]
//! unrecorded = "ignored"
//! ```
//!
//! A trigger occurs where a value of its column begins with one of its codes: those written down, those of a parameter,
//! and those of a column of a knowledge table, whatever days they are valid on. One trigger is enough, in the whole data
//! of the patient, under review and history alike. A pack without triggers is asked about everybody.

use rulepack_contract::knowledge::ColumnType;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::schema::{Kind, TableId, ids};
use serde::{Deserialize, Serialize};

use super::check::{Checked, NAME_BYTES_MAX, count, distinct, refuse};
use super::{ColumnReference, Manifest};

/// A `[[trigger]]` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// A column of codes, of a table whose rows belong to patients.
    pub column: ColumnReference,
    /// Codes, or what they begin with. An empty text is every recorded code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Parameters that hold such codes, as they are set where the pack runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Columns of knowledge tables that hold such codes, as `<table>.<column>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<String>,
    /// What a row means in which the column is not recorded.
    #[serde(default, skip_serializing_if = "Unrecorded::is_occurrence")]
    pub unrecorded: Unrecorded,
}

/// What a row means in which the column of a trigger is not recorded. Where the whole column is not recorded, or not
/// granted, the pack is asked about everybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unrecorded {
    /// The trigger occurs: what is not known may be one of its codes.
    #[default]
    Occurs,
    /// It does not: the rules of the pack pass over such a row, and do not even abstain.
    Ignored,
}

/// Values written down in one trigger; more belong into a table.
const VALUES_MAX: usize = 1_000;

impl Trigger {
    /// The tables and columns of [`Trigger::tables`].
    pub fn knowledge(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tables.iter().filter_map(|name| name.split_once('.'))
    }
}

impl Unrecorded {
    /// Whether such a row asks for the pack.
    #[must_use]
    pub fn is_occurrence(&self) -> bool {
        *self == Unrecorded::Occurs
    }
}

impl Manifest {
    pub(super) fn check_triggers(&self) -> Checked {
        count("`trigger`", self.triggers.len(), self.bounds().tables)?;
        distinct("trigger.column", self.triggers.iter().map(|it| it.column))?;
        self.triggers
            .iter()
            .try_for_each(|it| self.check_trigger(it))
    }

    fn check_trigger(&self, trigger: &Trigger) -> Checked {
        let column = trigger.column;
        let declared = column.table.table().columns.get(column.column);
        let is_code = declared.is_some_and(|column| column.kind == Kind::Code);
        if !is_code || !is_of_patients(column.table) {
            let expected = "a column of codes, of a table whose rows belong to patients";
            return refuse("`trigger.column`", column, expected);
        }
        let field = |part: &str| format!("`trigger[{column}].{part}`");
        if trigger.values.len() + trigger.parameters.len() + trigger.tables.len() == 0 {
            let expected = "at least one of `values`, `parameters` and `tables`";
            return refuse(field("values"), "empty", expected);
        }
        count(&field("values"), trigger.values.len(), VALUES_MAX)?;
        let is_long = |value: &&String| value.len() > NAME_BYTES_MAX;
        if let Some(value) = trigger.values.iter().find(is_long) {
            return refuse(field("values"), value, "at most 64 bytes");
        }
        for name in &trigger.parameters {
            let declared = self.parameters.iter().find(|it| it.name == *name);
            let number = |value: &ParameterValue| matches!(value, ParameterValue::Integer(_));
            if declared.is_none_or(|it| number(&it.default)) {
                return refuse(field("parameters"), name, "a `[[parameter]]` of codes");
            }
        }
        let has_codes = |name: &&String| self.has_codes(name);
        match trigger.tables.iter().find(|name| !has_codes(name)) {
            None => Ok(()),
            Some(name) => {
                let expected = "`<table>.<column>` of a `[[table]]` and a column of type `code`";
                refuse(field("tables"), name, expected)
            }
        }
    }

    fn has_codes(&self, name: &str) -> bool {
        let Some((table, column)) = name.split_once('.') else {
            return false;
        };
        let table = self.tables.iter().find(|it| it.name == table);
        table.and_then(|table| table.columns.get(column)) == Some(&ColumnType::Code)
    }
}

/// Whether the chain of owners of a table ends with the patients.
fn is_of_patients(mut table: TableId) -> bool {
    while let Some((_, owner)) = table.table().owner() {
        table = owner;
    }
    table == ids::PATIENTS
}
