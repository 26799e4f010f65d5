//! From the bytes of a national call to the bytes of its answer. Runs on a thread that may block.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::decide::decide;
use super::judge::judge;
use super::metrics::{Outcome, Part, REFUSED_UNREAD};
use super::{Service, apart, findings, record};
use crate::data::Call as _;
use crate::data::national::{Charset, Message, Request, Response, decode};
use crate::policy::Fail;

/// An answer, encoded as its request was.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) charset: Charset,
    pub(super) bytes: Vec<u8>,
}

/// Answers a call.
pub(super) fn answer(service: &Service, body: &[u8], content_type: Option<&str>) -> Answered {
    let (received, started) = (service.china_ms(), Instant::now());
    let read = || read(service, body, content_type);
    let (charset, message) = service.metrics.timed(Part::Read, read);
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    let (transaction, response) = match message {
        Err(message) => {
            service.metrics.request(REFUSED_UNREAD, started.elapsed());
            record::unreviewed(service, number, "", &message);
            (None, Response::failure(&message))
        }
        Ok(message) => {
            let (transaction, (outcome, response)) = match message {
                Message::Review(request) => {
                    (request.infno(), respond(service, &request, body, number))
                }
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
        answer = record::answer_id(number),
        infno = transaction,
        infcode = response.infcode,
        findings,
        milliseconds = started.elapsed().as_secs_f64() * 1_000.0,
        "call answered"
    );
    encode(service, response, (charset, received, number))
}

/// The message of a body, and how it is encoded; else why it is none.
fn read(
    service: &Service,
    body: &[u8],
    content_type: Option<&str>,
) -> (Charset, Result<Message, String>) {
    match decode(body, content_type) {
        Ok((text, charset)) => (
            charset,
            Message::parse(&text, &service.options.region).map_err(|error| error.to_string()),
        ),
        Err(error) => (Charset::Utf8, Err(error.to_string())),
    }
}

/// An answer to what was not even read.
pub(super) fn refusal(service: &Service, message: &str) -> Answered {
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    service
        .metrics
        .request(REFUSED_UNREAD, std::time::Duration::ZERO);
    let received = service.china_ms();
    encode(
        service,
        Response::failure(message),
        (Charset::Utf8, received, number),
    )
}

fn respond(service: &Service, request: &Request, body: &[u8], number: u64) -> (Outcome, Response) {
    let judged = match judge(service, request, body, number) {
        Ok(judged) => judged,
        Err(error) if error.is_of_request() => {
            return (Outcome::Refused, Response::failure(&error.to_string()));
        }
        Err(error) => {
            return (
                Outcome::Failed,
                failed(service, request, &error.to_string()),
            );
        }
    };
    let report = &judged.reviewed.report;
    let result = findings::national(report, request, service, number);
    let mut response = Response::found(result);
    response.err_msg = apart::summary(&judged);
    let fails_closed = judged.fails_closed;
    if let Some(output) = &mut response.output {
        output.rulepack = apart::node(judged, number);
    }
    if !fails_closed {
        return (Outcome::Done, response);
    }
    response.infcode = -1;
    (Outcome::Failed, response)
}

/// The answer to a call that this host could not judge at all.
pub(super) fn unjudged(
    service: &Service,
    body: &[u8],
    content_type: Option<&str>,
    why: &str,
) -> Answered {
    let received = service.china_ms();
    let (charset, message) = match decode(body, content_type) {
        Ok((text, charset)) => (charset, Message::parse(&text, &service.options.region).ok()),
        Err(_) => (Charset::Utf8, None),
    };
    let (transaction, response) = match message {
        Some(Message::Review(request)) => {
            let response = failed(service, &request, why);
            (request.infno(), response)
        }
        // A decision that is not known to be kept is not acknowledged.
        Some(Message::Feedback(_)) => ("3103", Response::failure(why)),
        None => (REFUSED_UNREAD.0, Response::failure(why)),
    };
    let number = took_too_long(service, transaction, why);
    encode(service, response, (charset, received, number))
}

/// Counts and notes a call of which nobody waits for the answer any longer. Answers its number.
pub(super) fn took_too_long(service: &Service, transaction: &'static str, why: &str) -> u64 {
    let waited = std::time::Duration::from_secs(policy_seconds(service));
    service
        .metrics
        .request((transaction, Outcome::Failed), waited);
    let number = service.number.fetch_add(1, Ordering::Relaxed);
    record::unjudged(service, number, transaction, why);
    number
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

fn encode(
    service: &Service,
    response: Response,
    (charset, received, number): (Charset, i64, u64),
) -> Answered {
    let division = service.settings.division.as_str();
    let stamped = response.stamped(division, received, service.china_ms(), number);
    let text =
        serde_json::to_string(&stamped).expect("an answer has texts as the names of its fields");
    Answered {
        charset,
        bytes: charset.encode(&service.options.region.regional(text)),
    }
}
