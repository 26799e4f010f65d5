//! What is kept of a call: what was found, so that a decision (3103) can refer to it, and what it told of its
//! encounters, for later calls.

use rulepack_contract::data::Data;
use rulepack_contract::review::Stage;

use super::Service;
use crate::data::{BroughtRow, Call};
use crate::findings::{FindingId, KeptFinding};
use crate::history::seen;
use crate::review::report::{Report, ReportedFinding};
use crate::review::tell;

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
    let responsible = |row, column| tell::responsible(data, row, column).map(str::to_owned);
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
        department: first.and_then(|row| responsible(row, "departments")),
        doctor: first.and_then(|row| responsible(row, "doctors")),
    }
}
