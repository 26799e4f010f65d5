//! Holds a lifted answer against the contract, the manifest and the batch. The first fault makes the whole
//! answer invalid: one that says something wrong is not to be believed in the rest.

use std::collections::{BTreeSet, HashMap, HashSet};

use rulepack_contract::answer::{
    Abstention, Answer, Argument, Certainty, Finding, Item, KnowledgeReference, Measure, Notice,
    RowReference, Value,
};
use rulepack_contract::data::Batch;
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema;
use rulepack_contract::units::{NOT_RECORDED_S32, NOT_RECORDED_S64};
use rulepack_protocol::pack::Manifest;

use super::error::AnswerError;
use super::lists::Lists;
use super::{lifted, rows};
use crate::fault::shortened;
use crate::limits::Limits;
use crate::numbering::Codes;
use crate::state::Inputs;

/// What the manifest says of each rule.
#[derive(Debug)]
pub(crate) struct Rules {
    by_id: HashMap<String, Rule>,
    /// Of the code, but not of this pack.
    left_out: HashSet<String>,
    /// Rows of each knowledge table, in the order of the manifest.
    knowledge_rows: Vec<u32>,
    entries_max: usize,
    parts_max: usize,
}

#[derive(Debug)]
struct Rule {
    scope: Scope,
    stages: Vec<Stage>,
    /// The places of each message.
    messages: HashMap<String, BTreeSet<String>>,
}

impl Rules {
    pub(crate) fn new(manifest: &Manifest, inputs: &Inputs, limits: &Limits) -> Self {
        let places = |rule: &rulepack_protocol::pack::manifest::Rule| {
            let messages = rule.messages.iter().map(|(name, template)| {
                let places = template.places().map(str::to_owned).collect();
                (name.clone(), places)
            });
            messages.collect()
        };
        Rules {
            by_id: manifest
                .rules
                .iter()
                .map(|rule| {
                    let known = Rule {
                        scope: rule.scope,
                        stages: rule.stages.clone(),
                        messages: places(rule),
                    };
                    (rule.id.clone(), known)
                })
                .collect(),
            left_out: manifest.pack.left_out.iter().cloned().collect(),
            knowledge_rows: manifest
                .tables
                .iter()
                .map(|table| inputs.tables.get(&table.name).map_or(0, |rows| rows.rows))
                .collect(),
            entries_max: limits.answer_entries,
            parts_max: limits.entry_parts,
        }
    }
}

/// Checks the answer to one batch.
pub(crate) struct Checker<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) batch: &'a Batch,
    pub(crate) review: &'a Review,
    pub(crate) codes: &'a Codes,
}

