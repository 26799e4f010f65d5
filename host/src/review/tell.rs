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
            at,
        };
    };
    let owner = |wanted: TableId| {
        let key = data.key(wanted, data.owner(at, wanted)?);
        key.map(str::to_owned)
    };
    ReportedRow {
        table: table.table().name,
        key: data.key(table, at.row).unwrap_or_default().to_owned(),
        patient: owner(ids::PATIENTS),
        encounter: owner(ids::ENCOUNTERS),
        institution: owner(ids::INSTITUTIONS),
        amount,
        at,
    }
}

/// Whose a row is: the text of `departments` or `doctors` that it has itself, or else its encounter.
#[must_use]
pub fn responsible<'d>(data: &'d Data, row: &ReportedRow, column: &str) -> Option<&'d str> {
    let at = row.row_in(data)?;
    let own = data.text(TableId::from_number(at.table)?, column, at.row);
    own.or_else(|| data.text(ids::ENCOUNTERS, column, data.owner(at, ids::ENCOUNTERS)?))
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

#[cfg(test)]
mod tests {
    use rulepack_contract::data::DataBuilder;

    use super::*;

    #[test]
    fn a_department_is_a_code_and_a_doctor_a_token_of_the_row_or_its_encounter() {
        let mut builder = DataBuilder::new();
        let mut push = |table: TableId, key, cells: &[(&str, &'static str)]| {
            let place = |name: &str| table.table().column(name).unwrap();
            let cells = cells.iter().map(|(name, text)| (place(name), *text));
            builder.push(table, 1, key, cells).unwrap();
        };
        push(ids::PATIENTS, "P1", &[]);
        let of_encounter = [
            ("patients", "P1"),
            ("departments", "A03"),
            ("doctors", "D1"),
        ];
        push(ids::ENCOUNTERS, "E1", &of_encounter);
        push(
            ids::ORDERS,
            "O1",
            &[("encounters", "E1"), ("departments", "B01")],
        );
        push(
            ids::ORDERS,
            "O2",
            &[("encounters", "E1"), ("doctors", "D2")],
        );
        let (data, _) = builder.finish();
        let of = |key: &str| {
            let mut rows = 0..data.rows(ids::ORDERS);
            let row = rows.find(|row| data.key(ids::ORDERS, *row) == Some(key));
            let table = ids::ORDERS.number();
            let row = row.unwrap();
            let mut told = super::row(&data, RowReference { table, row }, 0);
            let of = ["departments", "doctors"].map(|column| responsible(&data, &told, column));
            // It stood elsewhere in what was reviewed.
            told.at.row = 7;
            let again = ["departments", "doctors"].map(|column| responsible(&data, &told, column));
            assert_eq!(of, again);
            of.map(Option::unwrap_or_default)
        };
        assert_eq!(of("O1"), ["B01", "D1"]);
        assert_eq!(of("O2"), ["A03", "D2"]);
    }
}
