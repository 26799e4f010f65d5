//! Knowledge tables (知识库): what a manifest declares of them, and their rows in memory.

mod builder;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::parameters::Setter;
use crate::schema::Kind;
use crate::units::{self, ValueError};

pub use builder::TableBuilder;

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
    /// Who supplies the rows.
    #[serde(default)]
    pub supplied_by: Supplier,
    /// What people call it (表名): the name of its sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What people call its columns (表头), by column: `item = "医保编码"`. A file may have either name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headings: BTreeMap<String, String>,
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

/// What is wrong with a knowledge table as people wrote it.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file is not CSV.
    #[error("table `{table}` is not a CSV file in UTF-8: {source}")]
    Csv {
        /// The table.
        table: String,
        /// What the reader said.
        source: csv::Error,
    },
    /// A declared column is not in the header.
    #[error("table `{table}` has no column `{column}`")]
    ColumnMissing {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column stands in the header twice.
    #[error("table `{table}` has the column `{column}` twice")]
    ColumnTwice {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// The header has a column that is not declared.
    #[error("table `{table}` has the column `{column}`, which the manifest does not declare")]
    ColumnUndeclared {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A value is not of the declared type.
    #[error(
        "table `{table}` line {line}, column `{column}`: `{value}` is {problem}, expected {}",
        .column_type.expectation()
    )]
    Value {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// The column, as the header names it.
        column: String,
        /// The refused value.
        value: String,
        /// What is wrong with it.
        problem: ValueError,
        /// What the column holds.
        column_type: ColumnType,
    },
    /// Two rows have the same key.
    #[error("table `{table}` line {line} has the same key `{key}` as line {first}")]
    DuplicateKey {
        /// The table.
        table: String,
        /// The later line.
        line: u64,
        /// The earlier line.
        first: u64,
        /// The values of the key, joined with `/`.
        key: String,
    },
    /// More rows than 32 bits count.
    #[error("table `{table}` has too many rows")]
    TooManyRows {
        /// The table.
        table: String,
    },
}

impl TableDeclaration {
    /// The column that a heading names, by its own name or by what people call it.
    #[must_use]
    pub fn column(&self, heading: &str) -> Option<(&str, ColumnType)> {
        let called = || self.headings.iter().find(|(_, called)| *called == heading);
        let name = match self.columns.contains_key(heading) {
            true => heading,
            false => called()?.0,
        };
        let (name, column_type) = self.columns.get_key_value(name)?;
        Some((name, *column_type))
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
    /// Reads a table from CSV with a header of the declared column names, in any order.
    ///
    /// # Errors
    /// [`TableError`], which names line, column and value.
    pub fn from_csv(declaration: &TableDeclaration, bytes: &[u8]) -> Result<Self, TableError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
        let failed = |source| TableError::Csv {
            table: declaration.name.clone(),
            source,
        };
        let header = reader.headers().map_err(failed)?.clone();
        let mut builder = TableBuilder::new(declaration, header.iter())?;
        for record in reader.records() {
            let record = record.map_err(failed)?;
            let line = record.position().map_or(0, csv::Position::line);
            builder.push(line, record.iter())?;
        }
        builder.finish()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn declaration() -> TableDeclaration {
        TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.csv".into()),
            columns: [
                ("item".to_owned(), ColumnType::Code),
                ("price".to_owned(), ColumnType::Money),
                ("valid_from".to_owned(), ColumnType::Day),
            ]
            .into(),
            key: vec!["item".into(), "valid_from".into()],
            supplied_by: Supplier::Pack,
            title: None,
            headings: [("item".to_owned(), "医保编码".to_owned())].into(),
        }
    }

    fn refusal(csv: &str) -> String {
        KnowledgeTable::from_csv(&declaration(), csv.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_table_reads_into_columns() {
        let csv = "\u{feff}valid_from,item,price\n2026-01-01,A,1.50\n,B,\n2026-02-01,A,2\n";
        let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
        assert_eq!(table.rows, 3);
        assert_eq!(table.text("item", 2), Some("A"));
        assert_eq!(
            table.columns["price"],
            KnowledgeColumn::Integers(vec![150, units::NOT_RECORDED_S64, 200])
        );
        assert_eq!(
            table.columns["valid_from"],
            KnowledgeColumn::Days(vec![20_454, units::NOT_RECORDED_S32, 20_485])
        );
    }

    #[test]
    fn a_header_may_name_columns_as_people_do_and_cells_are_written_as_they_were_read() {
        let csv = "valid_from,医保编码,price\n2026-01-01,A,1.50\n,B,\n";
        let declaration = declaration();
        let table = KnowledgeTable::from_csv(&declaration, csv.as_bytes()).unwrap();
        let cells = |row| {
            ["item", "price", "valid_from", "none"].map(|name| table.cell(&declaration, name, row))
        };
        assert_eq!(cells(0), ["A", "1.5", "2026-01-01", ""]);
        assert_eq!(cells(1), ["B", "", "", ""]);
        assert_eq!(
            refusal("医保编码,item,price,valid_from\n"),
            "table `limits` has the column `item` twice"
        );
        assert_eq!(
            refusal("price,valid_from\n"),
            "table `limits` has no column `医保编码`"
        );
    }

    #[test]
    fn errors_name_line_column_and_value() {
        assert_eq!(
            refusal("item,price,valid_from\nA,1.505,2026-01-01\n"),
            "table `limits` line 2, column `price`: `1.505` is more than 2 decimals, expected an \
             amount in CNY with at most 2 decimals, such as `12.30`"
        );
        assert_eq!(
            refusal("item,price\nA,1\n"),
            "table `limits` has no column `valid_from`"
        );
        assert_eq!(
            refusal("item,price,valid_from,note\n"),
            "table `limits` has the column `note`, which the manifest does not declare"
        );
        assert_eq!(
            refusal("item,price,valid_from\nA,1,2026-01-01\nA,2,2026-01-01\n"),
            "table `limits` line 3 has the same key `A/2026-01-01` as line 2"
        );
        assert!(
            refusal("item,price,valid_from\nA,1\n")
                .starts_with("table `limits` is not a CSV file in UTF-8: ")
        );
        let bytes = b"item,price,valid_from\n\xff,1,2026-01-01\n";
        let error = KnowledgeTable::from_csv(&declaration(), bytes).unwrap_err();
        assert!(error.to_string().contains("invalid utf-8"), "{error}");
    }
}
