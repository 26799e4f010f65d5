//! An answer of this crate in the terms of the contract: codes as texts, rows of the whole data.

use rulepack_contract::answer as told;
use rulepack_contract::data::Batch;
use rulepack_contract::schema::TableId;

use super::error::{HarnessError, InvalidAnswer};
use crate::answer::{Answer, Argument, Certainty, Figure, Item, RowReference};
use crate::host::Evaluation;

pub(crate) fn tell(
    answer: Answer,
    batch: &Batch,
    host: &Evaluation,
) -> Result<told::Answer, HarnessError> {
    let teller = Teller { batch, host };
    let findings = answer.findings.into_iter().map(|it| teller.finding(it));
    let notices = answer.notices.into_iter().map(|it| teller.notice(it));
    let measures = answer.measures.into_iter().map(|measure| {
        Ok(told::Measure {
            rule: measure.rule.to_owned(),
            about: teller.row(measure.rule, measure.about)?,
            numerator: measure.numerator,
            denominator: measure.denominator,
        })
    });
    let abstentions = answer.abstentions.into_iter().map(|abstention| {
        Ok(told::Abstention {
            rule: abstention.rule.to_owned(),
            about: teller.row(abstention.rule, abstention.about)?,
            missing: abstention.missing.into_iter().map(str::to_owned).collect(),
        })
    });
    Ok(told::Answer {
        findings: findings.collect::<Result<_, _>>()?,
        notices: notices.collect::<Result<_, _>>()?,
        measures: measures.collect::<Result<_, HarnessError>>()?,
        abstentions: abstentions.collect::<Result<_, HarnessError>>()?,
    })
}

struct Teller<'a> {
    batch: &'a Batch,
    host: &'a Evaluation,
}

impl Teller<'_> {
    fn finding(&self, finding: crate::Finding) -> Result<told::Finding, HarnessError> {
        let items = |items: Vec<Item>| {
            let items = items.into_iter().map(|item| {
                Ok(told::Item {
                    at: self.row(finding.rule, item.at)?,
                    amount: item.amount.0,
                })
            });
            items.collect::<Result<Vec<_>, HarnessError>>()
        };
        Ok(told::Finding {
            rule: finding.rule.to_owned(),
            certainty: match finding.certainty {
                Certainty::Violation => told::Certainty::Violation,
                Certainty::HighSuspicion => told::Certainty::HighSuspicion,
                Certainty::LowSuspicion => told::Certainty::LowSuspicion,
            },
            offending: items(finding.offending)?,
            related: items(finding.related)?,
            template: finding.template.to_owned(),
            arguments: self.arguments(finding.arguments),
            evidence: finding
                .evidence
                .into_iter()
                .map(|(table, row)| told::KnowledgeReference { table, row })
                .collect(),
        })
    }

    fn notice(&self, notice: crate::Notice) -> Result<told::Notice, HarnessError> {
        let about = notice.about.into_iter().map(|at| self.row(notice.rule, at));
        Ok(told::Notice {
            rule: notice.rule.to_owned(),
            about: about.collect::<Result<_, _>>()?,
            template: notice.template.to_owned(),
            arguments: self.arguments(notice.arguments),
        })
    }

    /// The row of the whole data that a row of the batch is.
    fn row(&self, rule: &str, at: RowReference) -> Result<told::RowReference, HarnessError> {
        let table = TableId::from_number(at.table).filter(|id| at.row < self.batch.rows(*id));
        match table {
            Some(table) => Ok(told::RowReference {
                table: at.table,
                row: self.batch.start(table) + at.row,
            }),
            None => Err(HarnessError::InvalidAnswer {
                rule: rule.to_owned(),
                problem: InvalidAnswer::UnknownRow {
                    table: at.table,
                    row: at.row,
                },
            }),
        }
    }

    /// The figures of a message in the order of their names, as a host puts them.
    fn arguments(&self, arguments: Vec<Argument>) -> Vec<told::Argument> {
        let mut told: Vec<_> = arguments.into_iter().map(|it| self.argument(it)).collect();
        told.sort();
        told
    }

    fn argument(&self, (name, figure): Argument) -> told::Argument {
        told::Argument {
            name: name.to_owned(),
            value: match figure {
                Figure::Count(count) => told::Value::Count(count),
                Figure::Money(money) => told::Value::Money(money.0),
                Figure::UnitPrice(price) => told::Value::UnitPrice(price.0),
                Figure::Quantity(quantity) => told::Value::Quantity(quantity.0),
                Figure::Ratio(ratio) => told::Value::Ratio(ratio.0),
                Figure::Day(day) => told::Value::Day(day.0),
                Figure::Term(code) => told::Value::Term(self.host.told(code.number())),
            },
        }
    }
}
