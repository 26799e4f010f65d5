//! From what a review found to what is kept of it, so that a decision (3103) can refer to it.

use rulepack_contract::data::{Data, Values};
use rulepack_contract::review::Stage;
use rulepack_contract::schema::{self, TableId, ids};

use super::Service;
use crate::findings::{FindingId, KeptFinding};
use crate::review::report::{Report, ReportedFinding, ReportedRow};

/// What is said where findings are answered and could not be kept.
pub(super) const NOT_KEPT: &str = "the findings could not be kept: no 3103 can refer to them";

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
    let own = schema::table(row.table).and_then(|table| token(data, table, &row.key, column));
    own.or_else(|| token(data, ids::ENCOUNTERS, row.encounter.as_deref()?, column))
}

/// The text of a token in the row of this key.
fn token(data: &Data, table: TableId, key: &str, column: &str) -> Option<String> {
    let place = table.table().column(column)?;
    let row = (0..data.rows(table)).find(|row| data.key(table, *row) == Some(key))?;
    match data.values(table, place)? {
        Values::U32(values) => match *values.get(row as usize)? {
            0 => None,
            number => data.tokens().text(number).map(str::to_owned),
        },
        _ => None,
    }
}
