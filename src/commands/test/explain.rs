//! `test --explain CASE`: what a pack answers to one case, with the rows and the knowledge behind it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use rulepack_contract::answer::{Argument, Value};
use rulepack_contract::case::{Case, CaseError, Cell, Expected, ExpectedFinding, ExpectedItem};
use rulepack_contract::data::{Data, Presence};
use rulepack_contract::schema;
use rulepack_protocol::pack::Pack;
use rulepack_protocol::pack::manifest::Rule;
use serde::Serialize;

/// The answer to a case, rule by rule.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// The case.
    pub case: String,
    /// Stage, scope, day and place.
    pub circumstances: String,
    /// The rules of that stage and scope, in the order of the manifest.
    pub rules: Vec<RuleExplanation>,
}

/// What a rule answers, and why.
#[derive(Debug, Serialize)]
pub struct RuleExplanation {
    /// Its id and title.
    pub rule: String,
    /// What it needs and the case does not record: then it is not evaluable.
    pub missing: Vec<String>,
    /// Its findings, notices, measures and abstentions, each with its lines.
    pub answers: Vec<Vec<String>>,
}

/// Explains what was told of a case.
///
/// # Errors
/// Where the case itself is wrong.
pub fn explain(pack: &Pack, case: &Case, told: &Expected) -> Result<Explanation, CaseError> {
    let data = case.data()?;
    let explainer = Explainer { pack, case, told };
    let rules = pack.manifest.rules.iter();
    let rules = rules.filter(|it| it.scope == case.scope && it.stages.contains(&case.stage));
    Ok(Explanation {
        case: case.name.clone(),
        circumstances: format!(
            "{:?}, {:?}, {}, {}",
            case.stage, case.scope, case.today, case.jurisdiction
        )
        .to_lowercase(),
        rules: rules
            .map(|rule| RuleExplanation {
                rule: format!("{} {}", rule.id, rule.title),
                missing: missing(rule, &data),
                answers: explainer.answers(rule),
            })
            .collect(),
    })
}

/// The columns that a rule needs and the data does not record.
fn missing(rule: &Rule, data: &Data) -> Vec<String> {
    let absent = |table, column| data.presence(table, column) == Presence::Absent;
    let needs = rule
        .needs
        .iter()
        .filter(|need| absent(need.table, need.column));
    needs.map(ToString::to_string).collect()
}

struct Explainer<'a> {
    pack: &'a Pack,
    case: &'a Case,
    told: &'a Expected,
}

