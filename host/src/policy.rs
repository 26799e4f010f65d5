//! What a hospital decides itself about rules and faults: `policy.toml` in the host's folder, written by hand.
//!
//! ```toml
//! answer_within_seconds = 20
//!
//! [failing]                 # what a call is answered where something in force could not judge it
//! before = "open"           # 3101: the answer says what is missing, and the order goes on
//! during = "closed"         # 3102: infcode -1
//!
//! [[soften]]
//! pack = "37/chronic-limits"
//! rule = "CHR-01"
//! to = "remind"             # or "review"; never harder than the pack says
//! from = "2026-11-01"       # may be left out
//! until = "2026-12-31"      # the last day
//! reason = "目录更新中，市局已同意"
//! ```

use std::path::{Path, PathBuf};

use rulepack_contract::review::Stage;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::manifest::Action;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::review::report::{Report, Softening};

/// What `policy.toml` says; without the file, all of it by default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// A call that takes longer counts as one that could not be judged.
    pub answer_within_seconds: Patience,
    /// By stage.
    pub failing: Failing,
    /// Rules that lead to less than their pack says, for a time.
    pub soften: Vec<Soften>,
}

/// 故障时放行或拦截, by stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Failing {
    /// 事前, 3101.
    pub before: Fail,
    /// 事中, 3102.
    pub during: Fail,
}

/// What a call is answered where a pack in force could not be loaded, gave no verdict, or took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fail {
    /// 放行: infcode 0 with what was found, and what is missing in err_msg.
    #[default]
    Open,
    /// 拦截: infcode -1, with the same.
    Closed,
}

/// Seconds, from 1 to [`Patience::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Patience(u16);

/// No number of seconds that a caller could be asked to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time to answer within, expected 1 to {max} seconds", max = Patience::MAX)]
pub struct PatienceError(u16);

/// A rule that leads to less than its pack says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Soften {
    /// The pack, in whatever version.
    pub pack: PackName,
    /// Id of the rule.
    pub rule: String,
    /// What its findings lead to at most.
    pub to: Action,
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// The last day.
    pub until: Day,
    /// Told in every answer that it changes.
    pub reason: String,
}

/// A policy that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file system refuses.
    #[error("cannot use `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no policy.
    #[error("`{path}` is not as expected: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: toml::de::Error,
    },
    /// A rule is softened without saying why.
    #[error("`{rule}` of `{pack}` is softened without a reason")]
    NoReason {
        /// The pack.
        pack: PackName,
        /// The rule.
        rule: String,
    },
    /// A rule is softened to what nothing is softer than.
    #[error("`{rule}` of `{pack}` is softened to `block`, expected `remind` or `review`")]
    Block {
        /// The pack.
        pack: PackName,
        /// The rule.
        rule: String,
    },
    /// A rule is softened for no day.
    #[error("`{rule}` of `{pack}` is softened until a day before it begins")]
    Order {
        /// The pack.
        pack: PackName,
        /// The rule.
        rule: String,
    },
}

impl Policy {
    /// Reads the policy at this path; the default where there is none.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn read(path: &Path) -> Result<Self, PolicyError> {
        let bytes = files::read_if_there(path).map_err(|source| PolicyError::Io {
            path: path.to_owned(),
            source,
        })?;
        let text = String::from_utf8_lossy(bytes.as_deref().unwrap_or_default());
        let policy: Policy = toml::from_str(&text).map_err(|source| PolicyError::Toml {
            path: path.to_owned(),
            source,
        })?;
        policy.soften.iter().try_for_each(Soften::check)?;
        Ok(policy)
    }

    /// What a call of this stage is answered where something could not judge it.
    #[must_use]
    pub fn fail(&self, stage: Stage) -> Fail {
        match stage {
            Stage::Before => self.failing.before,
            Stage::During => self.failing.during,
            // Nothing waits for an audit.
            Stage::After => Fail::Open,
        }
    }

    /// Softens the findings of a report, and notes in each why.
    pub fn soften(&self, report: &mut Report, today: Day) {
        for finding in &mut report.findings {
            let softer = self.soften.iter().filter(|soften| {
                soften.is_in_force(today)
                    && soften.pack == *finding.rule.pack.pack()
                    && soften.rule == finding.rule.rule
                    && soften.to < finding.action
            });
            if let Some(softest) = softer.min_by_key(|soften| soften.to) {
                finding.softened = Some(Softening {
                    declared: finding.action,
                    until: softest.until,
                    reason: softest.reason.clone(),
                });
                finding.action = softest.to;
            }
        }
    }
}

impl Soften {
    /// Whether this day is one of those that it is for.
    #[must_use]
    pub fn is_in_force(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && day <= self.until
    }

    fn check(&self) -> Result<(), PolicyError> {
        let (pack, rule) = (self.pack.clone(), self.rule.clone());
        if self.reason.trim().is_empty() {
            return Err(PolicyError::NoReason { pack, rule });
        }
        if self.to == Action::Block {
            return Err(PolicyError::Block { pack, rule });
        }
        if self.from.is_some_and(|from| self.until < from) {
            return Err(PolicyError::Order { pack, rule });
        }
        Ok(())
    }
}

