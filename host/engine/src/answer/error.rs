//! Why an answer is invalid, all of it.

use std::fmt;

use rulepack_contract::review::{Scope, Stage};

/// Which rule of the contract an answer breaks. Names come from the pack, cut to a length that an error
/// can bear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// More than anybody reads.
    #[error("has {count} entries, expected at most {count_max}")]
    TooManyEntries {
        /// How many.
        count: usize,
        /// The limit.
        count_max: usize,
    },
    /// A place beyond the end of `names`.
    #[error("names text {0}, which it does not bring")]
    NoSuchName(u32),
    /// Entries claim more than there is.
    #[error("its entries have more `{0}` than it brings")]
    ListTooShort(List),
    /// There is more than entries claim.
    #[error("brings {count} `{list}` that belong to no entry")]
    Unclaimed {
        /// Which list.
        list: List,
        /// How many.
        count: usize,
    },
    /// An entry with too many rows, arguments or references.
    #[error("an entry of rule `{rule}` has {count} parts, expected at most {count_max}")]
    TooManyParts {
        /// The rule.
        rule: String,
        /// How many.
        count: usize,
        /// The limit.
        count_max: usize,
    },
    /// The manifest does not declare it.
    #[error("rule `{0}` is not declared")]
    UndeclaredRule(String),
    /// The rule is not for this stage.
    #[error("rule `{rule}` is not declared for the stage `{stage:?}`")]
    Stage {
        /// The rule.
        rule: String,
        /// The stage of this review.
        stage: Stage,
    },
    /// The rule is not for this scope.
    #[error("rule `{rule}` is not declared for the scope `{scope:?}`")]
    Scope {
        /// The rule.
        rule: String,
        /// The scope of this review.
        scope: Scope,
    },
    /// The rule has no such message.
    #[error("rule `{rule}` has no message `{template}`")]
    UndeclaredTemplate {
        /// The rule.
        rule: String,
        /// The name of the message.
        template: String,
    },
    /// The arguments are not exactly the places of the message.
    #[error("message `{template}` of rule `{rule}` takes exactly {expected}")]
    Arguments {
        /// The rule.
        rule: String,
        /// The name of the message.
        template: String,
        /// What it takes.
        expected: String,
    },
    /// A row that the batch does not have.
    #[error("rule `{rule}` refers to row {row} of table {table}, which the batch does not have")]
    Row {
        /// The rule.
        rule: String,
        /// The number of the table.
        table: u8,
        /// The row, as the pack numbers it.
        row: u32,
    },
    /// A row of knowledge that the pack does not have.
    #[error("rule `{rule}` refers to row {row} of knowledge table {table}, which does not exist")]
    KnowledgeRow {
        /// The rule.
        rule: String,
        /// The place of the table in the manifest.
        table: u8,
        /// The row.
        row: u32,
    },
    /// Nothing to act on.
    #[error("a finding of rule `{0}` names no offending row")]
    NothingOffending(String),
    /// Only rows of history.
    #[error("a finding of rule `{0}` has no offending row of an encounter under review")]
    NotUnderReview(String),
    /// A figure that stands for "not recorded".
    #[error("rule `{0}` answers a figure that stands for not recorded")]
    NotRecorded(String),
    /// A code that the instance did not receive.
    #[error("rule `{rule}` answers code `{code}`, which was not given to this instance")]
    UnknownCode {
        /// The rule.
        rule: String,
        /// The number.
        code: u32,
    },
    /// Something missing that is no column of the contract.
    #[error("rule `{rule}` misses `{column}`, which is no column of the contract")]
    UnknownColumn {
        /// The rule.
        rule: String,
        /// The text.
        column: String,
    },
}

/// A list that the entries of an answer share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// 违规项 and 涉及项 of findings.
    Items,
    /// Rows of notices.
    About,
    /// Figures of findings and notices.
    Arguments,
    /// Rows of knowledge of findings.
    Evidence,
    /// Columns of abstentions.
    Missing,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            List::Items => "items",
            List::About => "about",
            List::Arguments => "arguments",
            List::Evidence => "evidence",
            List::Missing => "missing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_rule_and_value() {
        let rule = || "A".to_owned();
        let texts = [
            (
                AnswerError::TooManyEntries {
                    count: 2,
                    count_max: 1,
                },
                "has 2 entries, expected at most 1",
            ),
            (
                AnswerError::TooManyParts {
                    rule: rule(),
                    count: 2,
                    count_max: 1,
                },
                "an entry of rule `A` has 2 parts, expected at most 1",
            ),
            (
                AnswerError::UndeclaredRule(rule()),
                "rule `A` is not declared",
            ),
            (
                AnswerError::Stage {
                    rule: rule(),
                    stage: Stage::Before,
                },
                "rule `A` is not declared for the stage `Before`",
            ),
            (
                AnswerError::Scope {
                    rule: rule(),
                    scope: Scope::Region,
                },
                "rule `A` is not declared for the scope `Region`",
            ),
            (
                AnswerError::UndeclaredTemplate {
                    rule: rule(),
                    template: "t".into(),
                },
                "rule `A` has no message `t`",
            ),
            (
                AnswerError::Arguments {
                    rule: rule(),
                    template: "t".into(),
                    expected: "`x`".into(),
                },
                "message `t` of rule `A` takes exactly `x`",
            ),
        ];
        shown(texts);
    }

    #[test]
    fn errors_name_the_list_that_does_not_add_up() {
        let lists = ["items", "about", "arguments", "evidence", "missing"];
        let all = [
            List::Items,
            List::About,
            List::Arguments,
            List::Evidence,
            List::Missing,
        ];
        assert_eq!(all.map(|list| list.to_string()), lists);
        let unclaimed = AnswerError::Unclaimed {
            list: List::Items,
            count: 2,
        };
        shown([
            (
                AnswerError::NoSuchName(7),
                "names text 7, which it does not bring",
            ),
            (
                AnswerError::ListTooShort(List::About),
                "its entries have more `about` than it brings",
            ),
            (unclaimed, "brings 2 `items` that belong to no entry"),
        ]);
    }

    #[test]
    fn errors_name_rows_and_figures() {
        let rule = || "A".to_owned();
        let texts = [
            (
                AnswerError::Row {
                    rule: rule(),
                    table: 6,
                    row: 9,
                },
                "rule `A` refers to row 9 of table 6, which the batch does not have",
            ),
            (
                AnswerError::KnowledgeRow {
                    rule: rule(),
                    table: 0,
                    row: 9,
                },
                "rule `A` refers to row 9 of knowledge table 0, which does not exist",
            ),
            (
                AnswerError::NothingOffending(rule()),
                "a finding of rule `A` names no offending row",
            ),
            (
                AnswerError::NotUnderReview(rule()),
                "a finding of rule `A` has no offending row of an encounter under review",
            ),
            (
                AnswerError::NotRecorded(rule()),
                "rule `A` answers a figure that stands for not recorded",
            ),
            (
                AnswerError::UnknownCode {
                    rule: rule(),
                    code: 7,
                },
                "rule `A` answers code `7`, which was not given to this instance",
            ),
            (
                AnswerError::UnknownColumn {
                    rule: rule(),
                    column: "x".into(),
                },
                "rule `A` misses `x`, which is no column of the contract",
            ),
        ];
        shown(texts);
    }

    fn shown<const N: usize>(texts: [(AnswerError, &str); N]) {
        for (error, text) in texts {
            assert_eq!(error.to_string(), text);
        }
    }
}
