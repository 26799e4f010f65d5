//! `POST /api/v1/check`: whole patients in tables of the contract, judged as 3101 and 3102 are.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use rulepack_protocol::names::PackName;
use rulepack_protocol::pack::manifest::Action;
use serde::Serialize;

use super::Service;
use super::answer::took_too_long;
use super::apart::{self, Broken, HistoryGaps, LeftOut};
use super::calls::{Late, in_turn, json_body};
use super::judge::{CallError, Judged, judge};
use super::kind::Kind;
use super::metrics::{Outcome, REFUSED_UNREAD};
use super::problem::Problem;
use super::{findings, record};
use crate::data::native::NativeRequest;
use crate::data::{Call as _, RequestError};
use crate::policy::Fail;
use crate::review::report::{
    NoVerdict, NotEvaluable, PackRun, ReportedAbstention, ReportedFinding, ReportedMeasure,
    ReportedNotice,
};

/// The most bytes of a body.
pub(super) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// What was found, and what could not be looked at. A finding that is not there means "nothing was found" only
/// for the rules that could look.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Checked {
    /// Under which the receipt of this answer is found.
    receipt: String,
    /// Whether the orders under review may go on: false where a finding blocks, or where something could not be
    /// judged and the hospital's policy is closed.
    proceed: bool,
    /// Breaches, and suspicions of one.
    findings: Vec<CheckedFinding>,
    /// Remaining limits and the like.
    notices: Vec<ReportedNotice>,
    /// Statistics.
    measures: Vec<ReportedMeasure>,
    /// Rows at which a rule could not look.
    abstentions: Vec<ReportedAbstention>,
    /// Rules that could not look at all, with the columns that they miss.
    not_evaluable: Vec<NotEvaluable>,
    /// Patients and institutions for whom a pack failed.
    no_verdict: Vec<NoVerdict>,
    /// Packs without a version in force on somebody's rule day.
    #[schema(value_type = Vec<String>)]
    gaps: Vec<PackName>,
    /// Packs in force that cannot be used.
    broken: Vec<Broken>,
    /// Rows of the history of this host that were left out, by column.
    left_out: Vec<LeftOut>,
    /// Of the history of this host, what could not be looked at; not there where all was.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryGaps>,
    /// What ran.
    packs: Vec<PackRun>,
    /// The same as counts, in words; empty where every pack looked at everybody.
    summary: String,
}

/// A finding under the id that a decision (3103) refers to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CheckedFinding {
    /// 违规标识 (jr_id).
    id: String,
    /// What was found.
    #[serde(flatten)]
    finding: ReportedFinding,
}

pub(super) async fn check(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Checked>, Problem> {
    let body = json_body(&headers, body).inspect_err(|_| {
        service
            .metrics
            .request(REFUSED_UNREAD, std::time::Duration::ZERO);
    })?;
    let given = body.clone();
    let checked = in_turn(&service, move |service| answer(service, &given)).await;
    checked
        .unwrap_or_else(|late| Err(unjudged_in_time(&service, &body, late)))
        .map(Json)
}

fn answer(service: &Service, body: &[u8]) -> Result<Checked, Problem> {
    let started = Instant::now();
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    let (key, answered) = match parse(body) {
        Ok(request) => {
            let answered = judged(service, &request, body, number);
            let outcome = match &answered {
                Ok((outcome, _)) => *outcome,
                Err((outcome, _)) => *outcome,
            };
            ((request.infno(), outcome), answered)
        }
        Err(error) => {
            record::unreviewed(service, number, "", &error.to_string());
            let problem = Problem::new(Kind::REQUEST, error.to_string());
            (REFUSED_UNREAD, Err((Outcome::Refused, problem)))
        }
    };
    service.metrics.request(key, started.elapsed());
    let findings = answered.as_ref().ok().map(|(_, done)| done.findings.len());
    tracing::info!(
        answer = record::answer_id(number),
        infno = key.0,
        findings,
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
        "call answered"
    );
    match answered {
        Ok((_, checked)) => Ok(checked),
        Err((_, problem)) => Err(problem),
    }
}

fn parse(body: &[u8]) -> Result<NativeRequest, RequestError> {
    let text = std::str::from_utf8(body).map_err(|_| RequestError::NotUtf8)?;
    NativeRequest::parse(text)
}

type Answered = Result<(Outcome, Checked), (Outcome, Problem)>;

fn judged(service: &Service, request: &NativeRequest, body: &[u8], number: u64) -> Answered {
    match judge(service, request, body, number) {
        Ok(judged) => {
            let outcome = match judged.fails_closed {
                true => Outcome::Failed,
                false => Outcome::Done,
            };
            Ok((outcome, tell(judged, number)))
        }
        Err(error) if error.is_of_request() => {
            let problem = Problem::new(Kind::REQUEST, error.to_string());
            Err((Outcome::Refused, problem))
        }
        Err(error) => Err((Outcome::Failed, unjudged(service, request, &error))),
    }
}

fn tell(judged: Judged, number: u64) -> Checked {
    let summary = apart::summary(&judged);
    let report = judged.reviewed.report;
    let blocks = report
        .findings
        .iter()
        .any(|finding| finding.action == Action::Block);
    let findings = report.findings.into_iter().enumerate();
    Checked {
        receipt: record::answer_id(number),
        proceed: !blocks && !judged.fails_closed,
        findings: findings
            .map(|(place, finding)| CheckedFinding {
                id: findings::id(number, place),
                finding,
            })
            .collect(),
        notices: report.notices,
        measures: report.measures,
        abstentions: report.abstentions,
        not_evaluable: report.not_evaluable,
        no_verdict: report.no_verdict,
        gaps: judged.reviewed.gaps,
        broken: apart::broken(&judged.reviewed.broken),
        left_out: judged.left_out,
        history: judged.history,
        packs: report.packs,
        summary,
    }
}

fn unjudged(service: &Service, request: &NativeRequest, error: &CallError) -> Problem {
    let proceed = service.policy.get().fail(request.stage()) == Fail::Open;
    Problem::new(Kind::UNJUDGED, format!("nothing was judged: {error}")).proceed(proceed)
}

fn unjudged_in_time(service: &Service, body: &[u8], late: Late) -> Problem {
    took_too_long(service, NativeRequest::INFNO, late.why());
    let title = format!("nothing was judged: {}", late.why());
    let problem = Problem::new(Kind::UNJUDGED, title);
    match parse(body) {
        Ok(request) => {
            let policy = service.policy.get();
            problem.proceed(policy.fail(request.stage()) == Fail::Open)
        }
        // It would have been refused.
        Err(_) => problem.proceed(false),
    }
}