impl Patience {
    /// Longer than any caller waits.
    pub const MAX: u16 = 25;

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u16 {
        self.0
    }
}

impl Default for Patience {
    fn default() -> Self {
        Patience(20)
    }
}

impl TryFrom<u16> for Patience {
    type Error = PatienceError;

    fn try_from(seconds: u16) -> Result<Self, PatienceError> {
        match seconds {
            1..=Patience::MAX => Ok(Patience(seconds)),
            _ => Err(PatienceError(seconds)),
        }
    }
}

impl From<Patience> for u16 {
    fn from(patience: Patience) -> u16 {
        patience.0
    }
}

#[cfg(test)]
mod tests {
    use rulepack_contract::answer::Certainty;
    use rulepack_protocol::pack::manifest::Behaviour;

    use super::*;
    use crate::review::report::{ReportedFinding, RuleReference};

    fn read(text: &str) -> Result<Policy, PolicyError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        Policy::read(&path)
    }

    fn soften(to: &str, until: &str, reason: &str) -> String {
        format!(
            "[[soften]]\npack = \"37/limits\"\nrule = \"LIM-01\"\nto = \"{to}\"\nfrom = \"2026-11-01\"\n\
             until = \"{until}\"\nreason = \"{reason}\"\n"
        )
    }

    #[test]
    fn without_a_file_everything_fails_open_and_nothing_is_softened() {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::read(&folder.path().join("policy.toml")).unwrap();
        assert_eq!(policy, Policy::default());
        assert_eq!(policy.fail(Stage::Before), Fail::Open);
        assert_eq!(policy.answer_within_seconds.seconds(), 20);
        let closed = read("[failing]\nduring = \"closed\"\n").unwrap();
        assert_eq!(closed.fail(Stage::Before), Fail::Open);
        assert_eq!(closed.fail(Stage::During), Fail::Closed);
    }

    #[test]
    fn a_softened_rule_has_a_reason_an_end_and_something_softer() {
        let of = "`LIM-01` of `37/limits` is softened";
        for (text, expected) in [
            (soften("remind", "2026-12-31", " "), "without a reason"),
            (
                soften("block", "2026-12-31", "R"),
                "to `block`, expected `remind` or `review`",
            ),
            (
                soften("remind", "2026-10-31", "R"),
                "until a day before it begins",
            ),
        ] {
            assert_eq!(
                read(&text).unwrap_err().to_string(),
                format!("{of} {expected}")
            );
        }
        let endless = soften("remind", "2026-12-31", "R").replace("until", "# until");
        assert!(
            read(&endless)
                .unwrap_err()
                .to_string()
                .contains("missing field `until`")
        );
        let error = read("answer_within_seconds = 26").unwrap_err().to_string();
        assert!(
            error.contains("`26` is no time to answer within, expected 1 to 25 seconds"),
            "{error}"
        );
    }

    #[test]
    fn a_rule_is_softened_on_its_days_only() {
        let policy = read(&soften("remind", "2026-12-31", "R")).unwrap();
        let soften = &policy.soften[0];
        for (day, expected) in [
            ("2026-10-31", false),
            ("2026-11-01", true),
            ("2026-12-31", true),
            ("2027-01-01", false),
        ] {
            assert_eq!(soften.is_in_force(day.parse().unwrap()), expected, "{day}");
        }
    }

    #[test]
    fn a_softened_finding_says_what_its_pack_declared_and_why() {
        let policy = read(&soften("review", "2026-12-31", "R")).unwrap();
        let found = |rule: &str, action| ReportedFinding {
            rule: RuleReference {
                pack: "37/limits/1.0.0.wasm".parse().unwrap(),
                rule: rule.into(),
                title: "限量".into(),
                kind: None,
                basis: "目录".into(),
                behaviour: Behaviour::Item,
            },
            certainty: Certainty::Violation,
            action,
            softened: None,
            message: "超量".into(),
            amount: 0,
            offending: Vec::new(),
            related: Vec::new(),
            retroactive: false,
            set: Default::default(),
        };
        let mut report = Report {
            findings: vec![
                found("LIM-01", Action::Block),
                found("LIM-01", Action::Remind),
                found("LIM-02", Action::Block),
            ],
            ..Report::default()
        };
        policy.soften(&mut report, "2026-11-22".parse().unwrap());
        let actions: Vec<_> = report.findings.iter().map(|one| one.action).collect();
        // Never harder than the pack says, and no other rule.
        assert_eq!(actions, [Action::Review, Action::Remind, Action::Block]);
        let expected = Softening {
            declared: Action::Block,
            until: "2026-12-31".parse().unwrap(),
            reason: "R".into(),
        };
        assert_eq!(report.findings[0].softened, Some(expected));
        assert_eq!(report.findings[1].softened, None);
        policy.soften(&mut report, "2027-01-01".parse().unwrap());
        assert_eq!(report.findings[2].action, Action::Block);
    }
}
