//! Codes of tables, held against the code system that they are of: unknown ones, and ones that have ended.

use std::collections::BTreeMap;

use rulepack_contract::knowledge::KnowledgeValue;

use super::rows::Rows;
use super::{Level, Lint, Problem, at, told};
use crate::pack::Pack;

/// The codes of a system (编码体系), each with the days on which it is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeSystem {
    codes: BTreeMap<String, (i32, i32)>,
}

/// Why a table cannot be held against a code system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodesError {
    /// No table has such a column.
    #[error("no table of the pack has the column `{0}`, expected one such as `limits.code`")]
    UnknownColumn(String),
}

impl CodeSystem {
    /// Adds a code that is in force from one day to another, both included; without one it has no such end.
    pub fn insert(&mut self, code: String, from: Option<i32>, to: Option<i32>) {
        let days = (from.unwrap_or(i32::MIN), to.unwrap_or(i32::MAX));
        // A code that was taken up again is listed twice; nobody knows the gap from its row alone.
        let known = self.codes.entry(code).or_insert(days);
        *known = (known.0.min(days.0), known.1.max(days.1));
    }

    /// How many codes it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The days of a code; those of the whole family where a row names the first characters of codes.
    fn days(&self, code: &str) -> Option<(i32, i32)> {
        if let Some(days) = self.codes.get(code) {
            return Some(*days);
        }
        let family = self.codes.range(code.to_owned()..);
        let family = family.take_while(|(known, _)| known.starts_with(code));
        family
            .map(|(_, days)| *days)
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }
}

/// Looks at the codes of some columns: by `table.column`, or by `column` in every table that has it.
///
/// # Errors
/// [`CodesError`] for a column that no table has.
pub fn check_codes(
    pack: &Pack,
    systems: &BTreeMap<String, CodeSystem>,
) -> Result<Vec<Lint>, CodesError> {
    let mut lints = Vec::new();
    for (named, system) in systems {
        let mut known = false;
        for declaration in pack.manifest.sealed_tables() {
            let column = match named.split_once('.') {
                Some((table, column)) if table == declaration.name => column,
                Some(_) => continue,
                None => named,
            };
            let Some(table) = pack.tables.get(&declaration.name) else {
                continue;
            };
            let Some(values) = table.columns.get(column) else {
                continue;
            };
            known = true;
            let rows = Rows::of(declaration, table);
            for row in 0..table.rows {
                if let KnowledgeValue::Text(code) = values.value(row)
                    && let Some(problem) = problem(system, &rows, (row, column, code))
                {
                    let place = format!("table {}", declaration.name);
                    lints.push(at(Level::Error, place, problem));
                }
            }
        }
        if !known {
            return Err(CodesError::UnknownColumn(named.clone()));
        }
    }
    Ok(lints)
}

fn problem(
    system: &CodeSystem,
    rows: &Rows<'_>,
    (row, column, code): (u32, &str, &str),
) -> Option<Problem> {
    let (column, owned) = (column.to_owned(), code.to_owned());
    let Some((from, to)) = system.days(code) else {
        return Some(Problem::UnknownCode {
            row: row + 1,
            column,
            code: owned,
        });
    };
    // A row without a first day means "always"; only its end is held against the code then.
    let (first, last) = (rows.first(row), rows.last(row));
    let day = if last > to {
        first.max(to.saturating_add(1))
    } else if first < from && first != i32::MIN {
        first
    } else {
        return None;
    };
    Some(Problem::ExpiredCode {
        row: row + 1,
        column,
        code: owned,
        day: told(day),
    })
}