impl Explainer<'_> {
    fn answers(&self, rule: &Rule) -> Vec<Vec<String>> {
        let told = self.told;
        let mut answers = Vec::new();
        for finding in told.findings.iter().filter(|it| it.rule == rule.id) {
            answers.push(self.finding(rule, finding));
        }
        for notice in told.notices.iter().filter(|it| it.rule == rule.id) {
            let message = self.message(rule, &notice.template, notice.arguments.as_ref());
            let mut lines = vec![format!("notice `{}`: {message}", notice.template)];
            lines.extend(notice.about.iter().map(|at| self.row("about", at)));
            answers.push(lines);
        }
        for measure in told.measures.iter().filter(|it| it.rule == rule.id) {
            let (above, below) = (measure.numerator, measure.denominator);
            let about = self.row("about", &measure.about);
            answers.push(vec![format!("measure {above} / {below}"), about]);
        }
        for abstention in told.abstentions.iter().filter(|it| it.rule == rule.id) {
            let missing = abstention.missing.join(", ");
            let about = self.row("about", &abstention.about);
            answers.push(vec![format!("abstains: {missing} is not recorded"), about]);
        }
        answers
    }

    fn finding(&self, rule: &Rule, finding: &ExpectedFinding) -> Vec<String> {
        let message = self.message(rule, &finding.template, finding.arguments.as_ref());
        let certainty = finding.certainty.chinese();
        let mut lines = vec![format!("{certainty} `{}`: {message}", finding.template)];
        let item = |what: &str, item: &ExpectedItem| {
            format!("{} (at stake {})", self.row(what, &item.at), item.amount.0)
        };
        lines.extend(finding.offending.iter().map(|it| item("offending", it)));
        lines.extend(
            finding
                .related
                .iter()
                .flatten()
                .map(|it| item("related", it)),
        );
        let evidence = finding.evidence.iter().flatten();
        lines.extend(evidence.map(|row| self.knowledge(row)));
        lines
    }

    fn message(
        &self,
        rule: &Rule,
        template: &str,
        arguments: Option<&BTreeMap<String, Cell>>,
    ) -> String {
        let arguments = arguments.into_iter().flatten();
        let arguments: Vec<Argument> = arguments
            .map(|(name, shown)| Argument {
                name: name.clone(),
                value: Value::Term(shown.0.clone()),
            })
            .collect();
        let template = rule.messages.get(template);
        template.map_or_else(String::new, |template| template.fill(&arguments))
    }

    /// A row of the case with all that it records.
    fn row(&self, what: &str, at: &str) -> String {
        let cells = at.split_once('/').and_then(|(table, key)| {
            let column = schema::table(table)?.table().key();
            let rows = self.case.tables.get(table)?;
            match column {
                Some(column) => rows
                    .iter()
                    .find(|row| row.get(column).is_some_and(|cell| cell.0 == key)),
                None => rows.get(key.parse::<usize>().ok()?.checked_sub(1)?),
            }
        });
        let cells = cells.into_iter().flatten();
        let cells = cells.map(|(column, cell)| (column.as_str(), cell.0.clone()));
        format!("{what} {at}: {}", listed(cells))
    }

    /// A row of a table of the pack, or of one that the case supplies.
    fn knowledge(&self, at: &str) -> String {
        let found = at.rsplit_once('/').and_then(|(name, row)| {
            let row = row.parse::<u32>().ok()?.checked_sub(1)?;
            let mut tables = self.pack.manifest.tables.iter();
            let declaration = tables.find(|table| table.name == name)?;
            let supplied = self.case.supplied.get(name);
            let cells: Vec<(&str, String)> = match (supplied, self.pack.tables.get(name)) {
                (Some(rows), _) => rows
                    .get(row as usize)?
                    .iter()
                    .map(|(column, cell)| (column.as_str(), cell.0.clone()))
                    .collect(),
                (None, table) => declaration
                    .columns
                    .keys()
                    .filter_map(|name| Some((name.as_str(), table?.cell(declaration, name, row))))
                    .collect(),
            };
            Some(cells)
        });
        format!("knowledge {at}: {}", listed(found.into_iter().flatten()))
    }
}

/// The cells that hold something.
fn listed<'a>(cells: impl Iterator<Item = (&'a str, String)>) -> String {
    let mut text = String::new();
    for (column, value) in cells.filter(|(_, value)| !value.is_empty()) {
        let space = if text.is_empty() { "" } else { " " };
        // Writing into a text cannot fail.
        let _ = write!(text, "{space}{column}={value}");
    }
    text
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "case `{}` ({})", self.case, self.circumstances)?;
        let mut silent = Vec::new();
        for rule in &self.rules {
            if !rule.missing.is_empty() {
                let missing = rule.missing.join(", ");
                writeln!(f, "{}: not evaluable, {missing} is not recorded", rule.rule)?;
            } else if rule.answers.is_empty() {
                silent.push(rule.rule.split_once(' ').map_or("", |(id, _)| id));
            } else {
                writeln!(f, "{}", rule.rule)?;
            }
            for answer in &rule.answers {
                for (place, line) in answer.iter().enumerate() {
                    let indent = if place == 0 { "  " } else { "    " };
                    writeln!(f, "{indent}{line}")?;
                }
            }
        }
        match silent.is_empty() {
            true => Ok(()),
            false => writeln!(
                f,
                "had what they need and found nothing: {}",
                silent.join(", ")
            ),
        }
    }
}
