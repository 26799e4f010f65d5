//! Knowledge tables (知识库): what a manifest declares of them, and their rows in memory.

mod builder;
mod csv_file;
mod error;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parameters::Setter;
use crate::schema::Kind;
use crate::units;

pub use builder::TableBuilder;
pub use csv_file::line_of;
pub use error::TableError;

/// A `[[table]]` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDeclaration {
    /// The name by which rules ask for it.
    pub name: String,
    /// Where its rows stand in the source of the pack; none where somebody else supplies it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its columns and their types.
    pub columns: BTreeMap<String, ColumnType>,
    /// The columns that tell its rows apart; empty where rows may repeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// The columns of which no row may leave the cell empty (必填): whoever reads the rows refuses one that does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// Who supplies the rows.
    #[serde(default)]
    pub supplied_by: Supplier,
    /// What people call it (表名): the name of its sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What people call its columns (表头), by column: `item = "医保编码"`. A file may have either name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headings: BTreeMap<String, String>,
    /// The words that a column of texts takes, where it takes some only, each with what people call it:
    /// `scope = { day = "单日" }`. A file may have either, the pack holds the word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<String, BTreeMap<String, String>>,
}

/// Who supplies the rows of a knowledge table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Supplier {
    /// The pack itself.
    #[default]
    Pack,
    /// 省
    Province,
    /// 市
    City,
    /// 医院
    Hospital,
}

impl Supplier {
    /// The same as a setter of parameters, where it is not the pack itself.
    #[must_use]
    pub fn setter(self) -> Option<Setter> {
        match self {
            Supplier::Pack => None,
            Supplier::Province => Some(Setter::Province),
            Supplier::City => Some(Setter::City),
            Supplier::Hospital => Some(Setter::Hospital),
        }
    }
}

/// What a column of a knowledge table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// A code of some vocabulary.
    Code,
    /// A whole number.
    Integer,
    /// A day.
    Day,
    /// A text for people.
    Text,
    /// CNY with 2 decimals, in fen.
    Money,
    /// CNY with 6 decimals, in millionths.
    UnitPrice,
    /// With 4 decimals, in ten-thousandths.
    Quantity,
    /// With 4 decimals, in ten-thousandths.
    Ratio,
}

/// The rows of a knowledge table, as columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnowledgeTable {
    /// How many rows every column has.
    pub rows: u32,
    /// The columns by name.
    pub columns: BTreeMap<String, KnowledgeColumn>,
}

/// A column of a knowledge table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnowledgeColumn {
    /// Codes and texts: each row says which text of the dictionary it holds; the dictionary is in the
    /// order of first use, and its empty text is "not recorded".
    Texts {
        /// The distinct texts.
        dictionary: Vec<String>,
        /// One number into the dictionary a row.
        rows: Vec<u32>,
    },
    /// Whole numbers, money, prices, quantities and ratios in the units of the contract.
    Integers(Vec<i64>),
    /// Days from 1970-01-01.
    Days(Vec<i32>),
}

impl TableDeclaration {
    /// The column that a heading names, by its own name or by what people call it; spaces and line breaks, which
    /// people put into headings to make columns narrow, tell nothing.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<(&str, ColumnType)> {
        let letters = |text: &str| text.split_whitespace().collect::<String>();
        let called = || {
            let heading = letters(heading);
            let mut headings = self.headings.iter();
            headings.find(|(_, called)| letters(called) == heading)
        };
        let name = match self.columns.contains_key(heading) {
            true => heading,
            false => called()?.0,
        };
        let (name, column_type) = self.columns.get_key_value(name)?;
        Some((name, *column_type))
    }

    /// The word of a column that a cell means, by itself or by what people call it; `None` where the column
    /// takes some words only, and this is none of them.
    #[must_use]
    pub fn word<'a>(&'a self, column: &str, cell: &'a str) -> Option<&'a str> {
        let Some(words) = self.words.get(column).filter(|_| !cell.is_empty()) else {
            return Some(cell);
        };
        if words.contains_key(cell) {
            return Some(cell);
        }
        let mut words = words.iter();
        let (word, _) = words.find(|(_, called)| *called == cell)?;
        Some(word)
    }

    /// What people call a word of a column.
    #[must_use]
    pub fn called<'a>(&'a self, column: &str, word: &'a str) -> &'a str {
        let words = self.words.get(column);
        let called = words.and_then(|words| words.get(word));
        called.map_or(word, String::as_str)
    }

    /// Whether no row may leave its cell of this column empty.
    #[must_use]
    pub fn requires(&self, column: &str) -> bool {
        self.required.iter().any(|required| required == column)
    }

    /// What people call a column: its heading, else its name.
    #[must_use]
    pub fn heading<'a>(&'a self, column: &'a str) -> &'a str {
        self.headings.get(column).map_or(column, String::as_str)
    }
}

