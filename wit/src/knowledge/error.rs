//! What is wrong with a knowledge table as people wrote it.

use super::ColumnType;
use crate::units::ValueError;

/// What is wrong with a knowledge table as people wrote it.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file is not CSV.
    #[error("table `{table}` is not a CSV file: {source}")]
    Csv {
        /// The table.
        table: String,
        /// What the reader said.
        source: csv::Error,
    },
    /// A text is in another encoding.
    #[error("table `{table}` line {line}, column `{column}`: the text is not in UTF-8")]
    Encoding {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// The column, as the header names it; its number from 1 in the header itself.
        column: String,
    },
    /// A line with more or fewer values than the header has columns.
    #[error("table `{table}` line {line} has {found} values, expected {expected} as in the header")]
    Uneven {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// How many values it has.
        found: u64,
        /// How many columns the header has.
        expected: u64,
    },
    /// The first row names no column at all: a title, or a file with other separators.
    #[error("table `{table}` begins with `{found}`, expected a row of column names: {expected}")]
    NoHeader {
        /// The table.
        table: String,
        /// What stands in its first row.
        found: String,
        /// The columns, as people call them.
        expected: String,
    },
    /// A column without a heading, among others that have one.
    #[error("table `{table}` has no heading over its column {number}")]
    NoHeading {
        /// The table.
        table: String,
        /// Which column of the file, from 1.
        number: u64,
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
    /// A cell without a value, of a column that has to have one in each row.
    #[error(
        "table `{table}` line {line}, column `{column}`: the cell is empty, expected {}",
        .column_type.expectation()
    )]
    Empty {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// The column, as the header names it.
        column: String,
        /// What the column holds.
        column_type: ColumnType,
    },
    /// A text is none of the words that the column takes.
    #[error(
        "table `{table}` line {line}, column `{column}`: `{value}` is not known, expected one of {expected}"
    )]
    Word {
        /// The table.
        table: String,
        /// Line of the file, the header is 1.
        line: u64,
        /// The column, as the header names it.
        column: String,
        /// The refused value.
        value: String,
        /// The words that it takes, as people call them.
        expected: String,
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
