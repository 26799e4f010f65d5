//! The addresses that are read: how the service is doing, receipts, and pages for people.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::kind::Kind;
use super::problem::{Problem, parts};
use super::status::{self, Status};
use super::{Service, metrics, record};
use crate::findings::Overrides;

pub(super) async fn health() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    if !service.journal.is_writing() {
        return Err(Kind::NOT_RECORDING.into());
    }
    match service.ready.load(Ordering::Acquire) {
        true => Ok("ready\n"),
        false => Err(Kind::LOADING.into()),
    }
}

pub(super) async fn counts(State(service): State<Arc<Service>>) -> impl IntoResponse {
    let text = metrics::render(
        &service.metrics,
        service.packs.engine().readiness(),
        &Status::of(&service),
        service.journal.is_writing(),
    );
    ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text)
}

pub(super) async fn receipt(
    State(service): State<Arc<Service>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = parts(path)?;
    let found = tokio::task::spawn_blocking(move || record::receipt(&service, &id)).await;
    match found {
        Ok(Ok(Some(receipt))) => Ok(Json(receipt).into_response()),
        Ok(Ok(None)) => {
            let title = "there is no receipt of this answer";
            Err(Problem::new(Kind::NOT_FOUND, title))
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the journal cannot be read");
            Err(Kind::STORAGE.into())
        }
        Err(error) => {
            tracing::error!(%error, "a search ended unexpectedly");
            Err(Kind::INTERNAL.into())
        }
    }
}

pub(super) async fn status_json(State(service): State<Arc<Service>>) -> Json<Status> {
    Json(Status::of(&service))
}

pub(super) async fn overrides(State(service): State<Arc<Service>>) -> Json<Vec<Overrides>> {
    Json(service.findings.overrides())
}

pub(super) async fn status_page(State(service): State<Arc<Service>>) -> Html<String> {
    Html(status::page(&Status::of(&service)))
}

pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], status::STYLE)
}
