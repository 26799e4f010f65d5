//! The answer of a pack held against the expected one.

use std::collections::BTreeMap;

use super::{
    Case, Cell, Expected, ExpectedAbstention, ExpectedFinding, ExpectedItem, ExpectedMeasure,
    ExpectedNotice,
};
use crate::answer::{Answer, Argument, Finding, Item, KnowledgeReference, RowReference};
use crate::data::Data;
use crate::knowledge::TableDeclaration;
use crate::schema::TableId;
use crate::units::{self, format_decimal};

impl Answer {
    /// The answer in the terms of a case: rows by their keys, figures as they are shown.
    #[must_use]
    pub fn told(&self, data: &Data, tables: &[TableDeclaration]) -> Expected {
        Teller { data, tables }.tell(self)
    }
}

impl Case {
    /// What differs between an answer and the expected one, as lines for people; empty where they agree.
    /// Rows of the answer are those of the whole data of the case.
    #[must_use]
    pub fn differences(
        &self,
        answer: &Answer,
        data: &Data,
        tables: &[TableDeclaration],
    ) -> Vec<String> {
        self.differences_of(answer.told(data, tables))
    }

    /// The same for an answer that is told in the terms of a case already.
    #[must_use]
    pub fn differences_of(&self, told: Expected) -> Vec<String> {
        let expected = &self.expected;
        let mut lines = Vec::new();
        let findings = told
            .findings
            .into_iter()
            .map(|finding| overlook(finding, &expected.findings))
            .collect();
        differ(&mut lines, "finding", findings, &normal(expected).findings);
        let notices = told
            .notices
            .into_iter()
            .map(|mut notice| {
                let vague = |other: &&ExpectedNotice| {
                    other.rule == notice.rule
                        && other.about == notice.about
                        && other.arguments.is_none()
                };
                if expected.notices.iter().find(vague).is_some() {
                    notice.arguments = None;
                }
                notice
            })
            .collect();
        differ(&mut lines, "notice", notices, &expected.notices);
        differ(&mut lines, "measure", told.measures, &expected.measures);
        differ(
            &mut lines,
            "abstention",
            told.abstentions,
            &expected.abstentions,
        );
        lines
    }
}

/// The expected answer with money written in one way.
fn normal(expected: &Expected) -> Expected {
    let mut expected = expected.clone();
    let normal = |items: &mut Vec<ExpectedItem>| {
        for item in items {
            if let Ok(fen) = units::parse_decimal(&item.amount.0, 2) {
                item.amount = Cell(format_decimal(fen, 2));
            }
        }
    };
    for finding in &mut expected.findings {
        normal(&mut finding.offending);
        if let Some(related) = &mut finding.related {
            normal(related);
        }
    }
    expected
}

/// Leaves out of a finding what the expected finding about the same rows does not give.
fn overlook(mut finding: ExpectedFinding, expected: &[ExpectedFinding]) -> ExpectedFinding {
    let rows = |finding: &ExpectedFinding| {
        let mut rows: Vec<String> = finding.offending.iter().map(|i| i.at.clone()).collect();
        rows.sort();
        rows
    };
    let same = expected
        .iter()
        .find(|other| other.rule == finding.rule && rows(other) == rows(&finding));
    if let Some(same) = same {
        if same.related.is_none() {
            finding.related = None;
        }
        if same.arguments.is_none() {
            finding.arguments = None;
        }
        if same.evidence.is_none() {
            finding.evidence = None;
        }
    }
    finding
}

/// Names what is missing and what is too much.
fn differ<T: serde::Serialize + PartialEq>(
    lines: &mut Vec<String>,
    what: &str,
    mut told: Vec<T>,
    expected: &[T],
) {
    let shown = |value: &T| serde_json::to_string(value).unwrap_or_default();
    for wanted in expected {
        match told.iter().position(|value| value == wanted) {
            Some(place) => {
                told.remove(place);
            }
            None => lines.push(format!("missing {what}: {}", shown(wanted))),
        }
    }
    for value in &told {
        lines.push(format!("unexpected {what}: {}", shown(value)));
    }
}

/// Writes an answer in the terms of a case.
struct Teller<'a> {
    data: &'a Data,
    tables: &'a [TableDeclaration],
}

impl Teller<'_> {
    fn tell(&self, answer: &Answer) -> Expected {
        Expected {
            findings: answer.findings.iter().map(|f| self.finding(f)).collect(),
            notices: answer
                .notices
                .iter()
                .map(|notice| ExpectedNotice {
                    rule: notice.rule.clone(),
                    about: notice.about.iter().map(|at| self.row(*at)).collect(),
                    template: notice.template.clone(),
                    arguments: Some(arguments(&notice.arguments)),
                })
                .collect(),
            measures: answer
                .measures
                .iter()
                .map(|measure| ExpectedMeasure {
                    rule: measure.rule.clone(),
                    about: self.row(measure.about),
                    numerator: measure.numerator,
                    denominator: measure.denominator,
                })
                .collect(),
            abstentions: answer
                .abstentions
                .iter()
                .map(|abstention| ExpectedAbstention {
                    rule: abstention.rule.clone(),
                    about: self.row(abstention.about),
                    missing: abstention.missing.clone(),
                })
                .collect(),
        }
    }

    fn finding(&self, finding: &Finding) -> ExpectedFinding {
        let items = |items: &[Item]| items.iter().map(|item| self.item(item)).collect();
        ExpectedFinding {
            rule: finding.rule.clone(),
            certainty: finding.certainty,
            offending: items(&finding.offending),
            related: Some(items(&finding.related)),
            template: finding.template.clone(),
            arguments: Some(arguments(&finding.arguments)),
            evidence: Some(
                finding
                    .evidence
                    .iter()
                    .map(|row| self.knowledge(*row))
                    .collect(),
            ),
        }
    }

    fn item(&self, item: &Item) -> ExpectedItem {
        ExpectedItem {
            at: self.row(item.at),
            amount: Cell(format_decimal(item.amount, 2)),
        }
    }

    fn row(&self, at: RowReference) -> String {
        let Some(table) = TableId::from_number(at.table) else {
            return format!("{}/{}", at.table, at.row);
        };
        let key = self.data.key(table, at.row).unwrap_or("?");
        format!("{}/{key}", table.table().name)
    }

    fn knowledge(&self, at: KnowledgeReference) -> String {
        let table = self.tables.get(usize::from(at.table));
        let name = table.map_or("?", |table| table.name.as_str());
        format!("{name}/{}", u64::from(at.row) + 1)
    }
}

fn arguments(arguments: &[Argument]) -> BTreeMap<String, Cell> {
    arguments
        .iter()
        .map(|argument| (argument.name.clone(), Cell(argument.value.display())))
        .collect()
}
