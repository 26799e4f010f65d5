//! The findings of two versions over the same rows: which are gained, lost, or altered.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::data::Data;
use rulepack_contract::schema::{self, TableId, ids};

use super::reference::References;
use super::report::{
    Change, DepartmentChange, Example, Kind, NoVerdicts, RuleChange, ShadowReport, Tally,
};
use crate::review::report::{ReportedFinding, ReportedRow};

/// How many examples are told of each rule and kind.
const EXAMPLES_OF_EACH: usize = 5;

/// What one version found in a part of the history.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) findings: Vec<ReportedFinding>,
    /// Tables and keys of those without a verdict.
    pub(super) no_verdict: BTreeSet<(&'static str, String)>,
    /// Rules that could not look, and what they miss.
    pub(super) not_evaluable: BTreeMap<String, Vec<String>>,
    pub(super) fuel: u64,
    pub(super) milliseconds: u64,
}

/// Sums over all parts of the history.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    all: Change,
    rules: BTreeMap<String, (String, Change)>,
    departments: BTreeMap<Option<String>, Change>,
    examples: BTreeMap<(String, Kind), Vec<Example>>,
    no_verdict: NoVerdicts,
    not_evaluable: BTreeMap<String, Vec<String>>,
}

/// The rule, and the rows that offend, in order. What differs in nothing else is the same finding.
type Same = (String, Vec<(&'static str, String)>);

/// The findings of one version, by what they are about.
type ByRows<'f> = BTreeMap<Same, Vec<&'f ReportedFinding>>;

impl Comparison {
    /// Adds a part of the history, as both versions saw it.
    pub(super) fn add(&mut self, old: &Found, new: &Found, data: &Data, references: &References) {
        let departments = Departments::of(data);
        let mut changes = Changes {
            comparison: self,
            departments,
            references,
        };
        let (before, mut after) = (by_rows(&old.findings), by_rows(&new.findings));
        for (same, old) in before {
            let new = after.remove(&same).unwrap_or_default();
            changes.pair(old, new);
        }
        for new in after.into_values() {
            changes.pair(Vec::new(), new);
        }
        self.no_verdict.before += old.no_verdict.len() as u64;
        self.no_verdict.after += new.no_verdict.len() as u64;
        self.no_verdict.only_after += new.no_verdict.difference(&old.no_verdict).count() as u64;
        for (rule, missing) in &new.not_evaluable {
            if !old.not_evaluable.contains_key(rule) {
                self.not_evaluable.insert(rule.clone(), missing.clone());
            }
        }
    }

    /// Patients and institutions without a verdict so far.
    pub(super) fn no_verdict(&self) -> NoVerdicts {
        self.no_verdict
    }

    /// Writes the sums into a report.
    pub(super) fn finish(self, report: &mut ShadowReport) {
        let order = |change: &Change| {
            let changed = change.changed();
            std::cmp::Reverse((changed, change.changed_amount(), change.after.findings))
        };
        let rules = self
            .rules
            .into_iter()
            .map(|(rule, (title, change))| RuleChange {
                rule,
                title,
                change,
            });
        report.rules = rules.collect();
        report.rules.sort_by_key(|rule| order(&rule.change));
        let departments = self.departments.into_iter();
        let told = departments.map(|(department, change)| DepartmentChange { department, change });
        report.departments = told.collect();
        report
            .departments
            .sort_by_key(|department| order(&department.change));
        report.all = self.all;
        report.no_verdict = self.no_verdict;
        report.not_evaluable = self.not_evaluable.into_iter().collect();
        report.examples = self.examples.into_values().flatten().collect();
    }
}

/// Where the findings of one part go.
struct Changes<'a> {
    comparison: &'a mut Comparison,
    departments: Departments,
    references: &'a References,
}

impl Changes<'_> {
    /// Findings of both versions about the same rows.
    fn pair(&mut self, mut old: Vec<&ReportedFinding>, mut new: Vec<&ReportedFinding>) {
        let outcome =
            |finding: &ReportedFinding| (finding.certainty, finding.action, finding.amount);
        old.sort_by_key(|finding| outcome(finding));
        new.sort_by_key(|finding| outcome(finding));
        // First those that agree in everything, then the rest one by one.
        let mut unmatched = Vec::new();
        for finding in old {
            match new
                .iter()
                .position(|other| outcome(other) == outcome(finding))
            {
                Some(place) => self.put((Some(finding), Some(new.remove(place))), None),
                None => unmatched.push(finding),
            }
        }
        let mut new = new.into_iter();
        for finding in unmatched {
            match new.next() {
                Some(other) => self.put((Some(finding), Some(other)), Some(Kind::Altered)),
                None => self.put((Some(finding), None), Some(Kind::Lost)),
            }
        }
        for finding in new {
            self.put((None, Some(finding)), Some(Kind::Gained));
        }
    }

    fn put(
        &mut self,
        (old, new): (Option<&ReportedFinding>, Option<&ReportedFinding>),
        kind: Option<Kind>,
    ) {
        let Some(shown) = new.or(old) else {
            return;
        };
        let amount = |finding: Option<&ReportedFinding>| finding.map_or(0, |found| found.amount);
        let difference = amount(new).saturating_sub(amount(old)).saturating_abs();
        let mut change = Change {
            before: old
                .map(|found| Tally::one(found.amount))
                .unwrap_or_default(),
            after: new
                .map(|found| Tally::one(found.amount))
                .unwrap_or_default(),
            ..Change::default()
        };
        match kind {
            Some(Kind::Gained) => change.gained = Tally::one(difference),
            Some(Kind::Lost) => change.lost = Tally::one(difference),
            Some(Kind::Altered) => change.altered = Tally::one(difference),
            None => {}
        }
        let department = self.departments.of_finding(shown);
        let comparison = &mut *self.comparison;
        comparison.all.add(&change);
        let title = || (shown.rule.title.clone(), Change::default());
        let of_rule = comparison.rules.entry(shown.rule.rule.clone());
        of_rule.or_insert_with(title).1.add(&change);
        comparison
            .departments
            .entry(department.clone())
            .or_default()
            .add(&change);
        if let Some(kind) = kind {
            self.keep(example(
                shown,
                (kind, difference),
                department,
                self.references,
            ));
        }
    }

    /// Keeps an example, if it is among those with most money.
    fn keep(&mut self, example: Example) {
        let place = (example.rule.clone(), example.kind);
        let kept = self.comparison.examples.entry(place).or_default();
        let rank = |example: &Example| (std::cmp::Reverse(example.amount), example.rows.clone());
        let at = kept.partition_point(|other| rank(other) <= rank(&example));
        kept.insert(at, example);
        kept.truncate(EXAMPLES_OF_EACH);
    }
}

