//! A call judged: whatever shape it came in, it is reviewed by the same packs, recorded, counted and kept.

use std::sync::Arc;

use rulepack_contract::data::{Data, DataBuilder, Rejection};
use rulepack_engine::patients::Division as Batches;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::Division;

use super::apart::{self, LeftOut};
use super::keep::keep;
use super::{Service, problem_word, record};
use crate::data::{Call, RequestError};
use crate::history::{History, HistoryError};
use crate::journal::Verdict;
use crate::policy::Fail;
use crate::receipt::Basis;
use crate::review::{Circumstances, InForce, Reviewed};

/// What came of a call.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) reviewed: Reviewed,
    /// Rows of history that were left out.
    pub(super) left_out: Vec<LeftOut>,
    /// What is to be said where the findings could not be kept.
    pub(super) not_kept: Option<&'static str>,
    /// Whether something in force gave somebody no verdict, and the hospital's policy then stops the order.
    pub(super) fails_closed: bool,
}

/// Why a call is not judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The request is at fault.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A row of the request itself had to be left out: it is reviewed whole or not at all.
    #[error("a row of the request cannot be used: column `{column}` of `{table}`")]
    Row {
        table: &'static str,
        column: &'static str,
    },
    /// This host is at fault. What exactly is for its log: paths are not for callers.
    #[error("the history of this host cannot be read")]
    History(#[source] HistoryError),
    /// This host is at fault.
    #[error("the clock of this host is wrong")]
    Clock,
    /// A verdict that is not on the disk is not given.
    #[error("the verdict cannot be recorded by this host")]
    NotRecorded,
}

impl CallError {
    /// Whether another request would be judged.
    pub(super) fn is_of_request(&self) -> bool {
        matches!(self, CallError::Request(_) | CallError::Row { .. })
    }
}

/// Judges a call by the lock that is in force when it begins. Whatever comes of it is in the journal when this
/// returns.
pub(super) fn judge(
    service: &Service,
    call: &dyn Call,
    body: &[u8],
    number: u64,
) -> Result<Judged, CallError> {
    match review(service, call, body, number) {
        Ok((reviewed, data, left_out, verdict)) => {
            let mut judged = Judged {
                fails_closed: false,
                not_kept: None,
                reviewed,
                left_out,
            };
            settle(service, call, &mut judged, verdict)?;
            let stage = call.stage();
            let kept = keep(service, (&judged.reviewed.report, &data), stage, number);
            judged.not_kept = kept.err();
            Ok(judged)
        }
        Err(error) => {
            if let CallError::History(source) = &error {
                tracing::error!(error = %source, "history cannot be read");
            }
            record::unreviewed(service, number, call.infno(), &error.to_string());
            Err(error)
        }
    }
}

/// Applies the hospital's policy, and records the verdict.
fn settle(
    service: &Service,
    call: &dyn Call,
    judged: &mut Judged,
    verdict: Verdict,
) -> Result<(), CallError> {
    let policy = service.policy.get();
    if let Some(today) = service.today() {
        policy.soften(&mut judged.reviewed.report, today);
    }
    let recorded = record::verdict(service, verdict, &judged.reviewed.report);
    recorded.map_err(|_| CallError::NotRecorded)?;
    count(service, &judged.reviewed);
    let reviewed = &judged.reviewed;
    let is_whole = reviewed.report.no_verdict.is_empty() && reviewed.broken.is_empty();
    judged.fails_closed = !is_whole && policy.fail(call.stage()) == Fail::Closed;
    Ok(())
}

/// What a review gave, over which data, the rows of history that were left out of it, and what is to be
/// recorded.
type ReviewedCall = (Reviewed, Arc<Data>, Vec<LeftOut>, Verdict);

fn review(
    service: &Service,
    call: &dyn Call,
    body: &[u8],
    number: u64,
) -> Result<ReviewedCall, CallError> {
    let lock = service.lock.get();
    let today = service.today().ok_or(CallError::Clock)?;
    let history = service.history.get();
    let (data, rejections) = data(&history, call)?;
    let division = &service.settings.division;
    let in_force = InForce {
        packs: &service.packs,
        lock: &lock,
        division,
    };
    let circumstances = circumstances(call, division, today);
    let data = Arc::new(data);
    let reviewed = in_force.review(&data, &circumstances);
    let basis = Basis {
        answer: record::answer_id(number),
        infno: call.infno(),
        circumstances: &circumstances,
        engine: service.packs.engine().id(),
        lock: lock.digest(),
        history: history.state(),
        body,
        left_out: rejections.len() as u64,
    };
    let verdict = basis.verdict(&reviewed, &service.journal.salt(&basis.answer));
    Ok((reviewed, data, apart::left_out(&rejections), verdict))
}

/// What a call is reviewed for, on a day.
pub(crate) fn circumstances(call: &dyn Call, division: &Division, today: Day) -> Circumstances {
    Circumstances {
        stage: call.stage(),
        today: today.number(),
        scenes: call.scenes().to_vec(),
        jurisdiction: division.to_string(),
        period: call.period(),
        batches: Batches::default(),
    }
}

/// The rows of the call, and what is known of its patients.
pub(crate) fn data(
    history: &History,
    call: &dyn Call,
) -> Result<(Data, Vec<Rejection>), CallError> {
    let mut builder = DataBuilder::new();
    let mut known = call.fill(&mut builder)?;
    if call.wants_history() {
        let patients = call.patients()?;
        history
            .add_patients(&patients, &mut known, &mut builder)
            .map_err(CallError::History)?;
    }
    let (data, rejections) = builder.finish();
    // Rows of history have no line. Without one of them a rule may find less, and the answer says so; a
    // request without one of its own rows would be another request.
    match rejections.iter().find(|rejection| rejection.line != 0) {
        Some(own) => Err(CallError::Row {
            table: own.table.table().name,
            column: own.column,
        }),
        None => Ok((data, rejections)),
    }
}

fn count(service: &Service, reviewed: &Reviewed) {
    let report = &reviewed.report;
    for finding in &report.findings {
        service.metrics.finding(&finding.rule);
    }
    for none in &report.no_verdict {
        service.metrics.no_verdict(&none.pack);
    }
    for (pack, error) in &reviewed.broken {
        tracing::error!(pack = %pack, problem = problem_word(error), "pack cannot be used");
    }
}
