//! The addresses, and how long and large a request may be.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use tower_http::timeout::TimeoutLayer;

use super::access::{self, Gate};
use super::answer::{Answered, answer, policy_seconds, refusal, unjudged};
use super::guard::{self, Guard};
use super::status::{self, Status};
use super::{Service, metrics, record, search};
use crate::findings::Overrides;

/// A national request of 8 MiB holds some ten thousand lines, more than any encounter.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A HIS gives up long before; it bounds how long a slow sender holds a connection.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Where the national platform itself answers.
pub(super) const NATIONAL_PATH: &str = "/fsi/api/rsfComIfsService/callService";

/// What a call is answered with: the envelope tells the rest.
pub(super) type Envelope = (StatusCode, [(HeaderName, &'static str); 1], Vec<u8>);

pub(super) fn router(gate: Gate, guard: Guard) -> Router {
    let calls = Router::new()
        .route("/", post(call))
        .route(NATIONAL_PATH, post(call))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let pages = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(counts))
        .route("/api/v1/status", get(status_json))
        .route("/api/v1/receipts/{id}", get(receipt))
        .route("/api/v1/overrides", get(overrides))
        .route("/api/v1/findings", get(search::findings))
        .route("/status", get(status_page))
        .route("/style.css", get(style))
        .layer(DefaultBodyLimit::max(0));
    calls
        .merge(pages)
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing at this address\n"))
        .with_state(Arc::clone(&gate.service))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(middleware::from_fn_with_state(gate, access::check))
        .layer(middleware::from_fn_with_state(guard, guard::check))
}

async fn call(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Envelope {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(is_json) {
        let message = "the content type is not `application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return envelope(status, refusal(&service, message));
    }
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            let status = rejection.status();
            let message = match status {
                StatusCode::PAYLOAD_TOO_LARGE => "the body is longer than 8 MiB",
                _ => "the body ended early",
            };
            return envelope(status, refusal(&service, message));
        }
    };
    let content_type = content_type.map(str::to_owned);
    let patience = Duration::from_secs(policy_seconds(&service));
    let worked = work(&service, body.clone(), content_type.clone());
    let why = match tokio::time::timeout(patience, worked).await {
        Ok(Some(answered)) => return envelope(StatusCode::OK, answered),
        Ok(None) => {
            tracing::error!("a request ended unexpectedly");
            "the request ended unexpectedly"
        }
        Err(_) => {
            tracing::error!("a request took too long");
            "the answer took too long"
        }
    };
    let answered = unjudged(&service, &body, content_type.as_deref(), why);
    envelope(StatusCode::OK, answered)
}

/// Answers on a thread that may block, in its turn; `None` where that ended unexpectedly.
async fn work(
    service: &Arc<Service>,
    body: Bytes,
    content_type: Option<String>,
) -> Option<Answered> {
    let turn = Arc::clone(&service.turns).acquire_owned().await.ok()?;
    let working = Arc::clone(service);
    let worked = tokio::task::spawn_blocking(move || {
        let answered = answer(&working, &body, content_type.as_deref());
        // Only here: a caller who went away does not make room while the work still goes on.
        drop(turn);
        answered
    });
    worked.await.ok()
}

pub(super) fn envelope(status: StatusCode, answered: Answered) -> Envelope {
    let content_type = answered.charset.content_type();
    (
        status,
        [(header::CONTENT_TYPE, content_type)],
        answered.bytes,
    )
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    if service.ready.load(Ordering::Acquire) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "loading packs\n")
    }
}

async fn counts(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let text = metrics::render(&service.metrics, &Status::of(&service));
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text)
}

async fn receipt(State(service): State<Arc<Service>>, Path(id): Path<String>) -> Response {
    let found = tokio::task::spawn_blocking(move || record::receipt(&service, &id)).await;
    let problem = |status: StatusCode, text: &'static str| (status, text).into_response();
    match found {
        Ok(Ok(Some(receipt))) => Json(receipt).into_response(),
        Ok(Ok(None)) => problem(
            StatusCode::NOT_FOUND,
            "there is no receipt of this answer\n",
        ),
        Ok(Err(error)) => {
            tracing::error!(%error, "the journal cannot be read");
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the journal cannot be read\n",
            )
        }
        Err(_) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the journal cannot be read\n",
        ),
    }
}

async fn status_json(State(service): State<Arc<Service>>) -> Json<Status> {
    Json(Status::of(&service))
}

async fn overrides(State(service): State<Arc<Service>>) -> Json<Vec<Overrides>> {
    Json(service.findings.overrides())
}

async fn status_page(State(service): State<Arc<Service>>) -> Html<String> {
    Html(status::page(&Status::of(&service)))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], status::STYLE)
}
