//! The national transactions over HTTP, and how long a call may take.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::answer::{Answered, answer, policy_seconds, refusal, unjudged};
use super::kind::Kind;
use super::{Service, ahead};

/// What a call is answered with: the envelope tells the rest.
pub(super) type Envelope = (StatusCode, [(HeaderName, &'static str); 1], Vec<u8>);

/// Why a call was not judged in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// The hospital's patience ended.
    TooLong,
    /// Whoever worked on it is gone.
    Unexpected,
}

impl Late {
    pub(super) fn why(self) -> &'static str {
        match self {
            Late::TooLong => "the answer took too long",
            Late::Unexpected => "the request ended unexpectedly",
        }
    }
}

pub(super) async fn call(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Envelope {
    let body = match json_body(&headers, body) {
        Ok(body) => body,
        Err(kind) => {
            let message = match kind {
                Kind::TOO_LARGE => "the body is longer than 8 MiB",
                Kind::REQUEST => "the body ended early",
                other => other.meaning,
            };
            let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::BAD_REQUEST);
            return envelope(status, refusal(&service, message));
        }
    };
    let content_type = content_type(&headers).map(str::to_owned);
    let (given, told) = (body.clone(), content_type.clone());
    let answered = in_turn(&service, move |service| {
        answer(service, &given, told.as_deref())
    });
    let answered = match answered.await {
        Ok(answered) => answered,
        Err(late) => unjudged(&service, &body, content_type.as_deref(), late.why()),
    };
    envelope(StatusCode::OK, answered)
}

/// Works on a thread that may block, in its turn, for as long as the hospital waits.
pub(super) async fn in_turn<T: Send + 'static>(
    service: &Arc<Service>,
    work: impl FnOnce(&Service) -> T + Send + 'static,
) -> Result<T, Late> {
    let patience = Duration::from_secs(policy_seconds(service));
    let working = async {
        let turn = Arc::clone(&service.turns).acquire_owned().await.ok()?;
        let service = Arc::clone(service);
        let worked = tokio::task::spawn_blocking(move || {
            let done = work(&service);
            // Only here: a caller who went away does not make room while the work still goes on.
            drop(turn);
            done
        });
        worked.await.ok()
    };
    let worked = tokio::time::timeout(patience, working).await;
    ahead::after_answer(service);
    match worked {
        Ok(Some(done)) => Ok(done),
        Ok(None) => {
            tracing::error!("a request ended unexpectedly");
            Err(Late::Unexpected)
        }
        Err(_) => {
            tracing::error!("a request took too long");
            Err(Late::TooLong)
        }
    }
}

/// A body of JSON, or the kind of problem.
pub(super) fn json_body(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Bytes, Kind> {
    if !content_type(headers).is_some_and(is_json) {
        return Err(Kind::MEDIA_TYPE);
    }
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Kind::TOO_LARGE,
        _ => Kind::REQUEST,
    })
}

pub(super) fn envelope(status: StatusCode, answered: Answered) -> Envelope {
    let content_type = answered.charset.content_type();
    (
        status,
        [(header::CONTENT_TYPE, content_type)],
        answered.bytes,
    )
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?;
    value.to_str().ok()
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