fn example(
    finding: &ReportedFinding,
    (kind, amount): (Kind, i64),
    department: Option<String>,
    references: &References,
) -> Example {
    let rows = finding.offending.iter();
    Example {
        kind,
        rule: finding.rule.rule.clone(),
        certainty: finding.certainty,
        action: finding.action,
        message: finding.message.clone(),
        amount,
        department,
        rows: rows
            .map(|row| references.name(row.table, &row.key))
            .collect(),
    }
}

fn by_rows(findings: &[ReportedFinding]) -> ByRows<'_> {
    let mut found = ByRows::new();
    for finding in findings {
        let rows = finding.offending.iter();
        let mut rows: Vec<_> = rows.map(|row| (row.table, row.key.clone())).collect();
        rows.sort();
        let same = (finding.rule.rule.clone(), rows);
        found.entry(same).or_default().push(finding);
    }
    found
}

/// The department of every order and encounter of a part of the history, by key.
struct Departments(BTreeMap<(&'static str, String), String>);

impl Departments {
    fn of(data: &Data) -> Self {
        let mut departments = BTreeMap::new();
        for table in [ids::ENCOUNTERS, ids::ORDERS] {
            for row in 0..data.rows(table) {
                let told = data
                    .key(table, row)
                    .zip(data.text(table, "departments", row));
                if let Some((key, department)) = told {
                    departments.insert(place(table, key), department.to_owned());
                }
            }
        }
        Departments(departments)
    }

    /// That of the first row that offends, else of its encounter.
    fn of_finding(&self, finding: &ReportedFinding) -> Option<String> {
        let row = finding.offending.first()?;
        self.of_row(row).cloned()
    }

    fn of_row(&self, row: &ReportedRow) -> Option<&String> {
        let table = schema::table(row.table)?;
        let own = self.0.get(&place(table, &row.key));
        own.or_else(|| {
            self.0
                .get(&place(ids::ENCOUNTERS, row.encounter.as_deref()?))
        })
    }
}

fn place(table: TableId, key: &str) -> (&'static str, String) {
    (table.table().name, key.to_owned())
}