impl Checker<'_> {
    /// The answer in rows of the whole data, with the texts of its codes, in canonical order.
    pub(crate) fn check(&self, answer: &lifted::Answer) -> Result<Answer, AnswerError> {
        let count = answer.findings.len()
            + answer.notices.len()
            + answer.measures.len()
            + answer.abstentions.len();
        if count > self.rules.entries_max {
            return Err(AnswerError::TooManyEntries {
                count,
                count_max: self.rules.entries_max,
            });
        }
        let lists = &mut Lists::of(answer);
        let mut checked = Answer {
            findings: kept(&answer.findings, |finding| self.finding(lists, finding))?,
            notices: kept(&answer.notices, |notice| self.notice(lists, notice))?,
            measures: kept(&answer.measures, |measure| self.measure(lists, measure))?,
            abstentions: kept(&answer.abstentions, |one| self.abstention(lists, one))?,
        };
        lists.end()?;
        checked.sort();
        Ok(checked)
    }

    fn finding(
        &self,
        lists: &mut Lists<'_>,
        finding: lifted::Finding,
    ) -> Result<Option<Finding>, AnswerError> {
        let id = lists.name(finding.rule)?;
        let offending = lists.items.next(finding.offending)?;
        let related = lists.items.next(finding.related)?;
        let arguments = lists.arguments.next(finding.arguments)?;
        let evidence = lists.evidence.next(finding.evidence)?;
        let Some(rule) = self.rule(id)? else {
            return Ok(None);
        };
        self.parts(
            id,
            offending.len() + related.len() + arguments.len() + evidence.len(),
        )?;
        let offending = all(offending, |item| self.item(id, item))?;
        if offending.is_empty() {
            return Err(AnswerError::NothingOffending(id.to_owned()));
        }
        let under_review = |item: &Item| self.batch.data().is_under_review(item.at);
        if self.review.scope == Scope::Patient && !offending.iter().any(under_review) {
            return Err(AnswerError::NotUnderReview(id.to_owned()));
        }
        let template = lists.name(finding.template)?;
        Ok(Some(Finding {
            certainty: match finding.certainty {
                lifted::Certainty::Violation => Certainty::Violation,
                lifted::Certainty::HighSuspicion => Certainty::HighSuspicion,
                lifted::Certainty::LowSuspicion => Certainty::LowSuspicion,
            },
            related: all(related, |item| self.item(id, item))?,
            arguments: self.arguments(id, rule, template, all_named(lists, arguments)?)?,
            evidence: all(evidence, |at| self.knowledge(id, at))?,
            offending,
            template: template.to_owned(),
            rule: id.to_owned(),
        }))
    }

    fn notice(
        &self,
        lists: &mut Lists<'_>,
        notice: lifted::Notice,
    ) -> Result<Option<Notice>, AnswerError> {
        let id = lists.name(notice.rule)?;
        let about = lists.about.next(notice.about)?;
        let arguments = lists.arguments.next(notice.arguments)?;
        let Some(rule) = self.rule(id)? else {
            return Ok(None);
        };
        self.parts(id, about.len() + arguments.len())?;
        let template = lists.name(notice.template)?;
        Ok(Some(Notice {
            about: all(about, |at| self.row(id, at))?,
            arguments: self.arguments(id, rule, template, all_named(lists, arguments)?)?,
            template: template.to_owned(),
            rule: id.to_owned(),
        }))
    }

    fn measure(
        &self,
        lists: &Lists<'_>,
        measure: lifted::Measure,
    ) -> Result<Option<Measure>, AnswerError> {
        let id = lists.name(measure.rule)?;
        if self.rule(id)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Measure {
            about: self.row(id, measure.about)?,
            numerator: figure(id, measure.numerator)?,
            denominator: figure(id, measure.denominator)?,
            rule: id.to_owned(),
        }))
    }

    fn abstention(
        &self,
        lists: &mut Lists<'_>,
        abstention: lifted::Abstention,
    ) -> Result<Option<Abstention>, AnswerError> {
        let id = lists.name(abstention.rule)?;
        let missing = lists.missing.next(abstention.missing)?;
        if self.rule(id)?.is_none() {
            return Ok(None);
        }
        self.parts(id, missing.len())?;
        let missing = all(missing, |column| match lists.name(column)? {
            column if is_column(column) => Ok(column.to_owned()),
            column => Err(AnswerError::UnknownColumn {
                rule: id.to_owned(),
                column: shortened(column.to_owned()),
            }),
        })?;
        Ok(Some(Abstention {
            about: self.row(id, abstention.about)?,
            missing,
            rule: id.to_owned(),
        }))
    }

    /// The rule of this name, where it may answer in this review; none where the pack did not take the rule over
    /// with the code.
    fn rule(&self, id: &str) -> Result<Option<&Rule>, AnswerError> {
        if self.rules.left_out.contains(id) {
            return Ok(None);
        }
        let rule = self.rules.by_id.get(id);
        let rule = rule.ok_or_else(|| AnswerError::UndeclaredRule(shortened(id.to_owned())))?;
        if rule.scope != self.review.scope {
            return Err(AnswerError::Scope {
                rule: id.to_owned(),
                scope: self.review.scope,
            });
        }
        if !rule.stages.contains(&self.review.stage) {
            return Err(AnswerError::Stage {
                rule: id.to_owned(),
                stage: self.review.stage,
            });
        }
        Ok(Some(rule))
    }

    fn parts(&self, rule: &str, count: usize) -> Result<(), AnswerError> {
        if count > self.rules.parts_max {
            return Err(AnswerError::TooManyParts {
                rule: rule.to_owned(),
                count,
                count_max: self.rules.parts_max,
            });
        }
        Ok(())
    }

    fn row(&self, rule: &str, at: lifted::RowReference) -> Result<RowReference, AnswerError> {
        rows::whole(self.batch, at).ok_or_else(|| AnswerError::Row {
            rule: rule.to_owned(),
            table: at.table,
            row: at.row,
        })
    }

    fn item(&self, rule: &str, item: lifted::Item) -> Result<Item, AnswerError> {
        Ok(Item {
            at: self.row(rule, item.at)?,
            amount: figure(rule, item.amount)?,
        })
    }

    fn knowledge(
        &self,
        rule: &str,
        at: lifted::KnowledgeReference,
    ) -> Result<KnowledgeReference, AnswerError> {
        let rows = self.rules.knowledge_rows.get(usize::from(at.table));
        if rows.is_some_and(|rows| at.row < *rows) {
            return Ok(KnowledgeReference {
                table: at.table,
                row: at.row,
            });
        }
        Err(AnswerError::KnowledgeRow {
            rule: rule.to_owned(),
            table: at.table,
            row: at.row,
        })
    }

    /// The figures of a message: exactly one for each place of it, so that nothing else crosses. In the
    /// order of their names.
    fn arguments(
        &self,
        id: &str,
        rule: &Rule,
        template: &str,
        mut arguments: Vec<(&str, lifted::Value)>,
    ) -> Result<Vec<Argument>, AnswerError> {
        let places = rule.messages.get(template);
        let places = places.ok_or_else(|| AnswerError::UndeclaredTemplate {
            rule: id.to_owned(),
            template: shortened(template.to_owned()),
        })?;
        arguments.sort_unstable_by_key(|(name, _)| *name);
        // The places of a message are distinct and in order.
        if !arguments.iter().map(|(name, _)| name).eq(places) {
            let places: Vec<String> = places.iter().map(|name| format!("`{name}`")).collect();
            return Err(AnswerError::Arguments {
                rule: id.to_owned(),
                template: template.to_owned(),
                expected: match places.is_empty() {
                    true => "no arguments".to_owned(),
                    false => places.join(", "),
                },
            });
        }
        all(&arguments, |(name, value)| {
            Ok(Argument {
                value: self.value(id, value)?,
                name: name.to_owned(),
            })
        })
    }

    fn value(&self, rule: &str, value: lifted::Value) -> Result<Value, AnswerError> {
        Ok(match value {
            lifted::Value::Count(count) => Value::Count(figure(rule, count)?),
            lifted::Value::Money(fen) => Value::Money(figure(rule, fen)?),
            lifted::Value::UnitPrice(price) => Value::UnitPrice(figure(rule, price)?),
            lifted::Value::Quantity(quantity) => Value::Quantity(figure(rule, quantity)?),
            lifted::Value::Ratio(ratio) => Value::Ratio(figure(rule, ratio)?),
            lifted::Value::Day(NOT_RECORDED_S32) => {
                return Err(AnswerError::NotRecorded(rule.to_owned()));
            }
            lifted::Value::Day(day) => Value::Day(day),
            lifted::Value::Term(code) => match self.codes.text(code) {
                Ok(text) => Value::Term(text.to_owned()),
                Err(_) => {
                    return Err(AnswerError::UnknownCode {
                        rule: rule.to_owned(),
                        code,
                    });
                }
            },
        })
    }
}

