//! The points of supervision (监管要点), and what answers each: rules, the platform, or a reason why nothing
//! does yet.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_protocol::pack::Manifest;
use serde::{Deserialize, Serialize};

/// Something that supervision has to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// Its number: `1.16`.
    pub number: String,
    /// A few words.
    pub title: String,
    /// Ids of the rules that answer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// What of the platform answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature: Option<String>,
    /// What is not answered yet, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_yet: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "point")]
    points: Vec<Point>,
}

/// Why points and rules do not belong together.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// Not the shape of the file.
    #[error("not a list of `[[point]]`: {0}")]
    Toml(#[from] toml::de::Error),
    /// A number stands twice.
    #[error("point `{0}` stands twice")]
    Twice(String),
    /// Nothing is said about it.
    #[error("point `{0}` has neither `rules` nor `feature` nor `not_yet`")]
    Unanswered(String),
    /// A rule that none of the packs has.
    #[error("point `{point}` names the rule `{rule}`, which none of the packs declares")]
    UnknownRule {
        /// The point.
        point: String,
        /// The rule.
        rule: String,
    },
    /// Two packs have a rule of the same id, so that a point cannot name it.
    #[error("`{first}` and `{second}` both declare the rule `{rule}`")]
    SameRule {
        /// The rule.
        rule: String,
        /// A pack.
        first: String,
        /// Another one.
        second: String,
    },
}

/// Reads the points, held against the rules of the packs.
pub fn read(text: &str, packs: &[Manifest]) -> Result<Vec<Point>, AnswersError> {
    let mut rules: BTreeMap<&str, String> = BTreeMap::new();
    for pack in packs {
        for rule in &pack.rules {
            let name = pack.pack.name.to_string();
            if let Some(first) = rules.insert(&rule.id, name.clone()) {
                return Err(AnswersError::SameRule {
                    rule: rule.id.clone(),
                    first,
                    second: name,
                });
            }
        }
    }
    let File { points } = toml::from_str(text)?;
    let mut numbers = BTreeSet::new();
    for point in &points {
        let number = || point.number.clone();
        if !numbers.insert(&point.number) {
            return Err(AnswersError::Twice(number()));
        }
        if point.rules.is_empty() && point.feature.is_none() && point.not_yet.is_none() {
            return Err(AnswersError::Unanswered(number()));
        }
        let unknown = |rule: &&String| !rules.contains_key(rule.as_str());
        if let Some(rule) = point.rules.iter().find(unknown) {
            return Err(AnswersError::UnknownRule {
                point: number(),
                rule: rule.clone(),
            });
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
[pack]
name = "37/limits"
version = "1.0.0"
title = "限量"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = { from = "2026-01-01" }
jurisdictions = ["37"]

[[rule]]
id = "LIM-01"
title = "超量"
scope = "patient"
stages = ["after"]
behaviour = "项目类"
basis = "示例"
"#;

    fn refusal(packs: usize, text: &str) -> String {
        let packs = vec![Manifest::from_toml(MANIFEST).unwrap(); packs];
        read(text, &packs).unwrap_err().to_string()
    }

    #[test]
    fn points_and_rules_that_do_not_belong_together_are_refused() {
        let point = "[[point]]\nnumber = \"1.1\"\ntitle = \"甲\"\n";
        assert_eq!(
            refusal(1, point),
            "point `1.1` has neither `rules` nor `feature` nor `not_yet`"
        );
        let answered = format!("{point}rules = [\"LIM-01\"]\n");
        assert_eq!(
            refusal(1, &format!("{answered}{answered}")),
            "point `1.1` stands twice"
        );
        assert_eq!(
            refusal(1, &answered.replace("LIM-01", "LIM-02")),
            "point `1.1` names the rule `LIM-02`, which none of the packs declares"
        );
        assert_eq!(
            refusal(2, &answered),
            "`37/limits` and `37/limits` both declare the rule `LIM-01`"
        );
        let shape = refusal(1, "[[point]]\nnumber = 1\n");
        assert!(shape.starts_with("not a list of `[[point]]`: "), "{shape}");
    }
}
