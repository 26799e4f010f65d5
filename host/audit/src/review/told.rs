//! Findings as they lie in the output, complete without the data; and counts of the rest.

use rulepack_contract::data::Data;
use rulepack_contract::schema::{self, Kind, ids};
use rulepack_contract::units;
use rulepack_host::review::report::{ReportedFinding, ReportedRow};
use rulepack_host::review::{Reviewed, tell};
use rulepack_protocol::pack::manifest::Behaviour;

use crate::cut::Root;
use crate::finding::{AuditFinding, AuditRow};
use crate::input::{Input, Place};
use crate::run::{
    AbstentionCount, BrokenPack, Counts, NoVerdictCount, NotEvaluableRule, PackCount,
};

/// The reason, in a word, of a patient whose identity many share.
pub(super) const TOO_MANY: &str = "too-many-rows";

/// Tells findings with what stands beside them in the data.
pub(super) struct Teller<'d> {
    input: &'d Input,
    data: &'d Data,
    day: &'d dyn Fn(u32) -> i32,
}

impl<'d> Teller<'d> {
    /// Of data whose encounters have these rule days.
    pub(super) fn new(input: &'d Input, data: &'d Data, day: &'d dyn Fn(u32) -> i32) -> Self {
        Teller { input, data, day }
    }

    /// A finding, and whose it is.
    pub(super) fn tell(&self, finding: &ReportedFinding) -> (Root, AuditFinding) {
        let first = finding.offending.first();
        let whose = |get: fn(&ReportedRow) -> Option<&String>| {
            first.and_then(get).cloned().unwrap_or_default()
        };
        let at = first.and_then(|row| row.row_in(self.data));
        let visit = at.and_then(|at| self.data.owner(at, ids::ENCOUNTERS));
        let responsible = |column| {
            let told = first.and_then(|row| tell::responsible(self.data, row, column));
            told.unwrap_or_default().to_owned()
        };
        let rows = |rows: &[ReportedRow]| rows.iter().map(|row| self.tell_row(row)).collect();
        let patient = whose(|row| row.patient.as_ref());
        let institution = self.institution(first, visit);
        let owner = if patient.is_empty() {
            &institution
        } else {
            &patient
        };
        let root = Root::of(owner);
        let told = AuditFinding {
            pack: finding.rule.pack.to_string(),
            rule: finding.rule.rule.clone(),
            title: finding.rule.title.clone(),
            kind: finding.rule.kind.clone().unwrap_or_default(),
            basis: finding.rule.basis.clone(),
            behaviour: behaviour(finding.rule.behaviour).to_owned(),
            certainty: finding.certainty.chinese().to_owned(),
            message: finding.message.clone(),
            amount: finding.amount,
            day: units::format_day((self.day)(visit.unwrap_or(u32::MAX))),
            retroactive: finding.retroactive,
            institution,
            department: responsible("departments"),
            doctor: responsible("doctors"),
            patient,
            encounter: whose(|row| row.encounter.as_ref()),
            offending: rows(&finding.offending),
            related: rows(&finding.related),
        };
        (root, told)
    }

    fn tell_row(&self, row: &ReportedRow) -> AuditRow {
        let table = schema::table(row.table);
        let number = row.row_in(self.data).map(|at| at.row);
        let item = table.and_then(|table| self.data.text(table, "items", number?));
        let has_key = table.is_some_and(|table| table.table().key().is_some());
        let place = row.key.parse().ok().filter(|_| !has_key);
        let key = match place.map(Place::from_number) {
            // Known by its place in the files.
            Some(place) if self.input.has(place) => self.input.told(place),
            Some(_) => self.told_sum(number),
            None => row.key.clone(),
        };
        AuditRow {
            table: row.table.to_owned(),
            key,
            item: item.unwrap_or_default().to_owned(),
            name: String::new(),
            amount: row.amount,
        }
    }