fn all<T: Copy, U>(
    values: &[T],
    mut check: impl FnMut(T) -> Result<U, AnswerError>,
) -> Result<Vec<U>, AnswerError> {
    let mut checked = Vec::with_capacity(values.len());
    for value in values {
        checked.push(check(*value)?);
    }
    Ok(checked)
}

/// The entries that `check` keeps.
fn kept<T: Copy, U>(
    entries: &[T],
    mut check: impl FnMut(T) -> Result<Option<U>, AnswerError>,
) -> Result<Vec<U>, AnswerError> {
    let mut checked = Vec::with_capacity(entries.len());
    for entry in entries {
        checked.extend(check(*entry)?);
    }
    Ok(checked)
}

fn all_named<'a>(
    lists: &Lists<'a>,
    arguments: &[lifted::Argument],
) -> Result<Vec<(&'a str, lifted::Value)>, AnswerError> {
    all(arguments, |argument| {
        Ok((lists.name(argument.name)?, argument.value))
    })
}

fn figure(rule: &str, figure: i64) -> Result<i64, AnswerError> {
    match figure {
        NOT_RECORDED_S64 => Err(AnswerError::NotRecorded(rule.to_owned())),
        figure => Ok(figure),
    }
}

fn is_column(text: &str) -> bool {
    text.split_once('.').is_some_and(|(table, column)| {
        schema::table(table).is_some_and(|table| table.table().column(column).is_some())
    })
}
