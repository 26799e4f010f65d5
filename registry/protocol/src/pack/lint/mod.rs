//! What somebody should look at in a pack that is sound: [`lint`] looks at it alone, [`against`] beside another
//! one, [`CodeSystem`] at its codes.
//!
//! Nothing here decides whether a pack is accepted. A registry tells it in the answer to a publication, a
//! bureau reads it before.

mod codes;
mod names;
mod rows;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use rulepack_contract::units::format_day;
use serde::Serialize;

use super::Pack;
use super::manifest::ColumnReference;
use crate::names::PackName;

pub use codes::{CodeSystem, CodesError, check_codes};

/// How much weight it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Mend it before anybody signs.
    Error,
    /// Look at it.
    Warning,
}

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// How much weight it has.
    pub level: Level,
    /// Where: `rule LIM-01`, `table limits`.
    pub place: String,
    /// What.
    #[serde(flatten)]
    pub problem: Problem,
}

/// What is to be looked at. Rows are counted from 1, without the header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum Problem {
    /// People cite rules by their id.
    #[error("the id is not of the form `ABC-01`")]
    RuleId,
    /// The ground is a placeholder.
    #[error("the basis is `{basis}`, expected the policy that it rests on")]
    NoBasis {
        /// What stands there.
        basis: String,
    },
    /// The ground says of itself that it is an example.
    #[error("the basis `{basis}` is an example")]
    ExampleBasis {
        /// What stands there.
        basis: String,
    },
    /// Rows without a ground.
    #[error("{rows} rows have no `basis`, the first is row {first}")]
    RowsWithoutBasis {
        /// How many.
        rows: u32,
        /// The first one.
        first: u32,
    },
    /// The code cannot answer for it.
    #[error("the code does not hold this name, so nothing ever answers for the rule")]
    UnreachableRule,
    /// The code cannot tell it.
    #[error("the code does not hold the name of the message `{message}`, so it is never told")]
    UnreachableMessage {
        /// The message.
        message: String,
    },
    /// The code cannot read it.
    #[error("the code does not hold this name, so it is never read")]
    NeverRead,
    /// What the code says cannot depend on it.
    #[error(
        "the code does not read this column, so nothing keeps it silent where the trigger does not occur"
    )]
    TriggerNotRead,
    /// Knowledge of a rule that is not there.
    #[error("row {row} is about the rule `{rule}`, which the manifest does not declare")]
    UnknownRule {
        /// The row.
        row: u32,
        /// What stands in its column `rule`.
        rule: String,
    },
    /// A row that is in force on no day.
    #[error("row {row} ends on {to}, before it begins on {from}")]
    NeverInForce {
        /// The row.
        row: u32,
        /// Its first day.
        from: String,
        /// Its last day.
        to: String,
    },
    /// Two rows say different things of the same on the same day.
    #[error(
        "rows {first} and {second} are both in force on {day} for `{key}`, and differ in `{column}`: `{one}` \
         and `{other}`"
    )]
    Contradiction {
        /// A row.
        first: u32,
        /// Another one.
        second: u32,
        /// A day on which both are in force.
        day: String,
        /// What they are about.
        key: String,
        /// The first column in which they differ.
        column: String,
        /// What the first row says.
        one: String,
        /// What the second row says.
        other: String,
    },
    /// Two rows say the same on the same day.
    #[error("rows {first} and {second} say the same of `{key}` on {day}")]
    Repetition {
        /// A row.
        first: u32,
        /// Another one.
        second: u32,
        /// A day on which both are in force.
        day: String,
        /// What they are about.
        key: String,
    },
    /// A row says something else than a row of another pack that is in force at the same places.
    #[error(
        "row {row} and row {their_row} of `{pack}` are both in force on {day} for `{key}`, and differ in \
         `{column}`: `{one}` and `{other}`"
    )]
    ContradictsPack {
        /// The other pack.
        pack: PackName,
        /// The row.
        row: u32,
        /// Its row.
        their_row: u32,
        /// A day on which both are in force.
        day: String,
        /// What they are about.
        key: String,
        /// The first column in which they differ.
        column: String,
        /// What this pack says.
        one: String,
        /// What the other pack says.
        other: String,
    },
    /// Another pack at the same places judges by the same rule of the national catalogue.
    #[error(
        "`{pack}` judges the rule `{kind}` of the catalogue too, as `{rule}`: it may be told twice"
    )]
    SameKind {
        /// The other pack.
        pack: PackName,
        /// The code of the catalogue.
        kind: String,
        /// Its rule.
        rule: String,
    },
    /// A code that its system does not have.
    #[error("row {row} has the code `{code}` in `{column}`, which the code system does not know")]
    UnknownCode {
        /// The row.
        row: u32,
        /// The column.
        column: String,
        /// The code.
        code: String,
    },
    /// A row goes on where its code has ended, or begins before it.
    #[error("row {row} is in force on {day}, when the code `{code}` in `{column}` is not")]
    ExpiredCode {
        /// The row.
        row: u32,
        /// The column.
        column: String,
        /// The code.
        code: String,
        /// A day on which the row is in force and the code is not.
        day: String,
    },
}

/// Looks at a pack; `component` is its code.
#[must_use]
pub fn lint(pack: &Pack, component: &[u8]) -> Vec<Lint> {
    let mut lints = rules::lint(&pack.manifest);
    lints.extend(triggers(pack));
    lints.extend(names::lint(&pack.manifest, component));
    lints.extend(rows::lint(pack));
    sorted(lints)
}

/// Triggers on columns that the code does not read.
fn triggers(pack: &Pack) -> impl Iterator<Item = Lint> {
    let is_read = |column: &ColumnReference| {
        let columns = pack.imports.columns.get(column.table_name());
        columns.is_some_and(|columns| columns.contains(column.column_name()))
    };
    let columns = pack.manifest.triggers.iter().map(|trigger| trigger.column);
    columns
        .filter(move |column| !is_read(column))
        .map(|column| {
            let place = format!("trigger {column}");
            at(Level::Warning, place, Problem::TriggerNotRead)
        })
}

/// Looks at a pack beside another one. Nothing is found where they are in force at different places.
#[must_use]
pub fn against(pack: &Pack, other: &Pack) -> Vec<Lint> {
    let (mine, theirs) = (&pack.manifest, &other.manifest);
    let places = || mine.pack.jurisdictions.iter();
    let meets = places().any(|mine| theirs.pack.jurisdictions.iter().any(|it| it.meets(mine)));
    if !meets {
        return Vec::new();
    }
    let mut lints = rules::against(mine, theirs);
    lints.extend(rows::against(pack, other));
    sorted(lints)
}

/// Errors first; else in the order of the manifest.
fn sorted(mut lints: Vec<Lint>) -> Vec<Lint> {
    lints.sort_by_key(|lint| lint.level);
    lints
}

fn at(level: Level, place: String, problem: Problem) -> Lint {
    Lint {
        level,
        place,
        problem,
    }
}

/// A day for people; a row without a first or last day is in force from or until any day.
fn told(day: i32) -> String {
    match day {
        i32::MIN | i32::MAX => "any day".to_owned(),
        day => format_day(day),
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        write!(f, "{level}: {}: {}", self.place, self.problem)
    }
}
