//! What a native run needs of `pack.toml`: rules, parameters and tables.

use std::collections::BTreeMap;
use std::path::Path;

use rulepack_contract::answer::{Answer, Argument};
use rulepack_contract::data::{Data, Presence};
use rulepack_contract::knowledge::TableDeclaration;
use rulepack_contract::parameters::{ParameterDeclaration, ParameterValue};
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema;
use serde::Deserialize;

use super::error::{HarnessError, InvalidAnswer};

/// A manifest, read for a native run; the build checks the rest of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Manifest {
    #[serde(default, rename = "rule")]
    rules: Vec<Rule>,
    #[serde(default, rename = "parameter")]
    parameters: Vec<ParameterDeclaration>,
    #[serde(default, rename = "table")]
    pub(crate) tables: Vec<TableDeclaration>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rule {
    id: String,
    scope: Scope,
    stages: Vec<Stage>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    messages: BTreeMap<String, String>,
}

impl Manifest {
    /// The columns that a rule needs, and the stages at which it runs; `None` where there is no such rule.
    pub(crate) fn declared(&self, id: &str) -> Option<(&[String], &[Stage])> {
        let rule = self.rules.iter().find(|rule| rule.id == id)?;
        Some((&rule.needs, &rule.stages))
    }

    pub(crate) fn read(path: &Path) -> Result<Self, HarnessError> {
        let text = std::fs::read_to_string(path).map_err(|source| HarnessError::Read {
            path: path.to_owned(),
            source,
        })?;
        toml::from_str(&text).map_err(|source| HarnessError::Manifest {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Every parameter with its value: the one that is set, or the default.
    pub(crate) fn parameters(
        &self,
        set: &BTreeMap<String, ParameterValue>,
    ) -> Result<BTreeMap<String, ParameterValue>, HarnessError> {
        let declares = |name: &String| self.parameters.iter().any(|known| known.name == *name);
        if let Some(name) = set.keys().find(|name| !declares(name)) {
            return Err(HarnessError::UnknownParameter { name: name.clone() });
        }
        let mut values = BTreeMap::new();
        for declaration in &self.parameters {
            let value = set.get(&declaration.name).unwrap_or(&declaration.default);
            declaration.check(value)?;
            values.insert(declaration.name.clone(), value.clone());
        }
        Ok(values)
    }

    /// Refuses an answer that no host accepts.
    pub(crate) fn check(&self, answer: &Answer) -> Result<(), HarnessError> {
        for finding in &answer.findings {
            self.check_message(&finding.rule, &finding.template, &finding.arguments)?;
            if finding.offending.is_empty() {
                return Err(invalid(&finding.rule, InvalidAnswer::NothingOffending));
            }
        }
        for notice in &answer.notices {
            self.check_message(&notice.rule, &notice.template, &notice.arguments)?;
        }
        for measure in &answer.measures {
            self.rule(&measure.rule)?;
        }
        for abstention in &answer.abstentions {
            self.rule(&abstention.rule)?;
        }
        Ok(())
    }

    /// Leaves out what belongs to a rule of another stage or scope, or whose needs the data lacks.
    pub(crate) fn keep_evaluable(&self, answer: &mut Answer, data: &Data, review: &Review) {
        let runs = |id: &String| {
            self.rules.iter().any(|rule| {
                rule.id == *id
                    && rule.scope == review.scope
                    && rule.stages.contains(&review.stage)
                    && rule.needs.iter().all(|need| is_recorded(data, need))
            })
        };
        answer.findings.retain(|finding| runs(&finding.rule));
        answer.notices.retain(|notice| runs(&notice.rule));
        answer.measures.retain(|measure| runs(&measure.rule));
        answer
            .abstentions
            .retain(|abstention| runs(&abstention.rule));
    }

    fn rule(&self, id: &str) -> Result<&Rule, HarnessError> {
        self.rules
            .iter()
            .find(|rule| rule.id == id)
            .ok_or_else(|| invalid(id, InvalidAnswer::UnknownRule))
    }

    fn check_message(
        &self,
        id: &str,
        template: &str,
        arguments: &[Argument],
    ) -> Result<(), HarnessError> {
        let rule = self.rule(id)?;
        let Some(message) = rule.messages.get(template) else {
            let unknown = InvalidAnswer::UnknownTemplate(template.to_owned());
            return Err(invalid(id, unknown));
        };
        for place in places(message) {
            if !arguments.iter().any(|argument| argument.name == place) {
                let empty = InvalidAnswer::EmptyPlace {
                    template: template.to_owned(),
                    place,
                };
                return Err(invalid(id, empty));
            }
        }
        Ok(())
    }
}

fn invalid(rule: &str, problem: InvalidAnswer) -> HarnessError {
    HarnessError::InvalidAnswer {
        rule: rule.to_owned(),
        problem,
    }
}

/// The names that stand in single braces; a double one is the brace itself.
fn places(message: &str) -> Vec<String> {
    let message = message.replace("{{", "").replace("}}", "");
    let parts = message.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
        .collect()
}

/// Whether the data has a column, such as `orders.items`.
fn is_recorded(data: &Data, need: &str) -> bool {
    let column = need.split_once('.').and_then(|(table, column)| {
        let table = schema::table(table)?;
        Some((table, table.table().column(column)?))
    });
    column.is_some_and(|(table, column)| data.presence(table, column) != Presence::Absent)
}
