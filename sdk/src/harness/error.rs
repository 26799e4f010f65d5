//! Why the source of a pack cannot be run.

use std::path::PathBuf;

use rulepack_contract::case::CaseError;
use rulepack_contract::knowledge::TableError;
use rulepack_contract::parameters::ParameterError;
use rulepack_contract::review::{Scope, Stage};

/// Why the source of a pack cannot be run natively.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A file or folder that cannot be read.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A manifest that is not one.
    #[error("`{path}` is not a manifest: {source}")]
    Manifest {
        /// Where it stands.
        path: PathBuf,
        /// Where and what is wrong.
        source: Box<toml::de::Error>,
    },
    /// A case that is not one.
    #[error("`{path}` is not a case: {source}")]
    Case {
        /// Where it stands.
        path: PathBuf,
        /// Where and what is wrong.
        source: serde_json::Error,
    },
    /// No case at all.
    #[error("`{path}` has no case: expected one `.json` file a case")]
    NoCases {
        /// The folder.
        path: PathBuf,
    },
    /// A table in a form that only the build reads.
    #[error("`{path}` is not a `.csv` file, the only form of a table that a native run reads")]
    NotCsv {
        /// The file.
        path: PathBuf,
    },
    /// A table with a fault.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A case with a fault.
    #[error(transparent)]
    CaseData(#[from] CaseError),
    /// A parameter with a refused value.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A parameter that the manifest does not declare.
    #[error("the manifest does not declare the parameter `{name}`")]
    UnknownParameter {
        /// Its name.
        name: String,
    },
    /// The pack refuses what it was given.
    #[error("prepare: {message}")]
    Prepare {
        /// Its own words.
        message: String,
    },
    /// The pack gives no verdict.
    #[error("evaluate: {message}")]
    Evaluate {
        /// Its own words.
        message: String,
    },
    /// An answer that no host accepts.
    #[error("rule `{rule}`: {problem}")]
    InvalidAnswer {
        /// The rule that it names.
        rule: String,
        /// What is wrong.
        problem: InvalidAnswer,
    },
    /// A patient's answer depends on who else is in the batch.
    #[error("case `{case}`: the answer changes when each patient is a batch of its own")]
    DependsOnBatch {
        /// The case.
        case: String,
    },
}

/// What makes an answer invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    /// The manifest has no such rule.
    #[error("the manifest does not declare it")]
    UnknownRule,
    /// The rule has no such template.
    #[error("the manifest has no message `{0}` for it")]
    UnknownTemplate(String),
    /// The rule is not for this stage.
    #[error("the manifest does not declare it for the stage `{}`", told(.0))]
    Stage(Stage),
    /// The rule is not for this scope.
    #[error("the manifest does not declare it for the scope `{}`", told(.0))]
    Scope(Scope),
    /// It judges without what it needs.
    #[error(
        "it answers although `{0}`, which it needs, is not recorded: only an abstention is accepted"
    )]
    NeedMissing(String),
    /// The figures are not exactly the places of the message.
    #[error("the message `{template}` takes exactly {expected}, the answer gives {found}")]
    Arguments {
        /// The template.
        template: String,
        /// Its places.
        expected: String,
        /// The names of the figures.
        found: String,
    },
    /// A figure that stands for "not recorded".
    #[error("the answer has a figure that stands for not recorded")]
    NotRecorded,
    /// Only rows of history.
    #[error("a finding has no offending row of an encounter under review")]
    NotUnderReview,
    /// A row of knowledge that the pack does not have.
    #[error("the answer names row {row} of knowledge table {table}, which does not exist")]
    UnknownKnowledge {
        /// Place of the table in the manifest, from 0.
        table: u8,
        /// Row of the table, from 0.
        row: u32,
    },
    /// Something missing that is no column of the contract.
    #[error("it misses `{0}`, which is no column of the contract")]
    UnknownColumn(String),
    /// A finding about nothing.
    #[error("a finding has no offending row")]
    NothingOffending,
    /// A row that the batch does not have.
    #[error("the answer names row {row} of table {table}, which the batch does not have")]
    UnknownRow {
        /// Number of the table.
        table: u8,
        /// Row of the batch.
        row: u32,
    },
}

/// A stage or scope as a manifest writes it.
fn told(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").to_lowercase()
}
