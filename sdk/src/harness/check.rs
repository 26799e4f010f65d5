//! Holds an answer against contract, manifest and batch, as the sandbox does: what no host accepts fails
//! where it was written, not after the build.

use std::collections::BTreeSet;

use rulepack_contract::answer::{Answer, Argument, Finding, KnowledgeReference, Value};
use rulepack_contract::data::{Batch, Presence};
use rulepack_contract::review::{Review, Scope};
use rulepack_contract::schema;
use rulepack_contract::units::{NOT_RECORDED_S32, NOT_RECORDED_S64};

use super::error::{HarnessError, InvalidAnswer};
use super::manifest::{Manifest, Rule, places};

/// What an answer to one batch is held against.
pub(crate) struct Checker<'a> {
    pub(crate) manifest: &'a Manifest,
    /// Rows of each knowledge table, in the order of the manifest.
    pub(crate) knowledge_rows: &'a [u32],
    pub(crate) batch: &'a Batch,
    pub(crate) review: &'a Review,
}

impl Checker<'_> {
    /// Refuses an answer that no host accepts, at its first fault.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), HarnessError> {
        for finding in &answer.findings {
            let fault = |problem| invalid(&finding.rule, problem);
            self.finding(finding).map_err(fault)?;
        }
        for notice in &answer.notices {
            let fault = |problem| invalid(&notice.rule, problem);
            let rule = self.judging(&notice.rule).map_err(fault)?;
            message(rule, &notice.template, &notice.arguments).map_err(fault)?;
        }
        for measure in &answer.measures {
            let fault = |problem| invalid(&measure.rule, problem);
            self.judging(&measure.rule).map_err(fault)?;
            if [measure.numerator, measure.denominator].contains(&NOT_RECORDED_S64) {
                return Err(fault(InvalidAnswer::NotRecorded));
            }
        }
        for abstention in &answer.abstentions {
            let fault = |problem| invalid(&abstention.rule, problem);
            self.rule(&abstention.rule).map_err(fault)?;
            if let Some(column) = abstention.missing.iter().find(|name| !is_column(name)) {
                return Err(fault(InvalidAnswer::UnknownColumn(column.clone())));
            }
        }
        Ok(())
    }

    fn finding(&self, finding: &Finding) -> Result<(), InvalidAnswer> {
        let rule = self.judging(&finding.rule)?;
        message(rule, &finding.template, &finding.arguments)?;
        if finding.offending.is_empty() {
            return Err(InvalidAnswer::NothingOffending);
        }
        let (data, mut offending) = (self.batch.data(), finding.offending.iter());
        if self.review.scope == Scope::Patient
            && !offending.any(|item| data.is_under_review(item.at))
        {
            return Err(InvalidAnswer::NotUnderReview);
        }
        let mut items = finding.offending.iter().chain(&finding.related);
        if items.any(|item| item.amount == NOT_RECORDED_S64) {
            return Err(InvalidAnswer::NotRecorded);
        }
        match finding.evidence.iter().find(|at| !self.has_knowledge(**at)) {
            Some(at) => Err(InvalidAnswer::UnknownKnowledge {
                table: at.table,
                row: at.row,
            }),
            None => Ok(()),
        }
    }

    /// The rule of this name, where it may answer in this review.
    fn rule(&self, id: &str) -> Result<&Rule, InvalidAnswer> {
        let rule = self.manifest.rule(id).ok_or(InvalidAnswer::UnknownRule)?;
        if rule.scope != self.review.scope {
            return Err(InvalidAnswer::Scope(self.review.scope));
        }
        if !rule.stages.contains(&self.review.stage) {
            return Err(InvalidAnswer::Stage(self.review.stage));
        }
        Ok(rule)
    }

    /// The same, where all that it needs is recorded: without, it may abstain and nothing else.
    fn judging(&self, id: &str) -> Result<&Rule, InvalidAnswer> {
        let rule = self.rule(id)?;
        match rule.needs.iter().find(|need| !self.is_recorded(need)) {
            Some(need) => Err(InvalidAnswer::NeedMissing(need.clone())),
            None => Ok(rule),
        }
    }

    fn is_recorded(&self, need: &str) -> bool {
        column(need).is_some_and(|(table, column)| {
            self.batch.data().presence(table, column) != Presence::Absent
        })
    }

    fn has_knowledge(&self, at: KnowledgeReference) -> bool {
        let rows = self.knowledge_rows.get(usize::from(at.table));
        rows.is_some_and(|rows| at.row < *rows)
    }
}

/// Exactly one figure for each place of a message, so that nothing else crosses.
fn message(rule: &Rule, template: &str, arguments: &[Argument]) -> Result<(), InvalidAnswer> {
    let Some(text) = rule.messages.get(template) else {
        return Err(InvalidAnswer::UnknownTemplate(template.to_owned()));
    };
    let places: BTreeSet<String> = places(text).into_iter().collect();
    let mut figures: Vec<&String> = arguments.iter().map(|argument| &argument.name).collect();
    figures.sort_unstable();
    if !figures.iter().copied().eq(&places) {
        return Err(InvalidAnswer::Arguments {
            template: template.to_owned(),
            expected: listed(&places.iter().collect::<Vec<_>>()),
            found: listed(&figures),
        });
    }
    match arguments.iter().any(|argument| is_blank(&argument.value)) {
        true => Err(InvalidAnswer::NotRecorded),
        false => Ok(()),
    }
}

/// Whether a figure is the number that stands for "not recorded".
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Count(figure)
        | Value::Money(figure)
        | Value::UnitPrice(figure)
        | Value::Quantity(figure)
        | Value::Ratio(figure) => *figure == NOT_RECORDED_S64,
        Value::Day(day) => *day == NOT_RECORDED_S32,
        Value::Term(_) => false,
    }
}

fn is_column(name: &str) -> bool {
    column(name).is_some()
}

/// Table and column of a name such as `orders.items`.
fn column(name: &str) -> Option<(schema::TableId, usize)> {
    let (table, column) = name.split_once('.')?;
    let table = schema::table(table)?;
    Some((table, table.table().column(column)?))
}

fn listed(names: &[&String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn invalid(rule: &str, problem: InvalidAnswer) -> HarnessError {
    HarnessError::InvalidAnswer {
        rule: rule.to_owned(),
        problem,
    }
}
