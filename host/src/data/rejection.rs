//! Rows that are left out, by file and line.

use std::fmt;

use rulepack_contract::data::{Problem, Rejection};
use rulepack_contract::units::expectation;

/// A row that is left out, where it stands and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRejection {
    /// Name of the file, without its folder.
    pub file: String,
    /// From 1; the header is line 1.
    pub line: u64,
    /// The column at fault.
    pub column: String,
    /// The value at fault; long ones are cut. Patient data: not for logs.
    pub value: String,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a row is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The row has more or fewer fields than the header.
    Fields {
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A line break or another control character within a value: mostly a quotation mark that was never
    /// closed.
    ControlCharacter,
    /// More bytes than any value has.
    TooLong,
    /// What the contract's builder found.
    Row(Rejection),
}

/// Longer values are of no kind that the contract knows.
pub const VALUE_BYTES_MAX: usize = 1000;
/// How much of a value is shown.
const SHOWN_CHARACTERS: usize = 60;

impl FileRejection {
    /// A row that the builder left out.
    #[must_use]
    pub fn of_row(file: &str, rejection: Rejection) -> Self {
        FileRejection {
            file: file.to_owned(),
            line: rejection.line,
            column: rejection.column.to_owned(),
            value: shown(&rejection.value),
            reason: Reason::Row(rejection),
        }
    }

    /// A row that never reached the builder.
    #[must_use]
    pub fn of_line(file: &str, line: u64, column: &str, value: &str, reason: Reason) -> Self {
        FileRejection {
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            value: shown(value),
            reason,
        }
    }

    /// What was expected in place of the value.
    #[must_use]
    pub fn expected(&self) -> String {
        match &self.reason {
            Reason::Fields { expected, .. } => format!("{expected} fields, as the header has"),
            Reason::ControlCharacter => "a value on one line".to_owned(),
            Reason::TooLong => format!("at most {VALUE_BYTES_MAX} bytes"),
            Reason::Row(rejection) => match rejection.problem {
                Problem::Value(_, kind) => expectation(kind).to_owned(),
                Problem::Missing => "the key of a row".to_owned(),
                Problem::DuplicateKey => "a key of its own".to_owned(),
                Problem::UnknownRow(table) => {
                    format!("the key of a row of `{}`", table.table().name)
                }
                Problem::OwnerRejected(table) => format!("a sound row of `{}`", table.table().name),
                Problem::Inconsistent(_) => {
                    "a row that agrees with itself and the others".to_owned()
                }
                Problem::TooMany => "fewer rows".to_owned(),
            },
        }
    }
}

impl FileRejection {
    /// What is wrong, without the place.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.reason {
            Reason::Fields { found, expected } => {
                format!("the row has {found} fields, expected {expected} as in the header")
            }
            Reason::ControlCharacter => {
                "a line break or control character within a value, expected a value on one line; \
                 is a quotation mark left open?"
                    .to_owned()
            }
            Reason::TooLong => format!(
                "`{}` is too long, expected at most {VALUE_BYTES_MAX} bytes",
                self.value
            ),
            Reason::Row(rejection) => rejection.reason(),
        }
    }
}

impl fmt::Display for FileRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileRejection {
            file, line, column, ..
        } = self;
        let what = self.what();
        write!(f, "`{file}` line {line}, column `{column}`: {what}")
    }
}

/// The beginning of a value, on one line.
fn shown(value: &str) -> String {
    let cut = value.chars().count() > SHOWN_CHARACTERS;
    let mut text: String = value
        .chars()
        .take(SHOWN_CHARACTERS)
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    if cut {
        text.push('…');
    }
    text
}
