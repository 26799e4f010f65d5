//! The read side: the files of the repository, as any static web server could serve them.
//!
//! All names but `timestamp.json` are of one content for ever, so caches may keep them; that one has to
//! be asked for again each time, which costs a 304 where nothing changed. Packs are served in parts too,
//! so that an interrupted download goes on where it stopped.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::RoleName;
use tokio::time::timeout;

use super::conditional::{Part, entity_tag, is_known, part};
use super::file_body::FileBody;
use super::kind::Kind;
use super::problem::Problem;
use super::{Service, blocking};
use crate::publish::RefusalKind;
use crate::state::StateError;
use crate::store::{MetadataFile, TargetFile};

/// `GET /metadata/timestamp.json`, where [`super::polls`] leaves it: read from the files, `HEAD`, refused.
pub(super) async fn timestamp(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let shown = match service.showing.in_memory(&service.registry) {
        Some(shown) => shown,
        None => {
            let limit = service.settings.read_timeout;
            let service = Arc::clone(&service);
            let read = blocking(move || service.showing.read(&service.registry));
            let shown = timeout(limit, read).await.map_err(|_| Kind::TIMEOUT)??;
            shown.map_err(|error| damaged(&error))?
        }
    };
    let timestamp = shown.timestamp().ok_or(Kind::NOT_FOUND)?;
    Ok(timestamp.answer(&headers))
}

/// `GET /metadata/{file}`: a version of a role.
pub(super) async fn metadata(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file: MetadataFile = name.parse().map_err(|_| Kind::NOT_FOUND)?;
    let bytes = blocking(move || published(&service, &file)).await??;
    let tag = entity_tag(&Digest::of(&bytes));
    let known = is_known(&headers, &tag);
    let cached = (header_of(&tag)?, FOR_EVER);
    Ok(if known {
        not_modified(cached)
    } else {
        whole(cached, JSON, Bytes::from(bytes).into())
    })
}

/// `GET /targets/{name space}/{name}/{file}`
pub(super) async fn target(
    State(service): State<Arc<Service>>,
    Path((name_space, name, file)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file: TargetFile = format!("{name_space}/{name}/{file}")
        .parse()
        .map_err(|_| Kind::NOT_FOUND)?;
    // The name holds the digest of the bytes.
    let tag = entity_tag(&file.digest);
    let content = match file.path.is_overlay() {
        true => TOML,
        false => WASM,
    };
    let open = move || service.registry.tree().open_target(&file);
    let opened = blocking(open).await?.map_err(|error| unreadable(&error))?;
    let (file, length) = opened.ok_or(Kind::NOT_FOUND)?;
    let cached = (header_of(&tag)?, FOR_EVER);
    if is_known(&headers, &tag) {
        return Ok(not_modified(cached));
    }
    // A range is defined for `GET` alone.
    let asked = match method {
        Method::GET => part(&headers, &tag, length),
        _ => Part::Whole,
    };
    let (status, bytes) = match asked {
        Part::Whole => (StatusCode::OK, 0..length),
        Part::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
        Part::Beyond => return beyond(length),
    };
    let range = format!(
        "bytes {}-{}/{length}",
        bytes.start,
        bytes.end.saturating_sub(1)
    );
    let body = blocking(move || FileBody::new(file, &bytes)).await?;
    let body = body.map_err(|error| unreadable(&error))?;
    let mut response = whole(cached, content, Body::new(body));
    let answered = response.headers_mut();
    answered.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        answered.insert(header::CONTENT_RANGE, header_of(&range)?);
    }
    *response.status_mut() = status;
    Ok(response)
}

/// The answer to everything that is not there.
pub(super) async fn missing() -> Problem {
    Kind::NOT_FOUND.into()
}

/// Has to be asked for again each time.
pub(super) const ASK_AGAIN: &str = "no-cache";
/// Never changes: a year is the longest that caches know.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
pub(super) const JSON: &str = "application/json";
const WASM: &str = "application/wasm";
const TOML: &str = "application/toml";

/// The bytes of a version that is published. Blocks.
fn published(service: &Service, file: &MetadataFile) -> Result<Vec<u8>, Problem> {
    if let MetadataFile::Version(role, version) = file
        && *role != RoleName::ROOT
    {
        let shown = service.showing.read(&service.registry);
        if !shown
            .map_err(|error| damaged(&error))?
            .shows(role, *version)
        {
            return Err(Kind::NOT_FOUND.into());
        }
    }
    let bytes = service.registry.tree().metadata(file);
    Ok(bytes
        .map_err(|error| unreadable(&error))?
        .ok_or(Kind::NOT_FOUND)?)
}

fn whole(
    (tag, cache): (HeaderValue, &'static str),
    media_type: &'static str,
    body: Body,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::ETAG, tag),
    ];
    (headers, body).into_response()
}

fn not_modified((tag, cache): (HeaderValue, &'static str)) -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (header::ETAG, tag),
    ];
    (StatusCode::NOT_MODIFIED, headers).into_response()
}

fn beyond(length: u64) -> Result<Response, Problem> {
    let mut response = Problem::from(Kind::RANGE).into_response();
    let range = header_of(&format!("bytes */{length}"))?;
    response.headers_mut().insert(header::CONTENT_RANGE, range);
    Ok(response)
}

fn header_of(text: &str) -> Result<HeaderValue, Problem> {
    HeaderValue::from_str(text).map_err(|_| Kind::INTERNAL.into())
}

fn damaged(error: &StateError) -> Problem {
    tracing::error!(error = %error, "the files of the repository are no valid state");
    storage()
}

fn unreadable(error: &io::Error) -> Problem {
    tracing::error!(error = %error, "a file of the repository cannot be read");
    storage()
}

fn storage() -> Problem {
    Problem::new(
        RefusalKind::Storage.into(),
        "a file of the repository cannot be read",
    )
}
