//! Findings of two runs counted: all, by rule, by department, with examples.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ChangeKind, ChangedFinding};
use crate::finding::AuditFinding;
use crate::summary::{Examples, Running, Sum, SummaryOptions, split};

/// Findings of two runs. Of the counts, `before` is `lost`, `kept` and `altered` together, `after` is
/// `gained`, `kept` and `altered`; of the money, `after` is `before`, `gained` and `altered` less `lost`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Of the earlier run.
    pub before: Sum,
    /// Of the later one.
    pub after: Sum,
    /// Only of the later run.
    pub gained: Sum,
    /// Only of the earlier run.
    pub lost: Sum,
    /// Of both, with the same amount and certainty.
    pub kept: Sum,
    /// Of both, with another amount or certainty; the money is what they come to more (or less).
    pub altered: Sum,
}

/// What changed of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleChange {
    /// The pack, without its version.
    pub pack: String,
    /// Id of the rule in the pack.
    pub rule: String,
    /// What people call it; as the later run does, where it has the rule.
    pub title: String,
    /// Its findings.
    #[serde(flatten)]
    pub change: Change,
}

/// What changed for an institution, or for a department of it. A finding of both runs counts for that of the later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChange {
    /// The institution.
    pub institution: String,
    /// The department; empty where it was not recorded, and for institutions.
    pub department: String,
    /// Its findings.
    #[serde(flatten)]
    pub change: Change,
}

/// What changed by institution or department, those with most changes first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupChanges {
    /// The first of them.
    pub listed: Vec<GroupChange>,
    /// How many there are beside these.
    pub others: u64,
    /// What changed for all others together.
    pub of_others: Change,
}

/// Findings while they are counted.
#[derive(Debug)]
pub(super) struct Changes {
    options: SummaryOptions,
    all: RunningChange,
    rules: BTreeMap<(String, String), RuleGrown>,
    institutions: Groups,
    departments: Groups,
}

/// By institution and department; none once there are more than can be told apart.
type Groups = Option<BTreeMap<(String, String), RunningChange>>;

#[derive(Debug, Clone, Copy, Default)]
struct RunningChange {
    before: Running,
    after: Running,
    gained: Running,
    lost: Running,
    kept: Running,
    altered: Running,
}

#[derive(Debug)]
struct RuleGrown {
    change: RunningChange,
    title_before: String,
    title_after: String,
    /// In the order of [`ChangeKind`].
    examples: BTreeMap<ChangeKind, Examples>,
}

/// All that was counted.
pub(super) struct Counted {
    pub(super) all: Change,
    pub(super) rules: Vec<RuleChange>,
    pub(super) institutions: Option<GroupChanges>,
    pub(super) departments: Option<GroupChanges>,
    pub(super) examples: Vec<ChangedFinding>,
}

impl Changes {
    pub(super) fn new(options: SummaryOptions) -> Self {
        Changes {
            options,
            all: RunningChange::default(),
            rules: BTreeMap::new(),
            institutions: Some(BTreeMap::new()),
            departments: Some(BTreeMap::new()),
        }
    }

    /// Counts a finding of one run, or the two of both that are the same.
    pub(super) fn add(&mut self, before: Option<&AuditFinding>, after: Option<&AuditFinding>) {
        let Some(finding) = after.or(before) else {
            return;
        };
        let pair = (before, after);
        self.all.add(pair);
        let key = (split(&finding.pack).0.to_owned(), finding.rule.clone());
        let rule = self.rules.entry(key).or_insert_with(RuleGrown::new);
        rule.add(pair, finding, &self.options);
        let groups_max = self.options.groups_max;
        let add = |groups: &mut Groups, department: &str| {
            if let Some(known) = groups {
                let key = (finding.institution.clone(), department.to_owned());
                known.entry(key).or_default().add(pair);
                if known.len() > groups_max {
                    *groups = None;
                }
            }
        };
        add(&mut self.institutions, "");
        add(&mut self.departments, &finding.department);
    }

