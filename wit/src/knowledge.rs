//! Knowledge tables (知识库): what a manifest declares of them, and their rows in memory.

use std::collections::BTreeMap;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::parameters::Setter;
use crate::schema::Kind;
use crate::units::{self, ValueError};

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
        "table `{table}` line {line}, column `{column}`: `{value}` is {problem}, expected {expected}"
    )]
    Value {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// The column.
        column: String,
        /// The refused value.
        value: String,
        /// What is wrong with it.
        problem: ValueError,
        /// What the column holds.
        expected: &'static str,
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

impl ColumnType {
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

/// Builds a table row by row, from any source that has a header and cells.
#[derive(Debug)]
pub struct TableBuilder<'a> {
    declaration: &'a TableDeclaration,
    /// For each cell of a row: column name and its values.
    columns: Vec<(String, ColumnType, Column)>,
    keys: HashMap<Vec<String>, u64>,
    rows: u32,
}

#[derive(Debug)]
struct Column {
    values: KnowledgeColumn,
    numbers: HashMap<String, u32>,
}

impl<'a> TableBuilder<'a> {
    /// Starts a table whose rows have cells under these headings.
    ///
    /// # Errors
    /// [`TableError::ColumnMissing`] and [`TableError::ColumnUndeclared`].
    pub fn new<'h>(
        declaration: &'a TableDeclaration,
        header: impl Iterator<Item = &'h str>,
    ) -> Result<Self, TableError> {
        let mut columns = Vec::new();
        for heading in header.map(str::trim) {
            let Some(&column_type) = declaration.columns.get(heading) else {
                return Err(TableError::ColumnUndeclared {
                    table: declaration.name.clone(),
                    column: heading.to_owned(),
                });
            };
            columns.push((heading.to_owned(), column_type, Column::new(column_type)));
        }
        for column in declaration.columns.keys() {
            if !columns.iter().any(|(name, ..)| name == column) {
                return Err(TableError::ColumnMissing {
                    table: declaration.name.clone(),
                    column: column.clone(),
                });
            }
        }
        Ok(TableBuilder {
            declaration,
            columns,
            keys: HashMap::new(),
            rows: 0,
        })
    }

    /// Adds a row; `line` is where it stands in its source.
    ///
    /// # Errors
    /// [`TableError::Value`] and [`TableError::DuplicateKey`].
    pub fn push<'c>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<(), TableError> {
        let cells: Vec<&str> = cells.map(str::trim).collect();
        for ((name, column_type, column), cell) in self
            .columns
            .iter_mut()
            .zip(cells.iter().copied().chain(std::iter::repeat("")))
        {
            column
                .push(*column_type, cell)
                .map_err(|problem| TableError::Value {
                    table: self.declaration.name.clone(),
                    line,
                    column: name.clone(),
                    value: cell.to_owned(),
                    problem,
                    expected: column_type.kind().map_or("a text", units::expectation),
                })?;
        }
        self.check_key(line, &cells)?;
        self.rows = self
            .rows
            .checked_add(1)
            .ok_or_else(|| TableError::TooManyRows {
                table: self.declaration.name.clone(),
            })?;
        Ok(())
    }

    /// The table.
    ///
    /// # Errors
    /// None today; kept so that whole-table checks have a place.
    pub fn finish(self) -> Result<KnowledgeTable, TableError> {
        Ok(KnowledgeTable {
            rows: self.rows,
            columns: self
                .columns
                .into_iter()
                .map(|(name, _, column)| (name, column.values))
                .collect(),
        })
    }

    fn check_key(&mut self, line: u64, cells: &[&str]) -> Result<(), TableError> {
        if self.declaration.key.is_empty() {
            return Ok(());
        }
        let key: Vec<String> = self
            .declaration
            .key
            .iter()
            .map(|wanted| {
                let cell = self.columns.iter().position(|(name, ..)| name == wanted);
                let cell = cell.and_then(|index| cells.get(index));
                cell.copied().unwrap_or_default().to_owned()
            })
            .collect();
        match self.keys.insert(key.clone(), line) {
            None => Ok(()),
            Some(first) => Err(TableError::DuplicateKey {
                table: self.declaration.name.clone(),
                line,
                first,
                key: key.join("/"),
            }),
        }
    }
}

impl Column {
    fn new(column_type: ColumnType) -> Self {
        let values = match column_type {
            ColumnType::Code | ColumnType::Text => KnowledgeColumn::Texts {
                dictionary: Vec::new(),
                rows: Vec::new(),
            },
            ColumnType::Day => KnowledgeColumn::Days(Vec::new()),
            _ => KnowledgeColumn::Integers(Vec::new()),
        };
        Column {
            values,
            numbers: HashMap::new(),
        }
    }

    fn push(&mut self, column_type: ColumnType, cell: &str) -> Result<(), ValueError> {
        match &mut self.values {
            KnowledgeColumn::Texts { dictionary, rows } => {
                let next = u32::try_from(dictionary.len()).map_err(|_| ValueError::OutOfRange)?;
                let number = *self.numbers.entry(cell.to_owned()).or_insert(next);
                if number == next {
                    dictionary.push(cell.to_owned());
                }
                rows.push(number);
            }
            KnowledgeColumn::Days(days) if cell.is_empty() => days.push(units::NOT_RECORDED_S32),
            KnowledgeColumn::Days(days) => days.push(units::parse_day(cell)?),
            KnowledgeColumn::Integers(values) if cell.is_empty() => {
                values.push(units::NOT_RECORDED_S64);
            }
            KnowledgeColumn::Integers(values) => {
                let places = column_type.kind().and_then(units::places).unwrap_or(0);
                values.push(units::parse_decimal(cell, places)?);
            }
        }
        Ok(())
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
