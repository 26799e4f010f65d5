//! Which packs and rules a report tells of. All in force judge: a report can be made again with others.

use rulepack_protocol::names::{NameSpace, PackName};
use serde::{Deserialize, Serialize};

use crate::finding::AuditFinding;
use crate::report::Language;
use crate::summary::split;

/// `[choose]` of a profile. An empty list takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Choice {
    /// Packs, by name (`37/vbp-quota`) or by name space (`37/*`).
    pub packs: Vec<PackPattern>,
    /// Rules, by id; of several packs with the same id all are meant.
    pub rules: Vec<String>,
    /// Rules that are not told of although the other two take them.
    pub leave_out: Vec<String>,
}

/// A pack, or all of a name space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PackPattern {
    /// `37/vbp-quota`
    Pack(PackName),
    /// `37/*`
    NameSpace(NameSpace),
}

/// A text that names no pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no pack, expected a name such as `37/vbp-quota` or all of a name space: `37/*`"
)]
pub struct PackPatternError(String);

impl Choice {
    /// Whether a finding is told of.
    #[must_use]
    pub fn takes(&self, finding: &AuditFinding) -> bool {
        let pack = split(&finding.pack).0;
        let takes = |pattern: &PackPattern| match pattern {
            PackPattern::Pack(name) => name.to_string() == pack,
            PackPattern::NameSpace(name_space) => {
                pack.split('/').next() == Some(name_space.as_str())
            }
        };
        let is_in = |list: &[String]| list.contains(&finding.rule);
        (self.packs.is_empty() || self.packs.iter().any(takes))
            && (self.rules.is_empty() || is_in(&self.rules))
            && !is_in(&self.leave_out)
    }

    /// What is not told of, for people; nothing where all is.
    #[must_use]
    pub fn words(&self, language: Language) -> Vec<String> {
        let packs: Vec<String> = self.packs.iter().cloned().map(String::from).collect();
        let told = [
            (
                packs.join(", "),
                "本报告仅含这些规则包：",
                "only of these packs: ",
            ),
            (
                self.rules.join(", "),
                "本报告仅含这些规则：",
                "only of these rules: ",
            ),
            (
                self.leave_out.join(", "),
                "本报告不含的规则：",
                "rules left out: ",
            ),
        ];
        let told = told.into_iter().filter(|(list, _, _)| !list.is_empty());
        told.map(|(list, chinese, english)| format!("{}{list}", language.say(chinese, english)))
            .collect()
    }
}

impl TryFrom<String> for PackPattern {
    type Error = PackPatternError;

    fn try_from(text: String) -> Result<Self, PackPatternError> {
        let parsed = match text.strip_suffix("/*") {
            Some(name_space) => name_space.parse().ok().map(PackPattern::NameSpace),
            None => text.parse().ok().map(PackPattern::Pack),
        };
        parsed.ok_or(PackPatternError(text))
    }
}

impl From<PackPattern> for String {
    fn from(pattern: PackPattern) -> String {
        match pattern {
            PackPattern::Pack(name) => name.to_string(),
            PackPattern::NameSpace(name_space) => format!("{name_space}/*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn empty_lists_take_all_and_what_is_left_out_stays_out() {
        let of = |pack: &str, rule: &str| AuditFinding {
            pack: format!("{pack}/1.0.0"),
            rule: rule.to_owned(),
            ..synthetic::finding(1)
        };
        let all = Choice::default();
        assert!(all.takes(&of("37/vbp-quota", "VBP-01")));
        let text = "packs = [\"37/*\", \"cn/national-library\"]\nrules = [\"A\", \"B\"]\nleave_out = [\"B\"]\n";
        let some: Choice = toml::from_str(text).unwrap();
        for (pack, rule, expected) in [
            ("37/vbp-quota", "A", true),
            ("cn/national-library", "A", true),
            ("cn/other", "A", false),
            ("3703/local", "A", false),
            ("37/vbp-quota", "B", false),
            ("37/vbp-quota", "C", false),
        ] {
            assert_eq!(some.takes(&of(pack, rule)), expected, "{pack} {rule}");
        }
        let told = [
            "only of these packs: 37/*, cn/national-library",
            "only of these rules: A, B",
            "rules left out: B",
        ];
        assert_eq!(some.words(Language::English), told);
        assert!(all.words(Language::Chinese).is_empty());
    }
}
