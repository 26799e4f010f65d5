//! From the bytes of a call to the bytes of its answer. Runs on a thread that may block.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rulepack_contract::data::{Data, DataBuilder, Rejection};
use rulepack_engine::patients::Division as Batches;

use super::apart::{self, LeftOut};
use super::decide::decide;
use super::findings;
use super::keep::keep;
use super::metrics::{Outcome, REFUSED_UNREAD};
use super::record;
use super::{Service, problem_word, watching};
use crate::data::national::{
    Charset, Message, Request, RequestError, Response, Transaction, decode,
};
use crate::history::{History, HistoryError};
use crate::journal::Verdict;
use crate::policy::Fail;
use crate::receipt::Basis;
use crate::review::{Circumstances, InForce, Reviewed};
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::Division;

/// An answer, encoded as its request was.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) charset: Charset,
    pub(super) bytes: Vec<u8>,
}

/// A verdict that is not on the disk is not given.
const NOT_RECORDED: &str = "the verdict cannot be recorded by this host";

/// What a review gave, over which data, the rows of history that were left out of it, and what is to be
/// recorded.
type ReviewedRequest = (Reviewed, Arc<Data>, Vec<LeftOut>, Verdict);

/// Why a call is not reviewed.
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
}

/// Answers a call.
pub(super) fn answer(service: &Service, body: &[u8], content_type: Option<&str>) -> Answered {
    let (received, started) = (service.china_seconds(), Instant::now());
    let (charset, message) = match decode(body, content_type) {
        Ok((text, charset)) => (
            charset,
            Message::parse(&text).map_err(|error| error.to_string()),
        ),
        Err(error) => (Charset::Utf8, Err(error.to_string())),
    };
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    let (transaction, response) = match message {
        Err(message) => {
            service.metrics.request(REFUSED_UNREAD, started.elapsed());
            record::unreviewed(service, number, "", &message);
            (None, Response::failure(&message))
        }
        Ok(message) => {
            let (transaction, (outcome, response)) = match message {
                Message::Review(request) => (
                    infno(request.transaction),
                    respond(service, &request, body, number),
                ),
                Message::Feedback(feedback) => ("3103", decide(service, &feedback)),
            };
            service
                .metrics
                .request((transaction, outcome), started.elapsed());
            (Some(transaction), response)
        }
    };
    let findings = response.output.as_ref().map(|output| output.result.len());
    tracing::info!(
        infno = transaction,
        infcode = response.infcode,
        findings,
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
        "call answered"
    );
    encode(service, response, (charset, received, number))
}

/// An answer to what was not even read.
pub(super) fn refusal(service: &Service, message: &str) -> Answered {
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    service
        .metrics
        .request(REFUSED_UNREAD, std::time::Duration::ZERO);
    let received = service.china_seconds();
    encode(
        service,
        Response::failure(message),
        (Charset::Utf8, received, number),
    )
}

fn respond(service: &Service, request: &Request, body: &[u8], number: u64) -> (Outcome, Response) {
    match review(service, request, body, number) {
        Ok((mut reviewed, data, left_out, verdict)) => {
            let policy = service.policy.get();
            if let Some(today) = service.today() {
                policy.soften(&mut reviewed.report, today);
            }
            if record::verdict(service, verdict, &reviewed.report).is_err() {
                return (Outcome::Failed, failed(service, request, NOT_RECORDED));
            }
            count(service, &reviewed);
            let stage = request.transaction.stage();
            let kept = keep(service, (&reviewed.report, &data), stage, number);
            let result = findings::national(&reviewed.report, request, service, number);
            let mut response = Response::found(result);
            response.err_msg = apart::summary(&reviewed, &left_out, kept.err());
            if let Some(output) = &mut response.output {
                output.rulepack = apart::node(&reviewed, left_out, number);
            }
            let is_judged = reviewed.report.no_verdict.is_empty() && reviewed.broken.is_empty();
            if is_judged || policy.fail(stage) == Fail::Open {
                return (Outcome::Done, response);
            }
            response.infcode = -1;
            (Outcome::Failed, response)
        }
        Err(error) => {
            if let CallError::History(source) = &error {
                tracing::error!(error = %source, "history cannot be read");
            }
            record::unreviewed(
                service,
                number,
                infno(request.transaction),
                &error.to_string(),
            );
            let response = match &error {
                CallError::Request(_) | CallError::Row { .. } => {
                    return (Outcome::Refused, Response::failure(&error.to_string()));
                }
                CallError::History(_) | CallError::Clock => {
                    failed(service, request, &error.to_string())
                }
            };
            (Outcome::Failed, response)
        }
    }
}

