//! A call judged: whatever shape it came in, it is reviewed by the same packs, recorded, counted and kept.

use std::sync::Arc;

use rulepack_contract::data::{Data, DataBuilder, Rejection};
use rulepack_engine::patients::Division as Batches;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::Division;

use super::apart::{self, HistoryGaps, LeftOut};
use super::keep::{forget, keep, remember};
use super::metrics::Part;
use super::{Service, problem_word, record, rests_on, watching};
use crate::data::{BroughtRow, Call, RequestError};
use crate::history::{History, HistoryError, Recalled, View};
use crate::journal::{RecalledRecord, Verdict};
use crate::kept;
use crate::policy::Fail;
use crate::receipt::Basis;
use crate::review::{Circumstances, InForce, Reviewed};

/// What came of a call.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) reviewed: Reviewed,
    /// Rows of history that were left out.
    pub(super) left_out: Vec<LeftOut>,
    /// What of the history was not looked at; nothing where all of it was.
    pub(super) history: Option<HistoryGaps>,
    /// Whether the request says that care is given in another city than this host's, whose rules looked.
    pub(super) is_elsewhere: bool,
    /// What is to be said where findings, or what the request tells, could not be kept.
    pub(super) not_kept: Vec<&'static str>,
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
        Ok(reviewed) => settle(service, call, reviewed, number),
        Err(error) => {
            record::unreviewed(service, number, call.infno(), &error.to_string());
            Err(error)
        }
    }
}

/// Applies the hospital's policy, records the verdict, and meanwhile keeps what the request tells and what was found:
/// all of it is on the disk when this returns.
fn settle(
    service: &Service,
    call: &dyn Call,
    reviewed: ReviewedCall,
    number: u64,
) -> Result<Judged, CallError> {
    let ReviewedCall {
        mut judged,
        data,
        brought,
        mut verdict,
    } = reviewed;
    let policy = service.policy.get();
    if let Some(today) = Day::from_number(verdict.today) {
        policy.soften(&mut judged.reviewed.report, today);
    }
    verdict.policy = Some(kept::digest_of(&*policy));
    if rests_on::keep(service, &verdict, &policy).is_err() {
        let error = CallError::NotRecorded;
        record::unreviewed(service, number, call.infno(), &error.to_string());
        return Err(error);
    }
    let recording = record::verdict(service, verdict, &judged.reviewed.report);
    let recording = recording.map_err(|_| CallError::NotRecorded)?;
    let metrics = &service.metrics;
    let remembered = metrics.timed(Part::History, || remember(service, call, &brought));
    let found = (&judged.reviewed.report, &*data);
    let kept = metrics.timed(Part::Findings, || {
        keep(service, found, call.stage(), number)
    });
    if metrics.timed(Part::Journal, || recording.wait()).is_err() {
        forget(service, number);
        return Err(CallError::NotRecorded);
    }
    judged.not_kept.extend(remembered.err());
    judged.not_kept.extend(kept.err());
    count(service, &judged.reviewed);
    let reviewed = &judged.reviewed;
    let is_whole = reviewed.report.no_verdict.is_empty() && reviewed.broken.is_empty();
    judged.fails_closed = !is_whole && policy.fail(call.stage()) == Fail::Closed;
    Ok(judged)
}

/// What a review gave, over which data, what the request told, and what is to be recorded.
struct ReviewedCall {
    judged: Judged,
    data: Arc<Data>,
    brought: Vec<BroughtRow>,
    verdict: Verdict,
}

