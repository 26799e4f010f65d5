//! The read side: the files of the repository, as any static web server could serve them.
//!
//! All names but `timestamp.json` are of one content for ever, so caches may keep them; that one has to
//! be asked for again each time, which costs a 304 where nothing changed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rulepack_protocol::digest::Digest;

use super::problem::Problem;
use super::{Service, blocking};
use crate::store::{MetadataFile, TargetFile};

/// `GET /metadata/{file}`
pub(super) async fn metadata(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file: MetadataFile = name.parse().map_err(|_| not_found())?;
    let immutable = file.is_immutable();
    let bytes = blocking(move || service.registry.tree().metadata(&file)).await?;
    let bytes = bytes.map_err(unreadable)?.ok_or_else(not_found)?;
    let tag = entity_tag(&Digest::of(&bytes));
    Ok(answer(&headers, tag, immutable, "application/json", || {
        bytes
    }))
}

/// `GET /targets/{name space}/{name}/{file}`
pub(super) async fn target(
    State(service): State<Arc<Service>>,
    Path((name_space, name, file)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file: TargetFile = format!("{name_space}/{name}/{file}")
        .parse()
        .map_err(|_| not_found())?;
    let tag = entity_tag(&file.digest);
    let bytes = blocking(move || service.registry.tree().target(&file)).await?;
    let bytes = bytes.map_err(unreadable)?.ok_or_else(not_found)?;
    Ok(answer(&headers, tag, true, "application/wasm", || bytes))
}

/// The answer to everything that is not there.
pub(super) async fn missing() -> Problem {
    not_found()
}

fn answer(
    request: &HeaderMap,
    tag: String,
    immutable: bool,
    media_type: &'static str,
    body: impl FnOnce() -> Vec<u8>,
) -> Response {
    let cache = if immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let unchanged = request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| matches_tag(value, &tag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type)], body()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// Whether a list of `If-None-Match` names the tag; comparison is weak there (RFC 9110, 13.1.2).
fn matches_tag(list: &str, tag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|entry| entry == "*" || entry.strip_prefix("W/").unwrap_or(entry) == tag)
}

fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "there is nothing under this address",
    )
}

fn unreadable(error: std::io::Error) -> Problem {
    tracing::error!(error = %error, "a file of the repository cannot be read");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "storage",
        "a file of the repository cannot be read",
    )
}
