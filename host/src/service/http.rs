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

use super::answer::{Answered, answer, refusal};
use super::guard::{self, Guard};
use super::status::{self, Status};
use super::{Service, metrics, record};

/// A national request of 8 MiB holds some ten thousand lines, more than any encounter.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// A HIS gives up long before; it bounds how long a slow sender holds a connection.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Where the national platform itself answers.
const NATIONAL_PATH: &str = "/fsi/api/rsfComIfsService/callService";

/// What a call is answered with: the envelope tells the rest.
type Envelope = (StatusCode, [(HeaderName, &'static str); 1], Vec<u8>);

pub(super) fn router(service: Arc<Service>, guard: Guard) -> Router {
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
        .route("/status", get(status_page))
        .route("/style.css", get(style))
        .layer(DefaultBodyLimit::max(0));
    calls
        .merge(pages)
        .fallback(async || (StatusCode::NOT_FOUND, "there is nothing at this address\n"))
        .with_state(service)
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
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
    let busy = StatusCode::SERVICE_UNAVAILABLE;
    let Ok(turn) = Arc::clone(&service.turns).acquire_owned().await else {
        return envelope(busy, refusal(&service, "the service is ending"));
    };
    let content_type = content_type.map(str::to_owned);
    let working = Arc::clone(&service);
    let worked = tokio::task::spawn_blocking(move || {
        let answered = answer(&working, &body, content_type.as_deref());
        // Only here: a caller who went away does not make room while the work still goes on.
        drop(turn);
        answered
    });
    match worked.await {
        Ok(answered) => envelope(StatusCode::OK, answered),
        Err(_) => {
            tracing::error!("a request ended unexpectedly");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            envelope(
                status,
                refusal(&service, "the request could not be answered"),
            )
        }
    }
}

fn envelope(status: StatusCode, answered: Answered) -> Envelope {
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

async fn status_page(State(service): State<Arc<Service>>) -> Html<String> {
    Html(status::page(&Status::of(&service)))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], status::STYLE)
}
