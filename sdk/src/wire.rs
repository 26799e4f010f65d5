//! An answer of this crate as the types of the contract: every text once, and lists of lists as one list.

use crate::answer::{
    Abstention, Answer, Argument, Certainty, Figure, Finding, Item, Notice, RowReference,
};
use crate::bindings::rulepack::rules::answers as wire;
use crate::map::Map;

impl From<Answer> for wire::Answer {
    fn from(answer: Answer) -> Self {
        let mut flat = Flat::with_room_for(&answer);
        answer.findings.iter().for_each(|it| flat.finding(it));
        answer.notices.iter().for_each(|it| flat.notice(it));
        for measure in &answer.measures {
            let rule = flat.name(measure.rule);
            flat.answer.measures.push(wire::Measure {
                rule,
                about: row(measure.about),
                numerator: measure.numerator,
                denominator: measure.denominator,
            });
        }
        answer.abstentions.iter().for_each(|it| flat.abstention(it));
        // The instance ends with its answer: nothing of it is freed.
        std::mem::forget(answer);
        flat.answer
    }
}

/// The answer as it grows.
struct Flat {
    answer: wire::Answer,
    /// Where each text stands. One that the compiler placed twice is sent twice.
    places: Map<(*const u8, usize), u32>,
}

impl Flat {
    fn with_room_for(answer: &Answer) -> Self {
        let findings = answer.findings.iter();
        let items = findings
            .clone()
            .map(|it| it.offending.len() + it.related.len());
        let figures = findings.clone().map(|it| it.arguments.len());
        let figures = figures.chain(answer.notices.iter().map(|it| it.arguments.len()));
        Flat {
            places: Map::default(),
            answer: wire::Answer {
                names: Vec::new(),
                findings: Vec::with_capacity(answer.findings.len()),
                notices: Vec::with_capacity(answer.notices.len()),
                measures: Vec::with_capacity(answer.measures.len()),
                abstentions: Vec::with_capacity(answer.abstentions.len()),
                items: Vec::with_capacity(items.sum()),
                about: Vec::new(),
                arguments: Vec::with_capacity(figures.sum()),
                evidence: Vec::new(),
                missing: Vec::new(),
            },
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let (rule, template) = (self.name(finding.rule), self.name(finding.template));
        self.arguments(&finding.arguments);
        let answer = &mut self.answer;
        let items = finding.offending.iter().chain(&finding.related);
        answer.items.extend(items.map(item));
        let evidence = finding.evidence.iter();
        answer
            .evidence
            .extend(evidence.map(|&(table, row)| wire::KnowledgeReference { table, row }));
        answer.findings.push(wire::Finding {
            rule,
            certainty: match finding.certainty {
                Certainty::Violation => wire::Certainty::Violation,
                Certainty::HighSuspicion => wire::Certainty::HighSuspicion,
                Certainty::LowSuspicion => wire::Certainty::LowSuspicion,
            },
            template,
            offending: count(&finding.offending),
            related: count(&finding.related),
            arguments: count(&finding.arguments),
            evidence: count(&finding.evidence),
        });
    }

    fn notice(&mut self, notice: &Notice) {
        let (rule, template) = (self.name(notice.rule), self.name(notice.template));
        self.arguments(&notice.arguments);
        self.answer
            .about
            .extend(notice.about.iter().copied().map(row));
        self.answer.notices.push(wire::Notice {
            rule,
            template,
            about: count(&notice.about),
            arguments: count(&notice.arguments),
        });
    }

    fn abstention(&mut self, abstention: &Abstention) {
        let rule = self.name(abstention.rule);
        for column in &abstention.missing {
            let column = self.name(column);
            self.answer.missing.push(column);
        }
        self.answer.abstentions.push(wire::Abstention {
            rule,
            about: row(abstention.about),
            missing: count(&abstention.missing),
        });
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        for (name, figure) in arguments {
            let name = self.name(name);
            let value = value(*figure);
            self.answer.arguments.push(wire::Argument { name, value });
        }
    }

    fn name(&mut self, text: &'static str) -> u32 {
        let names = &mut self.answer.names;
        *self
            .places
            .entry((text.as_ptr(), text.len()))
            .or_insert_with(|| {
                names.push(text.to_owned());
                count(names) - 1
            })
    }
}

/// The length of a list, which the memory of an instance bounds below 2³².
fn count<T>(list: &[T]) -> u32 {
    list.len() as u32
}

fn row(at: RowReference) -> wire::RowReference {
    wire::RowReference {
        table: at.table,
        row: at.row,
    }
}

fn item(item: &Item) -> wire::Item {
    wire::Item {
        at: row(item.at),
        amount: item.amount.0,
    }
}

fn value(figure: Figure) -> wire::Value {
    match figure {
        Figure::Count(count) => wire::Value::Count(count),
        Figure::Money(money) => wire::Value::Money(money.0),
        Figure::UnitPrice(price) => wire::Value::UnitPrice(price.0),
        Figure::Quantity(quantity) => wire::Value::Quantity(quantity.0),
        Figure::Ratio(ratio) => wire::Value::Ratio(ratio.0),
        Figure::Day(day) => wire::Value::Day(day.0),
        Figure::Term(code) => wire::Value::Term(code.number()),
    }
}
