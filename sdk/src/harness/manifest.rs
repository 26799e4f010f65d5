//! What a native run needs of `pack.toml`: rules, parameters and tables.

use std::collections::BTreeMap;
use std::path::Path;

use rulepack_contract::knowledge::TableDeclaration;
use rulepack_contract::parameters::{ParameterDeclaration, ParameterValue};
use rulepack_contract::review::{Scope, Stage};
use serde::Deserialize;

use super::error::HarnessError;

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
pub(crate) struct Rule {
    id: String,
    pub(crate) scope: Scope,
    pub(crate) stages: Vec<Stage>,
    /// The columns without which it does not judge.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    pub(crate) messages: BTreeMap<String, String>,
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

    /// The rule of this name.
    pub(crate) fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// The names that stand in single braces; a double one is the brace itself.
pub(crate) fn places(message: &str) -> Vec<String> {
    let message = message.replace("{{", "").replace("}}", "");
    let parts = message.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
        .collect()
}
