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

    /// Drops what the code says of rules that the pack did not take over with it.
    fn drop_left_out(&self, answer: &mut lifted::Answer) {
        if self.left_out.is_empty() {
            return;
        }
        let stays = |rule: &str| !self.left_out.contains(rule);
        answer.findings.retain(|it| stays(&it.rule));
        answer.notices.retain(|it| stays(&it.rule));
        answer.measures.retain(|it| stays(&it.rule));
        answer.abstentions.retain(|it| stays(&it.rule));
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
    pub(crate) fn check(&self, mut answer: lifted::Answer) -> Result<Answer, AnswerError> {
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
        self.rules.drop_left_out(&mut answer);
        let mut checked = Answer {
            findings: all(answer.findings, |finding| self.finding(finding))?,
            notices: all(answer.notices, |notice| self.notice(notice))?,
            measures: all(answer.measures, |measure| self.measure(measure))?,
            abstentions: all(answer.abstentions, |abstention| self.abstention(abstention))?,
        };
        checked.sort();
        Ok(checked)
    }

    fn finding(&self, finding: lifted::Finding) -> Result<Finding, AnswerError> {
        let id = finding.rule;
        let rule = self.rule(&id)?;
        self.parts(
            &id,
            finding.offending.len()
                + finding.related.len()
                + finding.arguments.len()
                + finding.evidence.len(),
        )?;
        let offending = all(finding.offending, |item| self.item(&id, item))?;
        if offending.is_empty() {
            return Err(AnswerError::NothingOffending(id));
        }
        let under_review = |item: &Item| self.batch.data().is_under_review(item.at);
        if self.review.scope == Scope::Patient && !offending.iter().any(under_review) {
            return Err(AnswerError::NotUnderReview(id));
        }
        Ok(Finding {
            certainty: match finding.certainty {
                lifted::Certainty::Violation => Certainty::Violation,
                lifted::Certainty::HighSuspicion => Certainty::HighSuspicion,
                lifted::Certainty::LowSuspicion => Certainty::LowSuspicion,
            },
            related: all(finding.related, |item| self.item(&id, item))?,
            arguments: self.arguments(&id, rule, &finding.template, finding.arguments)?,
            evidence: all(finding.evidence, |at| self.knowledge(&id, at))?,
            offending,
            template: finding.template,
            rule: id,
        })
    }

    fn notice(&self, notice: lifted::Notice) -> Result<Notice, AnswerError> {
        let id = notice.rule;
        let rule = self.rule(&id)?;
        self.parts(&id, notice.about.len() + notice.arguments.len())?;
        Ok(Notice {
            about: all(notice.about, |at| self.row(&id, at))?,
            arguments: self.arguments(&id, rule, &notice.template, notice.arguments)?,
            template: notice.template,
            rule: id,
        })
    }

    fn measure(&self, measure: lifted::Measure) -> Result<Measure, AnswerError> {
        let id = measure.rule;
        self.rule(&id)?;
        Ok(Measure {
            about: self.row(&id, measure.about)?,
            numerator: figure(&id, measure.numerator)?,
            denominator: figure(&id, measure.denominator)?,
            rule: id,
        })
    }

    fn abstention(&self, abstention: lifted::Abstention) -> Result<Abstention, AnswerError> {
        let id = abstention.rule;
        self.rule(&id)?;
        self.parts(&id, abstention.missing.len())?;
        for column in &abstention.missing {
            if !is_column(column) {
                return Err(AnswerError::UnknownColumn {
                    rule: id,
                    column: shortened(column.clone()),
                });
            }
        }
        Ok(Abstention {
            about: self.row(&id, abstention.about)?,
            missing: abstention.missing,
            rule: id,
        })
    }

    /// The rule of this name, where it may answer in this review.
    fn rule(&self, id: &str) -> Result<&Rule, AnswerError> {
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
        Ok(rule)
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
        mut arguments: Vec<lifted::Argument>,
    ) -> Result<Vec<Argument>, AnswerError> {
        let places = rule.messages.get(template);
        let places = places.ok_or_else(|| AnswerError::UndeclaredTemplate {
            rule: id.to_owned(),
            template: shortened(template.to_owned()),
        })?;
        arguments.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        // The places of a message are distinct and in order.
        if !arguments.iter().map(|a| &a.name).eq(places) {
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
        all(arguments, |argument| {
            Ok(Argument {
                value: self.value(id, argument.value)?,
                name: argument.name,
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

fn all<T, U>(
    values: Vec<T>,
    check: impl FnMut(T) -> Result<U, AnswerError>,
) -> Result<Vec<U>, AnswerError> {
    values.into_iter().map(check).collect()
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