    pub(super) fn finish(self) -> Counted {
        let (mut rules, mut examples) = (Vec::new(), Vec::new());
        for ((pack, rule), grown) in self.rules {
            for (kind, chosen) in grown.examples {
                let chosen = chosen.finish().into_iter();
                examples.extend(chosen.map(|example| ChangedFinding { kind, example }));
            }
            let newest = Some(grown.title_after).filter(|title| !title.is_empty());
            rules.push(RuleChange {
                pack,
                rule,
                title: newest.unwrap_or(grown.title_before),
                change: grown.change.sums(),
            });
        }
        // Stable: those that changed as much stay in the order of their names.
        rules.sort_by_key(|rule| Reverse(rule.change.changed()));
        let top = self.options.top;
        Counted {
            all: self.all.sums(),
            rules,
            institutions: self.institutions.map(|groups| list(groups, top)),
            departments: self.departments.map(|groups| list(groups, top)),
            examples,
        }
    }
}

/// The first `top` groups, and the others as one.
fn list(groups: BTreeMap<(String, String), RunningChange>, top: usize) -> GroupChanges {
    let mut listed: Vec<_> = groups.into_iter().collect();
    listed.sort_by_key(|(_, change)| Reverse(change.sums().changed()));
    let others = listed.split_off(top.min(listed.len()));
    let mut of_others = RunningChange::default();
    for (_, change) in &others {
        of_others.absorb(*change);
    }
    let listed = listed.into_iter();
    let listed = listed.map(|((institution, department), change)| GroupChange {
        institution,
        department,
        change: change.sums(),
    });
    GroupChanges {
        listed: listed.collect(),
        others: others.len() as u64,
        of_others: of_others.sums(),
    }
}

impl Change {
    /// Findings gained, lost and altered.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.gained.count + self.lost.count + self.altered.count
    }
}

impl RunningChange {
    fn add(&mut self, (before, after): (Option<&AuditFinding>, Option<&AuditFinding>)) {
        if let Some(before) = before {
            self.before.add(before.amount.into());
        }
        if let Some(after) = after {
            self.after.add(after.amount.into());
        }
        match (before, after) {
            (None, Some(after)) => self.gained.add(after.amount.into()),
            (Some(before), None) => self.lost.add(before.amount.into()),
            (Some(before), Some(after)) if is_altered(before, after) => {
                self.altered
                    .add(i128::from(after.amount) - i128::from(before.amount));
            }
            (Some(_), Some(after)) => self.kept.add(after.amount.into()),
            (None, None) => {}
        }
    }

    fn absorb(&mut self, other: RunningChange) {
        for (own, other) in [
            (&mut self.before, other.before),
            (&mut self.after, other.after),
            (&mut self.gained, other.gained),
            (&mut self.lost, other.lost),
            (&mut self.kept, other.kept),
            (&mut self.altered, other.altered),
        ] {
            own.absorb(other);
        }
    }

    fn sums(self) -> Change {
        Change {
            before: self.before.sum(),
            after: self.after.sum(),
            gained: self.gained.sum(),
            lost: self.lost.sum(),
            kept: self.kept.sum(),
            altered: self.altered.sum(),
        }
    }
}

impl RuleGrown {
    fn new() -> Self {
        RuleGrown {
            change: RunningChange::default(),
            title_before: String::new(),
            title_after: String::new(),
            examples: BTreeMap::new(),
        }
    }

    fn add(
        &mut self,
        (before, after): (Option<&AuditFinding>, Option<&AuditFinding>),
        finding: &AuditFinding,
        options: &SummaryOptions,
    ) {
        self.change.add((before, after));
        for (title, of) in [
            (&mut self.title_before, before),
            (&mut self.title_after, after),
        ] {
            if let Some(finding) = of.filter(|finding| *title < finding.title) {
                title.clone_from(&finding.title);
            }
        }
        let kind = match (before, after) {
            (None, _) => ChangeKind::Gained,
            (_, None) => ChangeKind::Lost,
            (Some(before), Some(after)) if is_altered(before, after) => ChangeKind::Altered,
            _ => return,
        };
        let examples = self.examples.entry(kind);
        let examples =
            examples.or_insert_with(|| Examples::new(options.examples, options.example_rows));
        examples.offer(finding);
    }
}

fn is_altered(before: &AuditFinding, after: &AuditFinding) -> bool {
    (before.amount, &before.certainty) != (after.amount, &after.certainty)
}
