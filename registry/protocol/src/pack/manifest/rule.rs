//! A `[[rule]]` of a manifest.

use std::collections::BTreeMap;
use std::fmt;

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::{Scope, Stage};
use rulepack_contract::schema::{self, TableId};
use serde::{Deserialize, Serialize};

use super::Template;

/// A `[[rule]]` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Unique in the pack: `VBP-01`.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// The code of the national rule catalogue (两库), where it has one. Never a vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What a batch must hold for it.
    pub scope: Scope,
    /// When in the course of care it looks at data.
    pub stages: Vec<Stage>,
    /// 行为类 or 项目类.
    pub behaviour: Behaviour,
    /// What a finding leads to, by its certainty; see [`Rule::action`].
    #[serde(default)]
    pub action: BTreeMap<Certainty, Action>,
    /// The policy that it rests on, shown to clinicians beside the issuing name space.
    pub basis: String,
    /// The columns without which it is not evaluable.
    #[serde(default)]
    pub needs: Vec<ColumnReference>,
    /// The columns that it reads where they are recorded, and can do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<ColumnReference>,
    /// Its messages by name.
    #[serde(default)]
    pub messages: BTreeMap<String, Template>,
    /// Why it reads a column, for the reviewer who grants it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub why: BTreeMap<ColumnReference, String>,
}

/// What a rule judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behaviour {
    /// 行为类: what somebody did.
    #[serde(rename = "行为类")]
    Conduct,
    /// 项目类: a single item and its conditions.
    #[serde(rename = "项目类")]
    Item,
}

/// What a finding leads to, from mild to hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// 提醒
    Remind,
    /// 审核
    Review,
    /// 拦截
    Block,
}

impl Rule {
    /// What a finding of this certainty leads to: as declared, else a reminder.
    #[must_use]
    pub fn action(&self, certainty: Certainty) -> Action {
        self.action
            .get(&certainty)
            .copied()
            .unwrap_or(Action::Remind)
    }
}

/// A column of the contract: `purchases.delivered`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ColumnReference {
    /// The table.
    pub table: TableId,
    /// The place of the column in its table.
    pub column: usize,
}

/// Why a text is not a [`ColumnReference`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnReferenceError {
    /// Not two parts.
    #[error("column `{0}` is not of the form `<table>.<column>`")]
    NotTwoParts(String),
    /// The contract has no such table.
    #[error("column `{0}` is of no table of the contract")]
    Table(String),
    /// The table has no such column.
    #[error("column `{0}` is not in the table, expected one of {1}")]
    Column(String, String),
}

impl ColumnReference {
    /// The name of the table.
    #[must_use]
    pub fn table_name(&self) -> &'static str {
        self.table.table().name
    }

    /// The name of the column.
    #[must_use]
    pub fn column_name(&self) -> &'static str {
        let column = self.table.table().columns.get(self.column);
        column.map_or("", |column| column.name)
    }
}

impl std::str::FromStr for ColumnReference {
    type Err = ColumnReferenceError;

    fn from_str(text: &str) -> Result<Self, ColumnReferenceError> {
        let (table, column) = text
            .split_once('.')
            .ok_or_else(|| ColumnReferenceError::NotTwoParts(text.to_owned()))?;
        let table =
            schema::table(table).ok_or_else(|| ColumnReferenceError::Table(text.to_owned()))?;
        let column = table.table().column(column).ok_or_else(|| {
            let names = table.table().columns.iter();
            let names: Vec<String> = names.map(|column| format!("`{}`", column.name)).collect();
            ColumnReferenceError::Column(text.to_owned(), names.join(", "))
        })?;
        Ok(ColumnReference { table, column })
    }
}

impl TryFrom<String> for ColumnReference {
    type Error = ColumnReferenceError;

    fn try_from(text: String) -> Result<Self, ColumnReferenceError> {
        text.parse()
    }
}

impl From<ColumnReference> for String {
    fn from(reference: ColumnReference) -> String {
        reference.to_string()
    }
}

impl fmt::Display for ColumnReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.table_name(), self.column_name())
    }
}

impl fmt::Debug for ColumnReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_of_the_contract_or_refused_with_a_reason() {
        let column: ColumnReference = "totals.payment-groups".parse().unwrap();
        assert_eq!(column.to_string(), "totals.payment-groups");
        let refusal = |text: &str| text.parse::<ColumnReference>().unwrap_err().to_string();
        assert_eq!(
            refusal("orders"),
            "column `orders` is not of the form `<table>.<column>`"
        );
        assert_eq!(
            refusal("names.first"),
            "column `names.first` is of no table of the contract"
        );
        assert_eq!(
            refusal("denials.day"),
            "column `denials.day` is not in the table, expected one of `institutions`, \
             `departments`, `doctors`, `reasons`, `amounts`, `days`"
        );
    }
}