impl ColumnType {
    /// What is expected of a cell, as a phrase for people.
    #[must_use]
    pub fn expectation(self) -> &'static str {
        self.kind().map_or("a text", units::expectation)
    }

    /// The kind of value that this type writes in the same way; `None` for codes and texts.
    #[must_use]
    pub const fn kind(self) -> Option<Kind> {
        match self {
            ColumnType::Code | ColumnType::Text => None,
            ColumnType::Integer => Some(Kind::Count),
            ColumnType::Day => Some(Kind::Day),
            ColumnType::Money => Some(Kind::Money),
            ColumnType::UnitPrice => Some(Kind::UnitPrice),
            ColumnType::Quantity => Some(Kind::Quantity),
            ColumnType::Ratio => Some(Kind::Ratio),
        }
    }
}

impl KnowledgeTable {
    /// A cell as people write it; empty where it is not recorded, or the table has no such column.
    #[must_use]
    pub fn cell(&self, declaration: &TableDeclaration, column: &str, row: u32) -> String {
        let column_type = declaration.columns.get(column).copied();
        let values = self.columns.get(column);
        values.map_or_else(String::new, |values| values.cell(column_type, row))
    }

    /// The code or text of a row, where the column holds such.
    #[must_use]
    pub fn text(&self, column: &str, row: u32) -> Option<&str> {
        match self.columns.get(column)? {
            KnowledgeColumn::Texts { dictionary, rows } => {
                let number = *rows.get(row as usize)?;
                dictionary.get(number as usize).map(String::as_str)
            }
            _ => None,
        }
    }
}

/// A cell, as it is compared and sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KnowledgeValue<'a> {
    /// Not recorded; or the table has no such column or row.
    Nothing,
    /// A code or a text.
    Text(&'a str),
    /// In the units of the contract.
    Number(i64),
    /// Days from 1970-01-01.
    Day(i32),
}

impl KnowledgeColumn {
    /// What a row holds.
    #[must_use]
    pub fn value(&self, row: u32) -> KnowledgeValue<'_> {
        let row = row as usize;
        let value = match self {
            KnowledgeColumn::Texts { dictionary, rows } => rows
                .get(row)
                .and_then(|number| dictionary.get(*number as usize))
                .filter(|text| !text.is_empty())
                .map(|text| KnowledgeValue::Text(text)),
            KnowledgeColumn::Integers(values) => values
                .get(row)
                .filter(|value| **value != units::NOT_RECORDED_S64)
                .map(|value| KnowledgeValue::Number(*value)),
            KnowledgeColumn::Days(days) => days
                .get(row)
                .filter(|day| **day != units::NOT_RECORDED_S32)
                .map(|day| KnowledgeValue::Day(*day)),
        };
        value.unwrap_or(KnowledgeValue::Nothing)
    }

    /// A cell as people write it; empty where it is not recorded.
    #[must_use]
    pub fn cell(&self, column_type: Option<ColumnType>, row: u32) -> String {
        match self.value(row) {
            KnowledgeValue::Nothing => String::new(),
            KnowledgeValue::Text(text) => text.to_owned(),
            KnowledgeValue::Day(day) => units::format_day(day),
            KnowledgeValue::Number(number) => {
                let kind = column_type.and_then(ColumnType::kind);
                units::format_short(number, kind.and_then(units::places).unwrap_or(0))
            }
        }
    }
}
