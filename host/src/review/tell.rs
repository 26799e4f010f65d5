//! From the answer of a pack, which holds row numbers and figures, to a report for people.

use rulepack_contract::answer::{Answer, Argument, Item, RowReference};
use rulepack_contract::data::Data;
use rulepack_contract::schema::{TableId, ids};
use rulepack_protocol::pack::manifest::Rule;

use super::report::{
    Report, ReportedAbstention, ReportedFinding, ReportedMeasure, ReportedNotice, ReportedRow,
    RuleReference,
};
use super::{ActivePack, SettingsUsed};

/// Tells an answer whose rows are those of the whole data. Rules that the manifest does not have were
/// refused by the engine; they are passed over here.
#[must_use]
pub fn tell(pack: &ActivePack, data: &Data, answer: &Answer) -> Report {
    let mut report = Report::default();
    let rule_of = |id: &str| pack.manifest.rule(id);
    let set = SettingsUsed::of(&pack.adjustment).set;
    for finding in &answer.findings {
        if let Some(rule) = rule_of(&finding.rule) {
            report.findings.push(ReportedFinding {
                rule: reference(pack, rule),
                certainty: finding.certainty,
                action: rule.action(finding.certainty),
                softened: None,
                message: message(rule, &finding.template, &finding.arguments),
                amount: finding.amount(),
                offending: items(data, &finding.offending),
                related: items(data, &finding.related),
                retroactive: pack.retroactive,
                set: set.clone(),
            });
        }
    }
    for notice in &answer.notices {
        if let Some(rule) = rule_of(&notice.rule) {
            report.notices.push(ReportedNotice {
                rule: reference(pack, rule),
                message: message(rule, &notice.template, &notice.arguments),
                about: notice.about.iter().map(|at| row(data, *at, 0)).collect(),
            });
        }
    }
    for measure in &answer.measures {
        if let Some(rule) = rule_of(&measure.rule) {
            let about = row(data, measure.about, 0);
            let rule = reference(pack, rule);
            report
                .measures
                .push(ReportedMeasure::new(rule, about, measure));
        }
    }
    for abstention in &answer.abstentions {
        if let Some(rule) = rule_of(&abstention.rule) {
            report.abstentions.push(ReportedAbstention {
                rule: reference(pack, rule),
                about: row(data, abstention.about, 0),
                missing: abstention.missing.clone(),
            });
        }
    }
    report
}

/// A rule with its pack and policy.
#[must_use]
pub fn reference(pack: &ActivePack, rule: &Rule) -> RuleReference {
    RuleReference {
        pack: pack.path.clone(),
        rule: rule.id.clone(),
        title: rule.title.clone(),
        kind: rule.kind.clone(),
        basis: rule.basis.clone(),
        behaviour: rule.behaviour,
    }
}

/// A row by its key, with the keys of its encounter and patient.
#[must_use]
pub fn row(data: &Data, at: RowReference, amount: i64) -> ReportedRow {
    let Some(table) = TableId::from_number(at.table) else {
        return ReportedRow {
            table: "",
            key: at.row.to_string(),
            patient: None,
            encounter: None,
            institution: None,
            amount,
        };
    };
    ReportedRow {
        table: table.table().name,
        key: data.key(table, at.row).unwrap_or_default().to_owned(),
        patient: owner_key(data, table, at.row, ids::PATIENTS),
        encounter: owner_key(data, table, at.row, ids::ENCOUNTERS),
        institution: owner_key(data, table, at.row, ids::INSTITUTIONS),
        amount,
    }
}

fn items(data: &Data, items: &[Item]) -> Vec<ReportedRow> {
    items
        .iter()
        .map(|item| row(data, item.at, item.amount))
        .collect()
}

fn message(rule: &Rule, template: &str, arguments: &[Argument]) -> String {
    match rule.messages.get(template) {
        Some(template) => template.fill(arguments),
        None => rule.title.clone(),
    }
}

/// The key of the row of `wanted` to which a row belongs, found along the chain of owners.
fn owner_key(data: &Data, mut table: TableId, mut row: u32, wanted: TableId) -> Option<String> {
    while table != wanted {
        let (column, owner) = table.table().owner()?;
        let name = table.table().columns[column].name;
        row = u32::try_from(data.number(table, name, row)?).ok()?;
        table = owner;
    }
    data.key(table, row).map(str::to_owned)
}
