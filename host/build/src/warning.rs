//! What an author should look at in a pack that could be sealed.

use std::collections::BTreeSet;

use rulepack_protocol::pack::Pack;
use rulepack_protocol::pack::manifest::ColumnReference;

/// What an author should look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// Nothing shows that the rules do what they say.
    #[error("the pack has no cases")]
    NoCases,
    /// A rule says that it reads a column, but the code never reads it.
    #[error("rule `{rule}` lists `{column}`, which the code never reads")]
    NeverRead {
        /// The rule.
        rule: String,
        /// The column.
        column: ColumnReference,
    },
    /// The code reads columns that no rule lists; they may be those of rules that the pack does not take.
    #[error("the code reads {0} columns that only rules of `pack.left_out` may need")]
    OfRulesLeftOut(usize),
    /// The code reads a column that no rule lists.
    #[error("the code reads `{table}.{column}`, which no rule needs or uses")]
    NotNeeded {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

/// The warnings for a pack.
pub(crate) fn of(pack: &Pack) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if pack.cases.is_empty() {
        warnings.push(Warning::NoCases);
    }
    let mut needed = BTreeSet::new();
    for rule in &pack.manifest.rules {
        for column in rule.needs.iter().chain(&rule.uses) {
            needed.insert((column.table_name(), column.column_name()));
            if !pack
                .imports
                .reads(column.table_name(), column.column_name())
            {
                let (rule, column) = (rule.id.clone(), *column);
                warnings.push(Warning::NeverRead { rule, column });
            }
        }
    }
    let read = pack.imports.columns.iter();
    let read = read.flat_map(|(table, columns)| columns.iter().map(move |it| (table, it)));
    let idle = read.filter(|(table, column)| !needed.contains(&(table.as_str(), column.as_str())));
    if !pack.manifest.pack.left_out.is_empty() {
        let count = idle.count();
        warnings.extend((count > 0).then_some(Warning::OfRulesLeftOut(count)));
        return warnings;
    }
    warnings.extend(idle.map(|(table, column)| Warning::NotNeeded {
        table: table.clone(),
        column: column.clone(),
    }));
    warnings
}
