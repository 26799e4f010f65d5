//! An answer of this crate as the types of the contract.

use crate::answer::{Answer, Argument, Certainty, Figure, Item, RowReference};
use crate::bindings::rulepack::rules::answers as wire;

impl From<Answer> for wire::Answer {
    fn from(answer: Answer) -> Self {
        wire::Answer {
            findings: answer.findings.into_iter().map(finding).collect(),
            notices: answer
                .notices
                .into_iter()
                .map(|notice| wire::Notice {
                    rule: notice.rule.to_owned(),
                    about: notice.about.into_iter().map(row).collect(),
                    template: notice.template.to_owned(),
                    arguments: notice.arguments.into_iter().map(argument).collect(),
                })
                .collect(),
            measures: answer
                .measures
                .into_iter()
                .map(|measure| wire::Measure {
                    rule: measure.rule.to_owned(),
                    about: row(measure.about),
                    numerator: measure.numerator,
                    denominator: measure.denominator,
                })
                .collect(),
            abstentions: answer
                .abstentions
                .into_iter()
                .map(|abstention| wire::Abstention {
                    rule: abstention.rule.to_owned(),
                    about: row(abstention.about),
                    missing: abstention.missing.into_iter().map(str::to_owned).collect(),
                })
                .collect(),
        }
    }
}

fn finding(finding: crate::answer::Finding) -> wire::Finding {
    wire::Finding {
        rule: finding.rule.to_owned(),
        certainty: match finding.certainty {
            Certainty::Violation => wire::Certainty::Violation,
            Certainty::HighSuspicion => wire::Certainty::HighSuspicion,
            Certainty::LowSuspicion => wire::Certainty::LowSuspicion,
        },
        offending: finding.offending.into_iter().map(item).collect(),
        related: finding.related.into_iter().map(item).collect(),
        template: finding.template.to_owned(),
        arguments: finding.arguments.into_iter().map(argument).collect(),
        evidence: finding
            .evidence
            .into_iter()
            .map(|(table, row)| wire::KnowledgeReference { table, row })
            .collect(),
    }
}

fn row(at: RowReference) -> wire::RowReference {
    wire::RowReference {
        table: at.table,
        row: at.row,
    }
}

fn item(item: Item) -> wire::Item {
    wire::Item {
        at: row(item.at),
        amount: item.amount.0,
    }
}

fn argument((name, figure): Argument) -> wire::Argument {
    wire::Argument {
        name: name.to_owned(),
        value: match figure {
            Figure::Count(count) => wire::Value::Count(count),
            Figure::Money(money) => wire::Value::Money(money.0),
            Figure::UnitPrice(price) => wire::Value::UnitPrice(price.0),
            Figure::Quantity(quantity) => wire::Value::Quantity(quantity.0),
            Figure::Ratio(ratio) => wire::Value::Ratio(ratio.0),
            Figure::Day(day) => wire::Value::Day(day.0),
            Figure::Term(code) => wire::Value::Term(code.number()),
        },
    }
}
