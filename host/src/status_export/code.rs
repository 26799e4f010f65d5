//! The texts that may stand in a status. Each comes from a list, or has a form in which nothing of a
//! patient can be written by a host that runs as it was built.

use std::fmt;

use rulepack_contract::schema;
use serde::{Deserialize, Serialize};

/// A text that may not stand there. It is not repeated: it could be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text is not {0}")]
pub struct NotACode(&'static str);

/// A text that keeps to a form, read and written as such.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal, $is:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl TryFrom<String> for $name {
            type Error = NotACode;

            fn try_from(text: String) -> Result<Self, NotACode> {
                let is: fn(&str) -> bool = $is;
                match is(&text) {
                    true => Ok($name(text)),
                    false => Err(NotACode($what)),
                }
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

code!(
    /// The national code of an institution: 1 to 32 ASCII letters and digits.
    InstitutionCode,
    "the code of an institution, expected 1 to 32 letters and digits such as `H37030000001`",
    |text| (1..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
);

code!(
    /// The id of a rule, of the form that a manifest asks for.
    RuleId,
    "the id of a rule",
    |text| (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
);

code!(
    /// A column of the contract, `orders.supply-days`, or `other` for what else a rule missed.
    MissingColumn,
    "a column of the contract",
    |text| text == MissingColumn::OTHER || is_column(text)
);

impl MissingColumn {
    const OTHER: &str = "other";

    /// Of what a journal says.
    pub(super) fn of(text: &str) -> Self {
        match is_column(text) {
            true => MissingColumn(text.to_owned()),
            false => MissingColumn(Self::OTHER.to_owned()),
        }
    }
}

fn is_column(text: &str) -> bool {
    let Some((table, column)) = text.split_once('.') else {
        return false;
    };
    schema::table(table).is_some_and(|table| table.table().column(column).is_some())
}

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Transaction {
    /// Before care (事前).
    #[serde(rename = "3101")]
    Before,
    /// During care (事中).
    #[serde(rename = "3102")]
    During,
    /// In the host's own shape.
    #[serde(rename = "check")]
    Check,
    /// What could not be read so far.
    #[serde(rename = "other")]
    Other,
}

impl Transaction {
    /// Of what a journal says.
    pub(super) fn of(infno: &str) -> Self {
        match infno {
            "3101" => Transaction::Before,
            "3102" => Transaction::During,
            "check" => Transaction::Check,
            _ => Transaction::Other,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Transaction::Before => "3101",
            Transaction::During => "3102",
            Transaction::Check => "check",
            Transaction::Other => "other",
        }
    }
}

/// Why there is no verdict, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoVerdictKind {
    /// It trapped.
    Trap,
    /// It called what it may not.
    Misuse,
    /// It refused.
    Refused,
    /// It used up its fuel.
    Fuel,
    /// It asked for too much memory.
    Memory,
    /// It used up its stack.
    Stack,
    /// The outer guard.
    Wall,
    /// What it handed over is malformed.
    Malformed,
    /// Its answer breaks a rule of the contract.
    Answer,
    /// Another word.
    Other,
}

impl NoVerdictKind {
    /// Of what a journal says.
    pub(super) fn of(word: &str) -> Self {
        serde_json::from_value(word.into()).unwrap_or(NoVerdictKind::Other)
    }

    /// As it is written.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            NoVerdictKind::Trap => "trap",
            NoVerdictKind::Misuse => "misuse",
            NoVerdictKind::Refused => "refused",
            NoVerdictKind::Fuel => "fuel",
            NoVerdictKind::Memory => "memory",
            NoVerdictKind::Stack => "stack",
            NoVerdictKind::Wall => "wall",
            NoVerdictKind::Malformed => "malformed",
            NoVerdictKind::Answer => "answer",
            NoVerdictKind::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t15_a_text_that_is_no_code_is_refused_and_not_repeated() {
        let refused = [
            InstitutionCode::try_from("济南市中心医院".to_owned()).unwrap_err(),
            RuleId::try_from("张三".to_owned()).unwrap_err(),
            MissingColumn::try_from("patients.names".to_owned()).unwrap_err(),
        ];
        assert_eq!(
            refused.map(|error| error.to_string()),
            [
                "a text is not the code of an institution, expected 1 to 32 letters and digits such as \
                 `H37030000001`",
                "a text is not the id of a rule",
                "a text is not a column of the contract",
            ]
        );
        assert_eq!(
            MissingColumn::of("orders.supply-days").0,
            "orders.supply-days"
        );
        assert_eq!(MissingColumn::of("张三").0, "other");
        assert_eq!(NoVerdictKind::of("fuel"), NoVerdictKind::Fuel);
        assert_eq!(NoVerdictKind::of("张三"), NoVerdictKind::Other);
        assert_eq!(Transaction::of("张三"), Transaction::Other);
    }
}