/// The answer to a call that this host could not judge at all.
pub(super) fn unjudged(
    service: &Service,
    body: &[u8],
    content_type: Option<&str>,
    why: &str,
) -> Answered {
    let received = service.china_seconds();
    let (charset, message) = match decode(body, content_type) {
        Ok((text, charset)) => (charset, Message::parse(&text).ok()),
        Err(_) => (Charset::Utf8, None),
    };
    let (transaction, response) = match message {
        Some(Message::Review(request)) => {
            let response = failed(service, &request, why);
            (infno(request.transaction), response)
        }
        // A decision that is not known to be kept is not acknowledged.
        Some(Message::Feedback(_)) => ("3103", Response::failure(why)),
        None => (REFUSED_UNREAD.0, Response::failure(why)),
    };
    let waited = std::time::Duration::from_secs(policy_seconds(service));
    service
        .metrics
        .request((transaction, Outcome::Failed), waited);
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    record::unjudged(service, number, transaction, why);
    encode(service, response, (charset, received, number))
}

/// How long a caller waits at most, in seconds.
pub(super) fn policy_seconds(service: &Service) -> u64 {
    u64::from(service.policy.get().answer_within_seconds.seconds())
}

/// Where this host is at fault, its policy says whether the order goes on.
fn failed(service: &Service, request: &Request, why: &str) -> Response {
    let why = format!("nothing was judged: {why}");
    match service.policy.get().fail(request.transaction.stage()) {
        Fail::Closed => Response::failure(&why),
        Fail::Open => Response {
            infcode: 0,
            output: Response::found(Vec::new()).output,
            ..Response::failure(&why)
        },
    }
}

/// Reviews a request by the lock that is in force when it begins.
fn review(
    service: &Service,
    request: &Request,
    body: &[u8],
    number: u64,
) -> Result<ReviewedRequest, CallError> {
    let lock = service.lock.get();
    let today = service.today().ok_or(CallError::Clock)?;
    let history = service.history.get();
    let (data, rejections) = data(&history, request)?;
    let division = &service.settings.division;
    let in_force = InForce {
        packs: &service.packs,
        lock: &lock,
        division,
    };
    let circumstances = circumstances(request, division, today);
    let data = Arc::new(data);
    let reviewed = in_force.review(&data, &circumstances);
    watching::seen(service, (&lock, &reviewed), &data, &circumstances);
    let basis = Basis {
        answer: record::answer_id(number),
        infno: infno(request.transaction),
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

/// What a request is reviewed for, on a day.
pub(crate) fn circumstances(request: &Request, division: &Division, today: Day) -> Circumstances {
    Circumstances {
        stage: request.transaction.stage(),
        today: today.number(),
        scenes: request.scenes.clone(),
        jurisdiction: division.to_string(),
        period: None,
        batches: Batches::default(),
    }
}

/// The rows of the request, and what is known of its patients.
pub(crate) fn data(
    history: &History,
    request: &Request,
) -> Result<(Data, Vec<Rejection>), CallError> {
    let mut builder = DataBuilder::new();
    let mut known = request.fill(&mut builder)?;
    let patients = request.patients()?;
    history
        .add_patients(&patients, &mut known, &mut builder)
        .map_err(CallError::History)?;
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

fn encode(
    service: &Service,
    response: Response,
    (charset, received, number): (Charset, i64, u64),
) -> Answered {
    let division = service.settings.division.as_str();
    let stamped = response.stamped(division, received, service.china_seconds(), number);
    let text =
        serde_json::to_string(&stamped).expect("an answer has texts as the names of its fields");
    Answered {
        charset,
        bytes: charset.encode(&text),
    }
}

pub(crate) fn infno(transaction: Transaction) -> &'static str {
    match transaction {
        Transaction::Before => "3101",
        Transaction::During => "3102",
    }
}
