//! A case: data, and the answer that is expected for it. Cases are sealed into a pack; the registry and
//! every host run them before they trust it.
//!
//! ```json
//! {
//!   "name": "an item outside the catalogue of the disease",
//!   "stage": "before", "scope": "patient", "today": "2026-11-22", "jurisdiction": "370303",
//!   "tables": {
//!     "patients":   [{"patient": "P1", "pooling-areas": "3703"}],
//!     "encounters": [{"encounter": "E1", "patients": "P1", "current": 1}],
//!     "orders":     [{"order": "O1", "encounters": "E1", "items": "XC08CAA112A001010100001"}]
//!   },
//!   "parameters": {"days_max": 84},
//!   "supplied": {"payment-standards": [{"group": "HC25", "standard": "12000.00"}]},
//!   "coverage": {"care-records": "partial"},
//!   "history": {"orders": "2026-01-01"},
//!   "expected": {
//!     "findings": [{"rule": "CHR-01", "certainty": "violation", "template": "outside",
//!                   "offending": [{"at": "orders/O1", "amount": "100.00"}]}],
//!     "notices": [], "measures": [], "abstentions": []
//!   }
//! }
//! ```
//!
//! Values are written as in [`crate::units`]; a row is `table/key`, or `table/n` (from 1, in the order of
//! the case) where the table has no key; a knowledge row is `table/n`. A table that is not named is
//! absent; one that is named is complete unless `coverage` says otherwise, and `history` says since when it is known.
//! In a finding, `arguments`, `related` and `evidence` are compared only where they are given; everything else always.

mod compare;
mod supplied;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::data::{Coverage, Data, DataBuilder, Presence, Reach, Rejection};
use crate::parameters::ParameterValue;
use crate::review::{Review, Scope, Stage};
use crate::schema;
use crate::units;

/// Data and the expected answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, as a phrase.
    pub name: String,
    /// When in the course of care.
    pub stage: Stage,
    /// What the data holds.
    pub scope: Scope,
    /// `2026-11-22`
    pub today: String,
    /// Division code of the place of care.
    pub jurisdiction: String,
    /// First and last day, in institution scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<(String, String)>,
    /// 触发场景
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scenes: Vec<String>,
    /// Rows by table.
    pub tables: BTreeMap<String, Vec<Row>>,
    /// What differs from the defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Knowledge tables that somebody else supplies.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplied: BTreeMap<String, Vec<Row>>,
    /// Tables that are not complete.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub coverage: BTreeMap<String, CasePresence>,
    /// The first day from which a table is known, where that is limited.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<String, String>,
    /// How far history reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<CaseReach>,
    /// The answer.
    pub expected: Expected,
}

/// Cells by column, and the key.
pub type Row = BTreeMap<String, Cell>;

/// A value as people write it: a JSON text, number or boolean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell(pub String);

/// As [`Presence`], for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CasePresence {
    /// Not recorded.
    Absent,
    /// Some rows are known.
    Partial,
    /// All rows are known.
    Complete,
}

/// As [`Reach`], for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseReach {
    /// This institution only.
    Institution,
    /// 统筹区
    PoolingArea,
    /// 省
    Province,
}

/// The answer that is expected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Breaches, and suspicions of one.
    #[serde(default)]
    pub findings: Vec<ExpectedFinding>,
    /// What to keep in mind.
    #[serde(default)]
    pub notices: Vec<ExpectedNotice>,
    /// Statistics.
    #[serde(default)]
    pub measures: Vec<ExpectedMeasure>,
    /// What could not be evaluated.
    #[serde(default)]
    pub abstentions: Vec<ExpectedAbstention>,
}

/// A finding that is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFinding {
    /// Id of the rule.
    pub rule: String,
    /// How sure.
    pub certainty: crate::answer::Certainty,
    /// 违规项
    pub offending: Vec<ExpectedItem>,
    /// 涉及项
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Vec<ExpectedItem>>,
    /// Which template.
    pub template: String,
    /// Figures as they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<BTreeMap<String, Cell>>,
    /// Rows of knowledge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Vec<String>>,
}

/// A row with the money at stake in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedItem {
    /// `table/key`
    pub at: String,
    /// CNY.
    #[serde(default = "Cell::zero_money")]
    pub amount: Cell,
}

/// A notice that is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedNotice {
    /// Id of the rule.
    pub rule: String,
    /// `table/key`
    pub about: Vec<String>,
    /// Which template.
    pub template: String,
    /// Figures as they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<BTreeMap<String, Cell>>,
}

/// A statistic that is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedMeasure {
    /// Id of the rule.
    pub rule: String,
    /// `table/key`
    pub about: String,
    /// Above the line, as stored.
    pub numerator: i64,
    /// Below the line, as stored.
    pub denominator: i64,
}

/// An abstention that is expected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExpectedAbstention {
    /// Id of the rule.
    pub rule: String,
    /// `table/key`
    pub about: String,
    /// The columns that were missing.
    pub missing: Vec<String>,
}

