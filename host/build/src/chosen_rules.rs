//! The rules that a pack takes over with the code of another one, and what of its tables and cases belongs to them.

use std::collections::HashSet;

use rulepack_contract::case::Case;
use rulepack_contract::knowledge::{KnowledgeColumn, KnowledgeTable};
use rulepack_protocol::pack::Manifest;

use crate::inherit::InheritError;

/// The column by which a table says which rule a row is for.
const RULE_COLUMN: &str = "rule";

/// The rules that are left out, by id.
pub(crate) struct ChosenRules {
    left_out: HashSet<String>,
}

impl ChosenRules {
    /// `rules` are those that are taken; all where there are none.
    ///
    /// # Errors
    /// [`InheritError::Rule`].
    pub(crate) fn of(manifest: &Manifest, rules: &[String]) -> Result<Self, InheritError> {
        if let Some(unknown) = rules.iter().find(|id| manifest.rule(id).is_none()) {
            return Err(InheritError::Rule {
                rule: unknown.clone(),
                pack: manifest.pack.name.clone(),
            });
        }
        let ids = manifest.rules.iter().map(|rule| &rule.id);
        let left_out = ids.filter(|id| !rules.is_empty() && !rules.contains(id));
        Ok(ChosenRules {
            left_out: left_out.cloned().collect(),
        })
    }

    /// Leaves the other rules out of a manifest.
    pub(crate) fn keep_rules(&self, manifest: &mut Manifest) {
        let ids = manifest.rules.iter().map(|rule| &rule.id);
        let left_out = ids.filter(|id| self.left_out.contains(*id)).cloned();
        let left_out: Vec<String> = left_out.collect();
        manifest.pack.left_out.extend(left_out);
        let left_out = &self.left_out;
        manifest.rules.retain(|rule| !left_out.contains(&rule.id));
    }

    /// The rows of a table that are not for a rule that is left out.
    pub(crate) fn rows(&self, table: &KnowledgeTable) -> KnowledgeTable {
        let Some(KnowledgeColumn::Texts { dictionary, rows }) = table.columns.get(RULE_COLUMN)
        else {
            return table.clone();
        };
        let stays = |text: &u32| {
            let rule = dictionary.get(*text as usize);
            rule.is_none_or(|rule| !self.left_out.contains(rule))
        };
        let kept: Vec<bool> = rows.iter().map(stays).collect();
        only(table, &kept)
    }

    /// The cases of the rules that are taken, less what they expect of others. A case is of the rule that its name
    /// begins with, else of all that it expects something of.
    pub(crate) fn cases(&self, cases: &[Case]) -> Vec<Case> {
        cases.iter().filter_map(|case| self.case(case)).collect()
    }

    fn case(&self, case: &Case) -> Option<Case> {
        let named = case.name.split_whitespace().next();
        if named.is_some_and(|rule| self.left_out.contains(rule)) {
            return None;
        }
        let mut kept = case.clone();
        let stays = |rule: &str| !self.left_out.contains(rule);
        let expected = &mut kept.expected;
        expected.findings.retain(|it| stays(&it.rule));
        expected.notices.retain(|it| stays(&it.rule));
        expected.measures.retain(|it| stays(&it.rule));
        expected.abstentions.retain(|it| stays(&it.rule));
        let nothing = Default::default();
        let was_of_others = kept.expected == nothing && case.expected != nothing;
        (!was_of_others).then_some(kept)
    }
}

/// The rows of a table that are marked. Texts that no row holds any more stay in the dictionaries: a spreadsheet does
/// not show them.
fn only(table: &KnowledgeTable, kept: &[bool]) -> KnowledgeTable {
    fn those<T: Copy>(values: &[T], kept: &[bool]) -> Vec<T> {
        let marked = values.iter().zip(kept).filter(|(_, kept)| **kept);
        marked.map(|(value, _)| *value).collect()
    }
    let column = |column: &KnowledgeColumn| match column {
        KnowledgeColumn::Texts { dictionary, rows } => KnowledgeColumn::Texts {
            dictionary: dictionary.clone(),
            rows: those(rows, kept),
        },
        KnowledgeColumn::Integers(values) => KnowledgeColumn::Integers(those(values, kept)),
        KnowledgeColumn::Days(days) => KnowledgeColumn::Days(those(days, kept)),
    };
    let rows = kept.iter().filter(|kept| **kept).count();
    KnowledgeTable {
        rows: u32::try_from(rows).unwrap_or(table.rows),
        columns: table
            .columns
            .iter()
            .map(|(name, values)| (name.clone(), column(values)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use rulepack_contract::knowledge::TableDeclaration;

    use super::*;

    #[test]
    fn rows_of_rules_that_are_left_out_are_not_written() {
        let declared = r#"{"name": "t", "columns": {"rule": "code", "age": "integer"},
             "key": ["rule"], "supplied_by": "pack", "file": "t.csv"}"#;
        let declared: TableDeclaration = serde_json::from_str(declared).unwrap();
        let csv = "rule,age\nA,1\nB,2\nC,3\n";
        let table = KnowledgeTable::from_csv(&declared, csv.as_bytes()).unwrap();
        let chosen = ChosenRules {
            left_out: ["B".to_owned()].into(),
        };
        let left = chosen.rows(&table);
        assert_eq!(left.rows, 2);
        assert_eq!(left.text("rule", 1), Some("C"));
        assert_eq!(left.columns["age"], KnowledgeColumn::Integers(vec![1, 3]));
    }
}
