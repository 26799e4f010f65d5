//! What is kept of a call: what was found, so that a decision (3103) can refer to it, and what it told of its
//! encounters, for later calls.

use rulepack_contract::data::{Data, Values};
use rulepack_contract::review::Stage;
use rulepack_contract::schema::{self, Kind, TableId, ids};

use super::Service;
use crate::data::{BroughtRow, Call};
use crate::findings::{FindingId, KeptFinding};
use crate::history::seen;
use crate::review::report::{Report, ReportedFinding, ReportedRow};

/// What is said where findings are answered and could not be kept.
pub(super) const NOT_KEPT: &str = "the findings could not be kept: no 3103 can refer to them";

/// What is said where an answer is given and later ones will not know of its request.
const NOT_REMEMBERED: &str = "the encounter could not be kept: later requests do not see it";

/// Keeps the findings of an answer with this number. Where the disk refuses, the answer is given all the
/// same, and says so: care does not wait for it.
pub(super) fn keep(
    service: &Service,
    (report, data): (&Report, &Data),
    stage: Stage,
    number: u64,
) -> Result<(), &'static str> {
    let at = service.china_seconds();
    let findings = (0..).zip(&report.findings);
    let kept = findings.map(|(place, finding)| {
        let id = FindingId {
            answer: number,
            place,
        };
        one(finding, data, (id, at, stage))
    });
    service.findings.keep(kept.collect()).map_err(|error| {
        tracing::error!(%error, "findings cannot be kept");
        NOT_KEPT
    })
}

/// Takes back the findings of an answer that is not given, since it could not be recorded.
pub(super) fn forget(service: &Service, number: u64) {
    if let Err(error) = service.findings.withdraw(number, service.china_seconds()) {
        tracing::error!(%error, "findings of an answer that was not given cannot be taken back");
    }
}

/// Keeps what a call tells of its encounters, for calls that come later: on the disk and seen by them when this
/// returns. Where the disk refuses, the answer is given all the same, and says so.
pub(super) fn remember(
    service: &Service,
    call: &dyn Call,
    brought: &[BroughtRow],
) -> Result<(), &'static str> {
    let told = match call.wants_history() {
        true => seen::told(brought, call.stage()),
        false => Vec::new(),
    };
    let Some(today) = service.today().filter(|_| !told.is_empty()) else {
        return Ok(());
    };
    let imports = service.history.get().imports_now();
    let seen = &service.seen;
    let kept = seen.tell(&told, today, imports);
    kept.and_then(|turn| seen.sync(turn)).map_err(|error| {
        tracing::error!(%error, "what a request told cannot be kept");
        NOT_REMEMBERED
    })
}

fn one(
    finding: &ReportedFinding,
    data: &Data,
    (id, at, stage): (FindingId, i64, Stage),
) -> KeptFinding {
    let first = finding.offending.first();
    KeptFinding {
        id,
        at,
        stage,
        pack: finding.rule.pack.clone(),
        rule: finding.rule.rule.clone(),
        certainty: finding.certainty,
        action: finding.action,
        softened: finding.softened.clone(),
        message: finding.message.clone(),
        amount: finding.amount,
        patient: first.and_then(|row| row.patient.clone()),
        encounter: first.and_then(|row| row.encounter.clone()),
        department: first.and_then(|row| responsible(data, row, "departments")),
        doctor: first.and_then(|row| responsible(data, row, "doctors")),
    }
}

/// The department or doctor of a row, else of its encounter.
fn responsible(data: &Data, row: &ReportedRow, column: &str) -> Option<String> {
    let own = schema::table(row.table).and_then(|table| text(data, table, &row.key, column));
    own.or_else(|| text(data, ids::ENCOUNTERS, row.encounter.as_deref()?, column))
}

/// The text of a code or token in the row of this key.
fn text(data: &Data, table: TableId, key: &str, column: &str) -> Option<String> {
    let place = table.table().column(column)?;
    let row = (0..data.rows(table)).find(|row| data.key(table, *row) == Some(key))?;
    let texts = match table.table().columns[place].kind {
        Kind::Token => data.tokens(),
        _ => data.codes(),
    };
    match data.values(table, place)? {
        Values::U32(values) => match *values.get(row as usize)? {
            0 => None,
            number => texts.text(number).map(str::to_owned),
        },
        _ => None,
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
            let row = ReportedRow {
                table: "orders",
                key: key.to_owned(),
                patient: None,
                encounter: Some("E1".to_owned()),
                institution: None,
                amount: 0,
            };
            let told = ["departments", "doctors"].map(|column| responsible(&data, &row, column));
            told.map(Option::unwrap_or_default)
        };
        assert_eq!(of("O1"), ["B01", "D1"]);
        assert_eq!(of("O2"), ["A03", "D2"]);
    }
}