/// What is wrong with a case as it is written.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A table that the contract does not have.
    #[error("case `{case}` names the table `{table}`, which the contract does not have")]
    UnknownTable {
        /// The case.
        case: String,
        /// The table.
        table: String,
    },
    /// A column that the table does not have.
    #[error("case `{case}` names the column `{table}.{column}`, which the contract does not have")]
    UnknownColumn {
        /// The case.
        case: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Rows that cannot be read.
    #[error("case `{case}` has a row that cannot be read: {rejection}")]
    Row {
        /// The case.
        case: String,
        /// The first such row.
        rejection: Rejection,
    },
    /// A day that cannot be read.
    #[error("case `{case}` has the day `{value}`, expected one such as `2026-11-22`")]
    Day {
        /// The case.
        case: String,
        /// What stands there.
        value: String,
    },
    /// A scope that is in the contract, and that nothing evaluates.
    #[error(
        "case `{case}` has the scope `region`, expected `patient` or `institution`: no program gives a rule \
         several institutions at once"
    )]
    Region {
        /// The case.
        case: String,
    },
    /// A supplied table that the manifest does not declare, or with a wrong value.
    #[error("case `{case}` supplies a table that cannot be read: {source}")]
    Supplied {
        /// The case.
        case: String,
        /// What is wrong with it.
        source: crate::knowledge::TableError,
    },
    /// A supplied table that the manifest does not declare.
    #[error("case `{case}` supplies the table `{table}`, which the manifest does not declare")]
    UndeclaredTable {
        /// The case.
        case: String,
        /// The table.
        table: String,
    },
}

impl Case {
    /// The data of the case.
    ///
    /// # Errors
    /// [`CaseError`] where a table, column or value is not of the contract: every row must be sound.
    pub fn data(&self) -> Result<Data, CaseError> {
        let mut builder = DataBuilder::new();
        for (name, rows) in &self.tables {
            self.add_table(&mut builder, name, rows)?;
        }
        let limited: BTreeSet<&String> = self.coverage.keys().chain(self.history.keys()).collect();
        for name in limited {
            let table = self.table(name)?;
            let presence = self.coverage.get(name).copied();
            let start = self.history.get(name).map(|start| self.day(start));
            let coverage = Coverage {
                presence: presence.unwrap_or(CasePresence::Complete).into(),
                history_start: start.transpose()?.unwrap_or(units::NOT_RECORDED_S32),
            };
            builder.cover(table, coverage);
        }
        if let Some(reach) = self.reach {
            builder.reach(reach.into());
        }
        let (data, rejections) = builder.finish();
        match rejections.into_iter().next() {
            None => Ok(data),
            Some(rejection) => Err(CaseError::Row {
                case: self.name.clone(),
                rejection,
            }),
        }
    }

    /// The circumstances of the case.
    ///
    /// # Errors
    /// [`CaseError::Day`] and [`CaseError::Region`].
    pub fn review(&self) -> Result<Review, CaseError> {
        if self.scope == Scope::Region {
            let case = self.name.clone();
            return Err(CaseError::Region { case });
        }
        let period = match &self.period {
            None => (units::NOT_RECORDED_S32, units::NOT_RECORDED_S32),
            Some((first, last)) => (self.day(first)?, self.day(last)?),
        };
        Ok(Review {
            stage: self.stage,
            scope: self.scope,
            scenes: self.scenes.clone(),
            today: self.day(&self.today)?,
            jurisdiction: self.jurisdiction.clone(),
            period,
        })
    }

    fn day(&self, text: &str) -> Result<i32, CaseError> {
        units::parse_day(text).map_err(|_| CaseError::Day {
            case: self.name.clone(),
            value: text.to_owned(),
        })
    }

    fn add_table(
        &self,
        builder: &mut DataBuilder,
        name: &str,
        rows: &[Row],
    ) -> Result<(), CaseError> {
        let table = self.table(name)?;
        builder.declare(table, []);
        for (line, row) in (1..).zip(rows) {
            let mut cells = Vec::with_capacity(row.len());
            let mut key = "";
            for (heading, cell) in row {
                if table.table().key() == Some(heading.as_str()) {
                    key = &cell.0;
                } else if let Some(column) = table.table().column(heading) {
                    cells.push((column, cell.0.as_str()));
                } else {
                    return Err(CaseError::UnknownColumn {
                        case: self.name.clone(),
                        table: name.to_owned(),
                        column: heading.clone(),
                    });
                }
            }
            builder.push(table, line, key, cells);
        }
        Ok(())
    }

    fn table(&self, name: &str) -> Result<schema::TableId, CaseError> {
        schema::table(name).ok_or_else(|| CaseError::UnknownTable {
            case: self.name.clone(),
            table: name.to_owned(),
        })
    }
}

impl Cell {
    fn zero_money() -> Self {
        Cell("0.00".into())
    }
}

impl From<CasePresence> for Presence {
    fn from(presence: CasePresence) -> Self {
        match presence {
            CasePresence::Absent => Presence::Absent,
            CasePresence::Partial => Presence::Partial,
            CasePresence::Complete => Presence::Complete,
        }
    }
}

impl From<CaseReach> for Reach {
    fn from(reach: CaseReach) -> Self {
        match reach {
            CaseReach::Institution => Reach::Institution,
            CaseReach::PoolingArea => Reach::PoolingArea,
            CaseReach::Province => Reach::Province,
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl de::Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, `true`, `false` or null; write decimals as texts")
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Cell, E> {
        Ok(Cell(value.to_owned()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell(value.to_string()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell(value.to_string()))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell(u8::from(value).to_string()))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Cell, E> {
        Ok(Cell(String::new()))
    }
}

#[cfg(test)]
mod tests;
