//! Findings by rule, over all versions of its pack that judged.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use semver::Version;
use serde::{Deserialize, Serialize};

use super::example::{Example, Examples};
use super::groups::{Bounds, Breakdown, Groups, Key, Order};
use super::months::sums;
use super::tally::{Counter, Running, Sum, Tally};
use super::{PATIENTS_EXACT_MAX, PATIENTS_OF_MANY_EXACT_MAX, SummaryOptions, certainty, month};
use crate::finding::AuditFinding;

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSummary {
    /// The pack, without its version: `37/chronic-limits`.
    pub pack: String,
    /// Versions that found something, the newest last.
    pub versions: Vec<String>,
    /// Id of the rule in the pack.
    pub rule: String,
    /// What people call it, in the newest of these versions.
    pub title: String,
    /// Code of the national rule catalogue, of that version.
    pub kind: String,
    /// 行为类 or 项目类, of that version.
    pub behaviour: String,
    /// The policy, that of the newest version last; more than one where versions differ in it.
    pub bases: Vec<String>,
    /// All findings.
    #[serde(flatten)]
    pub tally: Tally,
    /// Findings of days before the version, or what is set for it, was published (追溯).
    #[serde(default)]
    pub retroactive: u64,
    /// By the official word for their certainty.
    pub certainties: BTreeMap<String, Sum>,
    /// By month of service.
    pub months: BTreeMap<String, Sum>,
    /// By department, the first five of them.
    pub departments: Breakdown,
    /// Some findings, those with most money first.
    pub examples: Vec<Example>,
}

/// Departments told of each rule.
const DEPARTMENTS: usize = 5;
/// Departments told apart while the findings of a rule are counted.
const DEPARTMENTS_MAX: usize = 20_000;

/// Rules while they grow. There are no more of them than the packs in force have.
#[derive(Debug)]
pub(super) struct Rules {
    packs: HashMap<String, HashMap<String, Grown>>,
    options: SummaryOptions,
}

#[derive(Debug)]
struct Grown {
    counter: Counter,
    retroactive: u64,
    texts: BTreeMap<VersionOrder, Texts>,
    certainties: BTreeMap<&'static str, Running>,
    months: BTreeMap<String, Running>,
    departments: Groups,
    examples: Examples,
}

/// A version as it is compared and as it is written; what is no version comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct VersionOrder(Option<Version>, String);

/// What a version says of a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Texts {
    title: String,
    kind: String,
    behaviour: String,
    basis: String,
}

impl Rules {
    pub(super) fn new(options: SummaryOptions) -> Self {
        Rules {
            packs: HashMap::new(),
            options,
        }
    }

    pub(super) fn add(&mut self, finding: &AuditFinding, patient: Option<u64>) {
        let (pack, version) = split(&finding.pack);
        if !self.packs.contains_key(pack) {
            self.packs.insert(pack.to_owned(), HashMap::new());
        }
        let Some(rules) = self.packs.get_mut(pack) else {
            return;
        };
        if !rules.contains_key(&finding.rule) {
            rules.insert(finding.rule.clone(), Grown::new(&self.options));
        }
        if let Some(grown) = rules.get_mut(&finding.rule) {
            grown.add(finding, version, patient);
        }
    }

    pub(super) fn finish(self) -> Vec<RuleSummary> {
        let mut rules = Vec::new();
        for (pack, of_pack) in self.packs {
            rules.extend(
                of_pack
                    .into_iter()
                    .map(|(rule, grown)| grown.finish(&pack, rule)),
            );
        }
        rules.sort_by(|one, other| {
            let by_money =
                |rule: &RuleSummary| Reverse((rule.tally.sum.amount, rule.tally.sum.count));
            let by_name = |rule: &RuleSummary| (rule.pack.clone(), rule.rule.clone());
            let by_name = by_name(one).cmp(&by_name(other));
            by_money(one).cmp(&by_money(other)).then(by_name)
        });
        rules
    }
}

impl Grown {
    fn new(options: &SummaryOptions) -> Self {
        Grown {
            counter: Counter::new(PATIENTS_EXACT_MAX),
            retroactive: 0,
            texts: BTreeMap::new(),
            certainties: BTreeMap::new(),
            months: BTreeMap::new(),
            departments: Groups::new(Bounds {
                groups_max: DEPARTMENTS_MAX.min(options.groups_max),
                patients_exact_max: PATIENTS_OF_MANY_EXACT_MAX,
            }),
            examples: Examples::new(options.examples, options.example_rows),
        }
    }

    fn add(&mut self, finding: &AuditFinding, version: &str, patient: Option<u64>) {
        let amount = finding.amount;
        self.counter.add(amount, patient);
        self.retroactive += u64::from(finding.retroactive);
        self.note_texts(finding, version);
        let running = self.certainties.entry(certainty(finding)).or_default();
        running.add(amount.into());
        let month = month(finding);
        if !self.months.contains_key(month) {
            self.months.insert(month.to_owned(), Running::default());
        }
        if let Some(running) = self.months.get_mut(month) {
            running.add(amount.into());
        }
        let department = Key {
            institution: &finding.institution,
            code: &finding.department,
            name: "",
        };
        self.departments.add(department, amount, patient);
        self.examples.offer(finding);
    }

    /// Of one version all findings say the same; where they do not, the smallest texts are taken.
    fn note_texts(&mut self, finding: &AuditFinding, version: &str) {
        let is_known = self.texts.iter().any(|(known, texts)| {
            known.1 == version
                && texts.title == finding.title
                && texts.kind == finding.kind
                && texts.behaviour == finding.behaviour
                && texts.basis == finding.basis
        });
        if is_known {
            return;
        }
        let order = VersionOrder(Version::parse(version).ok(), version.to_owned());
        let texts = Texts {
            title: finding.title.clone(),
            kind: finding.kind.clone(),
            behaviour: finding.behaviour.clone(),
            basis: finding.basis.clone(),
        };
        let smallest = match self.texts.remove(&order) {
            Some(known) => known.min(texts),
            None => texts,
        };
        self.texts.insert(order, smallest);
    }

    fn finish(mut self, pack: &str, rule: String) -> RuleSummary {
        let versions = self.texts.keys().map(|version| version.1.clone()).collect();
        let mut bases: Vec<String> = Vec::new();
        for texts in self.texts.values().rev() {
            if !bases.contains(&texts.basis) {
                bases.push(texts.basis.clone());
            }
        }
        bases.reverse();
        let newest = self.texts.pop_last().map(|(_, texts)| texts);
        let (title, kind, behaviour) = newest
            .map(|texts| (texts.title, texts.kind, texts.behaviour))
            .unwrap_or_default();
        RuleSummary {
            pack: pack.to_owned(),
            versions,
            rule,
            title,
            kind,
            behaviour,
            bases,
            tally: self.counter.tally(),
            retroactive: self.retroactive,
            certainties: sums(self.certainties),
            months: sums(self.months),
            departments: self.departments.finish(Order::Money, DEPARTMENTS),
            examples: self.examples.finish(),
        }
    }
}

/// `37/chronic-limits/1.0.0.wasm`, or the same without the ending → `37/chronic-limits`, `1.0.0`; a text
/// without a version is a pack.
pub(crate) fn split(pack: &str) -> (&str, &str) {
    match pack.rsplit_once('/') {
        Some((name, version)) if name.contains('/') => {
            (name, version.strip_suffix(".wasm").unwrap_or(version))
        }
        _ => (pack, ""),
    }
}
