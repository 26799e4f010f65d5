//! What an author should look at in a pack that could be sealed.

use std::collections::BTreeSet;

use rulepack_protocol::pack::Pack;
use rulepack_protocol::pack::lint::{self, Level, Lint};
use rulepack_protocol::pack::manifest::ColumnReference;

use crate::chinese_lint;

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
    /// Something that would be an error of `lint`: mend it before anybody signs.
    #[error("{}: {}", .0.place, .0.problem)]
    Lint(Lint),
    /// The code reads a column that no rule lists.
    #[error("the code reads `{table}.{column}`, which no rule needs or uses")]
    NotNeeded {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
}

impl Warning {
    /// The same in Chinese (中文).
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            Warning::NoCases => "规则包没有用例".to_owned(),
            Warning::NeverRead { rule, column } => {
                format!("规则 {rule} 列出 `{column}`，程序从不读取")
            }
            Warning::OfRulesLeftOut(count) => {
                format!("程序读取 {count} 个只有未采用的规则才需要的数据列")
            }
            Warning::NotNeeded { table, column } => {
                format!("程序读取 `{table}.{column}`，没有规则列出")
            }
            Warning::Lint(lint) => chinese_lint::place_and_problem(lint),
        }
    }
}

/// The warnings for a pack; `component` is its code.
pub(crate) fn of(pack: &Pack, component: &[u8]) -> Vec<Warning> {
    let lints = lint::lint(pack, component).into_iter();
    let errors = lints.filter(|lint| lint.level == Level::Error);
    let mut warnings: Vec<Warning> = errors.map(Warning::Lint).collect();
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