    /// A sum that was made of lines, by what it is of: `2026-05-01..2026-05-31 内科 09`. It is the same in every run,
    /// whatever else is summed.
    fn told_sum(&self, row: Option<u32>) -> String {
        let Some(row) = row else {
            return String::new();
        };
        let day = |column| {
            let day = self.data.number(ids::TOTALS, column, row);
            units::format_day(
                day.and_then(|day| i32::try_from(day).ok())
                    .unwrap_or_default(),
            )
        };
        let mut told = format!("{}..{}", day("period-starts"), day("period-ends"));
        let columns = ids::TOTALS.table().columns.iter();
        let grouped = columns.filter(|column| matches!(column.kind, Kind::Code | Kind::Token));
        for text in grouped.filter_map(|column| self.data.text(ids::TOTALS, column.name, row)) {
            told.extend([" ", text]);
        }
        told
    }

    /// The institution of the row itself, or of its encounter.
    fn institution(&self, row: Option<&ReportedRow>, visit: Option<u32>) -> String {
        if let Some(own) = row.and_then(|row| row.institution.clone()) {
            return own;
        }
        let number =
            visit.and_then(|visit| self.data.number(ids::ENCOUNTERS, "institutions", visit));
        let number = number.and_then(|number| u32::try_from(number).ok());
        let key = number.and_then(|number| self.data.key(ids::INSTITUTIONS, number));
        key.unwrap_or_default().to_owned()
    }
}

/// What came of one choice of versions, but for whom it looked at.
pub(super) fn counts(reviewed: &Reviewed) -> Counts {
    let report = &reviewed.report;
    let mut counts = Counts {
        findings: report.findings.len() as u64,
        amount: report.amount(),
        retroactive: report
            .findings
            .iter()
            .filter(|found| found.retroactive)
            .count() as u64,
        notices: report.notices.len() as u64,
        gaps: reviewed.gaps.iter().map(ToString::to_string).collect(),
        ..Counts::default()
    };
    for none in &report.no_verdict {
        counts.add(&Counts {
            no_verdict: vec![NoVerdictCount {
                pack: none.pack.to_string(),
                kind: none.kind.to_owned(),
                count: 1,
                amount: none.amount,
            }],
            ..Counts::default()
        });
    }
    for abstention in &report.abstentions {
        counts.add(&Counts {
            abstentions: vec![AbstentionCount {
                pack: abstention.rule.pack.to_string(),
                rule: abstention.rule.rule.clone(),
                missing: abstention.missing.clone(),
                rows: 1,
            }],
            ..Counts::default()
        });
    }
    counts.not_evaluable = report
        .not_evaluable
        .iter()
        .map(|rule| NotEvaluableRule {
            pack: rule.rule.pack.to_string(),
            rule: rule.rule.rule.clone(),
            title: rule.rule.title.clone(),
            missing: rule.missing.clone(),
            not_granted: rule
                .not_granted
                .iter()
                .map(|it| it.column.clone())
                .collect(),
        })
        .collect();
    counts.packs = packs(reviewed);
    let broken = reviewed.broken.iter().map(|(path, error)| BrokenPack {
        pack: path.to_string(),
        reason: error.to_string(),
    });
    counts.broken = broken.collect();
    counts
}

fn packs(reviewed: &Reviewed) -> Vec<PackCount> {
    let report = &reviewed.report;
    let ran = report.packs.iter().map(|run| {
        let of_pack = report
            .findings
            .iter()
            .filter(|found| found.rule.pack == run.pack);
        PackCount {
            pack: run.pack.to_string(),
            digest: run.digest.to_string(),
            parameters: run.parameters.to_string(),
            grants: run.grants.to_string(),
            fuel: run.fuel,
            findings: of_pack.clone().count() as u64,
            amount: of_pack.fold(0, |sum: i64, found| sum.saturating_add(found.amount)),
        }
    });
    ran.collect()
}

/// A patient of whom there are more rows than one has.
pub(super) fn too_many() -> Counts {
    Counts {
        no_verdict: vec![NoVerdictCount {
            pack: String::new(),
            kind: TOO_MANY.to_owned(),
            count: 1,
            amount: 0,
        }],
        ..Counts::default()
    }
}

fn behaviour(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Conduct => "行为类",
        Behaviour::Item => "项目类",
    }
}
