//! What a pack answers: interface `answers` of the contract, with the codes already told as texts.

use serde::{Deserialize, Serialize};

use crate::units::{format_day, format_decimal, format_short};

/// All that a pack said of a batch. Rows are those of the batch, or of the whole data where the host
/// says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Breaches, and suspicions of one.
    pub findings: Vec<Finding>,
    /// What to keep in mind.
    pub notices: Vec<Notice>,
    /// Statistics.
    pub measures: Vec<Measure>,
    /// What could not be evaluated.
    pub abstentions: Vec<Abstention>,
}

/// A row of a table of the contract, by the number of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowReference {
    /// Number of the table, from 1.
    pub table: u8,
    /// Row of the table, from 0.
    pub row: u32,
}

/// A row of a knowledge table, by the order of tables in the manifest, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnowledgeReference {
    /// Place of the table in the manifest, from 0.
    pub table: u8,
    /// Row of the table, from 0.
    pub row: u32,
}

/// A row with the money at stake in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// The row.
    pub at: RowReference,
    /// Fen.
    pub amount: i64,
}

/// A figure that fills a place in a template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// A number of things.
    Count(i64),
    /// Fen.
    Money(i64),
    /// Millionths of a CNY.
    UnitPrice(i64),
    /// Ten-thousandths of a unit.
    Quantity(i64),
    /// Ten-thousandths.
    Ratio(i64),
    /// Days from 1970-01-01.
    Day(i32),
    /// The text of a code.
    Term(String),
}

/// A named figure.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Argument {
    /// As in the template.
    pub name: String,
    /// The figure.
    pub value: Value,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// 明确违规: the record itself shows the breach.
    Violation,
    /// 高度可疑: a person has to look.
    HighSuspicion,
    /// 轻度可疑.
    LowSuspicion,
}

impl Certainty {
    /// The official words.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Certainty::Violation => "明确违规",
            Certainty::HighSuspicion => "高度可疑",
            Certainty::LowSuspicion => "轻度可疑",
        }
    }
}

/// A breach, or the suspicion of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// Id of a rule of the manifest.
    pub rule: String,
    /// How sure.
    pub certainty: Certainty,
    /// 违规项, the one to act on first.
    pub offending: Vec<Item>,
    /// 涉及项.
    pub related: Vec<Item>,
    /// Which template of the rule to show.
    pub template: String,
    /// Its figures.
    pub arguments: Vec<Argument>,
    /// Rows of knowledge that it rests on.
    pub evidence: Vec<KnowledgeReference>,
}

/// Not a breach: what is left of a limit, what to keep in mind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Notice {
    /// Id of a rule of the manifest.
    pub rule: String,
    /// The rows that it is about.
    pub about: Vec<RowReference>,
    /// Which template of the rule to show.
    pub template: String,
    /// Its figures.
    pub arguments: Vec<Argument>,
}

/// A statistic, for indicators and time series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Measure {
    /// Id of a rule of the manifest.
    pub rule: String,
    /// The row that it is about.
    pub about: RowReference,
    /// Above the line.
    pub numerator: i64,
    /// Below the line.
    pub denominator: i64,
}

/// Not evaluable for this row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Abstention {
    /// Id of a rule of the manifest.
    pub rule: String,
    /// The row that it is about.
    pub about: RowReference,
    /// The columns that were missing: `orders.supply-days`.
    pub missing: Vec<String>,
}

impl Answer {
    /// Puts everything into the one order that does not depend on how a pack or a batch was run.
    pub fn sort(&mut self) {
        self.findings.sort();
        self.notices.sort();
        self.measures.sort();
        self.abstentions.sort();
    }

    /// Adds another answer to this one.
    pub fn append(&mut self, mut other: Answer) {
        self.findings.append(&mut other.findings);
        self.notices.append(&mut other.notices);
        self.measures.append(&mut other.measures);
        self.abstentions.append(&mut other.abstentions);
    }
}

impl Finding {
    /// Fen at stake in the offending rows.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.offending
            .iter()
            .fold(0, |sum: i64, item| sum.saturating_add(item.amount))
    }
}

impl Value {
    /// As people read it in a message: money with two decimals, a ratio in per cent.
    #[must_use]
    pub fn display(&self) -> String {
        match self {
            Value::Count(count) => count.to_string(),
            Value::Money(fen) => format_decimal(*fen, 2),
            Value::UnitPrice(price) => format_short(*price, 6),
            Value::Quantity(quantity) => format_short(*quantity, 4),
            Value::Ratio(ratio) => format!("{}%", format_short(*ratio, 2)),
            Value::Day(day) => format_day(*day),
            Value::Term(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_as_people_write_them() {
        let shown = |value: Value| value.display();
        assert_eq!(shown(Value::Money(-1230)), "-12.30");
        assert_eq!(shown(Value::Ratio(5_000)), "50%");
        assert_eq!(shown(Value::Ratio(1)), "0.01%");
        assert_eq!(shown(Value::Quantity(70_000)), "7");
        assert_eq!(shown(Value::UnitPrice(1_500_000)), "1.5");
        assert_eq!(shown(Value::Day(20_779)), "2026-11-22");
        assert_eq!(shown(Value::Term("I10".into())), "I10");
    }
}
