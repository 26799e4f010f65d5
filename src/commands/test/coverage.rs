//! `test --coverage`: the rules, messages and rows of knowledge that no case touches.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rulepack_contract::case::Expected;
use rulepack_protocol::pack::Pack;
use serde::Serialize;

/// The most rows listed of a table.
const ROWS_MAX: usize = 20;

/// What the answers to the cases touch. A row of knowledge is touched where a finding names it as evidence.
#[derive(Debug, Serialize)]
pub struct Coverage {
    /// How many rules a case has a finding, notice or measure of.
    pub rules_answered: usize,
    /// How many rules there are.
    pub rules: usize,
    /// Rules that no case has an answer of.
    pub rules_untouched: Vec<String>,
    /// Rules that abstain in no case although they judge: what they do without their data is not shown.
    pub rules_never_abstaining: Vec<String>,
    /// Messages that no case tells: `LIM-01 over`.
    pub messages_untouched: Vec<String>,
    /// The tables that the pack brings.
    pub tables: Vec<TableCoverage>,
}

/// How the cases touch a table.
#[derive(Debug, Serialize)]
pub struct TableCoverage {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: u32,
    /// How many a finding names.
    pub touched: usize,
    /// The first rows that none names: number from 1, and what the row is about.
    pub untouched: Vec<(u32, String)>,
}

impl Coverage {
    /// Of the answers to all cases of a pack.
    pub fn of(pack: &Pack, answers: &[&Expected]) -> Self {
        let mut seen = Seen::default();
        for answer in answers {
            seen.see(answer);
        }
        let rules = &pack.manifest.rules;
        let ids = |lacks: &dyn Fn(&str) -> bool| {
            let lacking = rules.iter().filter(|rule| lacks(&rule.id));
            lacking.map(|rule| rule.id.clone()).collect::<Vec<_>>()
        };
        let untold = rules.iter().flat_map(|rule| {
            let names = rule
                .messages
                .keys()
                .map(|name| (rule.id.clone(), name.clone()));
            names.filter(|message| !seen.messages.contains(message))
        });
        Coverage {
            rules_answered: rules
                .iter()
                .filter(|rule| seen.answered.contains(&rule.id))
                .count(),
            rules: rules.len(),
            rules_untouched: ids(&|id| !seen.answered.contains(id) && !seen.abstained.contains(id)),
            rules_never_abstaining: ids(&|id| {
                seen.answered.contains(id) && !seen.abstained.contains(id)
            }),
            messages_untouched: untold
                .map(|(rule, name)| format!("{rule} {name}"))
                .collect(),
            tables: tables(pack, &seen),
        }
    }
}

/// What the answers name.
#[derive(Default)]
struct Seen {
    answered: BTreeSet<String>,
    abstained: BTreeSet<String>,
    messages: BTreeSet<(String, String)>,
    /// Rows from 1 by table.
    rows: BTreeMap<String, BTreeSet<u32>>,
}

impl Seen {
    fn see(&mut self, answer: &Expected) {
        for finding in &answer.findings {
            self.tell(&finding.rule, &finding.template);
            for row in finding.evidence.iter().flatten() {
                if let Some((table, row)) = row.rsplit_once('/')
                    && let Ok(row) = row.parse()
                {
                    self.rows.entry(table.to_owned()).or_default().insert(row);
                }
            }
        }
        for notice in &answer.notices {
            self.tell(&notice.rule, &notice.template);
        }
        let measured = answer.measures.iter().map(|measure| measure.rule.clone());
        self.answered.extend(measured);
        let abstained = answer.abstentions.iter().map(|it| it.rule.clone());
        self.abstained.extend(abstained);
    }

    fn tell(&mut self, rule: &str, template: &str) {
        self.answered.insert(rule.to_owned());
        self.messages.insert((rule.to_owned(), template.to_owned()));
    }
}

fn tables(pack: &Pack, seen: &Seen) -> Vec<TableCoverage> {
    let nothing = BTreeSet::new();
    let tables = pack.manifest.sealed_tables().map(|declaration| {
        let table = pack.tables.get(&declaration.name);
        let rows = table.map_or(0, |table| table.rows);
        let touched = seen.rows.get(&declaration.name).unwrap_or(&nothing);
        let about = |row: u32| {
            let keys = declaration.key.iter();
            let cells = keys.filter_map(|key| Some(table?.cell(declaration, key, row - 1)));
            cells.collect::<Vec<_>>().join("/")
        };
        let untouched = (1..=rows)
            .filter(|row| !touched.contains(row))
            .take(ROWS_MAX);
        TableCoverage {
            name: declaration.name.clone(),
            rows,
            touched: touched.len(),
            untouched: untouched.map(|row| (row, about(row))).collect(),
        }
    });
    tables.collect()
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (answered, rules) = (self.rules_answered, self.rules);
        writeln!(f, "{answered} of {rules} rules answer in some case")?;
        for rule in &self.rules_untouched {
            writeln!(f, "  no case has an answer of rule {rule}")?;
        }
        for rule in &self.rules_never_abstaining {
            writeln!(f, "  no case shows rule {rule} without its data")?;
        }
        for message in &self.messages_untouched {
            writeln!(f, "  no case tells the message {message}")?;
        }
        for table in &self.tables {
            let (name, touched, rows) = (&table.name, table.touched, table.rows);
            writeln!(
                f,
                "table {name}: {touched} of {rows} rows are named as evidence"
            )?;
            for (row, about) in &table.untouched {
                writeln!(f, "  no case touches row {row}: {about}")?;
            }
            let left = (rows as usize).saturating_sub(touched + table.untouched.len());
            if left > 0 {
                writeln!(f, "  and {left} rows more")?;
            }
        }
        Ok(())
    }
}