fn review(
    service: &Service,
    call: &dyn Call,
    body: &[u8],
    number: u64,
) -> Result<ReviewedCall, CallError> {
    let lock = service.lock.get();
    let today = service.today().ok_or(CallError::Clock)?;
    let history = service.history.get();
    let view = service.seen.view(today);
    let state = history.state_in(Some(&view));
    let made = || rows((&history, Some(&view)), call);
    let rows = service.metrics.timed(Part::Rows, made)?;
    let division = &service.settings.division;
    let in_force = InForce {
        packs: &service.packs,
        lock: &lock,
        division,
    };
    let circumstances = circumstances(call, division, today);
    let left_out = rows.left_out();
    let history = history_gaps(&history, &rows, call);
    let data = Arc::new(rows.data);
    let run = || in_force.review(&data, &circumstances);
    let reviewed = service.metrics.timed(Part::Review, run);
    watching::seen(service, (&lock, &reviewed), &data, &circumstances);
    let basis = Basis {
        answer: record::answer_id(number),
        infno: call.infno(),
        circumstances: &circumstances,
        engine: service.packs.engine().id(),
        lock: lock.digest(),
        region: Some(service.region),
        policy: None,
        history: state,
        recalled: rows.recalled,
        body,
        left_out,
    };
    let verdict = basis.verdict(&reviewed, &service.journal.salt(&basis.answer));
    let judged = Judged {
        reviewed,
        left_out: apart::left_out(&rows.rejections),
        history,
        is_elsewhere: is_elsewhere(call, division),
        not_kept: Vec::new(),
        fails_closed: false,
    };
    Ok(ReviewedCall {
        judged,
        data,
        brought: rows.brought,
        verdict,
    })
}

/// Parameters and supplied tables are those of the host's own city: whoever is set up for another one, or sends
/// to the wrong host, must hear it.
fn is_elsewhere(call: &dyn Call, division: &Division) -> bool {
    let city = |code: &str| code.chars().take(CITY_DIGITS).collect::<String>();
    let told = call.care_division().map(city);
    told.is_some_and(|told| told != city(division.as_str()))
}

/// Province and city of a division code.
const CITY_DIGITS: usize = 4;

/// What of the history a call could not look at, where it was to.
fn history_gaps(history: &History, rows: &Rows, call: &dyn Call) -> Option<HistoryGaps> {
    for error in &rows.faults {
        tracing::error!(%error, "a part of the history cannot be read");
    }
    let gaps = HistoryGaps {
        set_aside: history.set_aside().to_vec(),
        unreadable: rows.faults.len() as u64,
    };
    let is_whole = gaps.set_aside.is_empty() && gaps.unreadable == 0;
    (call.wants_history() && !is_whole).then_some(gaps)
}

/// What a call is reviewed for, on a day.
pub(crate) fn circumstances(call: &dyn Call, division: &Division, today: Day) -> Circumstances {
    Circumstances {
        stage: call.stage(),
        today: today.number(),
        scenes: call.scenes().to_vec(),
        jurisdiction: division.to_string(),
        period: call.period(),
        sums: None,
        batches: Batches::default(),
    }
}

/// The rows that a call is reviewed over, and where they come from.
pub(crate) struct Rows {
    pub(crate) data: Data,
    /// Rows of history that were left out.
    pub(crate) rejections: Vec<Rejection>,
    /// What earlier requests told.
    pub(crate) recalled: Option<RecalledRecord>,
    /// What of the history cannot be read.
    pub(crate) faults: Vec<HistoryError>,
    /// What the call itself told.
    pub(crate) brought: Vec<BroughtRow>,
}

impl Rows {
    /// How much of the history was left out.
    pub(crate) fn left_out(&self) -> u64 {
        (self.rejections.len() as u64).saturating_add(self.faults.len() as u64)
    }
}

/// The rows of the call, and what is known of its patients.
pub(crate) fn rows(
    (history, view): (&History, Option<&View>),
    call: &dyn Call,
) -> Result<Rows, CallError> {
    let mut builder = DataBuilder::new();
    let mut brought = call.fill(&mut builder)?;
    let mut recalled = Recalled::default();
    if call.wants_history() {
        let patients = call.patients()?;
        recalled = history.recall(view, &patients, &mut brought.known, &mut builder);
    }
    let (data, rejections) = builder.finish();
    // Rows of history have no line. Without one of them a rule may find less, and the answer says so; a
    // request without one of its own rows would be another request.
    match rejections.iter().find(|rejection| rejection.line != 0) {
        Some(own) => Err(CallError::Row {
            table: own.table.table().name,
            column: own.column,
        }),
        None => Ok(Rows {
            data,
            rejections,
            recalled: recalled.told,
            faults: recalled.faults,
            brought: brought.rows,
        }),
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
