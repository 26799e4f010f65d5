//! The JSON interface below `/api/v1`: publishing, and lists for people and tools.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use rulepack_protocol::names::PackName;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::kind::Kind;
use super::problem::{Problem, causes};
use super::{Service, blocking};
use crate::index::{Entry, IndexError};
use crate::publication;
use crate::publish::{Receipt, Refusal, RefusalKind};

/// `POST /api/v1/publish`
pub(super) async fn publish(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<Receipt>, Problem> {
    check_head(request.headers())?;
    // Held until the end: so many bodies are in memory at once, and not more.
    let place = Arc::clone(&service.uploads).try_acquire_owned();
    let place = place.map_err(|_| Kind::BUSY)?;
    let body = timeout(
        service.settings.upload_timeout,
        Bytes::from_request(request, &()),
    );
    let body = body.await.map_err(|_| Kind::SLOW_UPLOAD)?;
    let body = body.map_err(unreadable)?;
    let answer = check_and_store(Arc::clone(&service), body, place);
    timeout(service.settings.publish_timeout, answer)
        .await
        .map_err(|_| Kind::TIMEOUT)?
        .map(Json)
}

/// Waits its turn, and stays with the work even where the client goes away: a server that shuts down
/// waits for it.
async fn check_and_store(
    service: Arc<Service>,
    body: Bytes,
    place: OwnedSemaphorePermit,
) -> Result<Receipt, Problem> {
    let turn = Arc::clone(&service.publications).acquire_owned().await;
    let turn = turn.map_err(|_| Kind::BUSY)?;
    let published = blocking(move || {
        let published = service.registry.publish(&body);
        drop((turn, place));
        published
    })
    .await?;
    published.map_err(|refusal| refused(&refusal))
}

/// What is told at once, without waiting for bytes that would not be accepted.
fn check_head(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE) != Some(publication::MEDIA_TYPE) {
        return Err(Problem::new(
            Kind::MEDIA_TYPE,
            format!("expected content of type `{}`", publication::MEDIA_TYPE),
        ));
    }
    // Nothing is ever unpacked: a body is as long as it is.
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(
            Kind::MEDIA_TYPE,
            "expected content without any encoding",
        ));
    }
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > publication::BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    Ok(())
}

/// What to look for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// A part of a name or title.
    #[serde(default)]
    pub(super) query: String,
}

/// A list of versions of packs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Packs {
    /// By name, newest version first.
    packs: Vec<Entry>,
}

/// `GET /api/v1/packs?query=…`
pub(super) async fn packs(
    State(service): State<Arc<Service>>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Json<Packs>, Problem> {
    let Query(search) =
        search.map_err(|rejection| Problem::new(Kind::QUERY, rejection.body_text()))?;
    let found = blocking(move || service.registry.index().search(&search.query)).await?;
    let packs = found.map_err(|error| index_failed(&error))?;
    Ok(Json(Packs { packs }))
}

/// `GET /api/v1/packs/{name space}/{name}`
pub(super) async fn versions(
    State(service): State<Arc<Service>>,
    Path((name_space, name)): Path<(String, String)>,
) -> Result<Json<Packs>, Problem> {
    let unknown = || Problem::new(Kind::NOT_FOUND, "there is no pack of this name");
    let name: PackName = format!("{name_space}/{name}")
        .parse()
        .map_err(|_| unknown())?;
    let found = blocking(move || service.registry.index().versions(&name)).await?;
    let packs = found.map_err(|error| index_failed(&error))?;
    if packs.is_empty() {
        return Err(unknown());
    }
    Ok(Json(Packs { packs }))
}

/// `GET /healthz`: whether the repository can be read.
pub(super) async fn health(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    let roots = blocking(move || service.registry.tree().newest_root()).await?;
    match roots {
        Ok(1..) => Ok("ok\n"),
        _ => Err(Problem::new(
            RefusalKind::Storage.into(),
            "the repository has no readable root",
        )),
    }
}

pub(super) fn index_failed(error: &IndexError) -> Problem {
    tracing::error!(error = %error, causes = ?causes(error), "the index cannot be read");
    Kind::INDEX.into()
}

/// The log tells the operator what is kept from the client.
fn refused(refusal: &Refusal) -> Problem {
    let kind = refusal.kind();
    let causes = causes(refusal);
    if matches!(kind, RefusalKind::Storage | RefusalKind::Signer) {
        tracing::error!(kind = kind.word(), error = %refusal, ?causes, "publication failed");
    } else {
        tracing::info!(kind = kind.word(), error = %refusal, ?causes, "publication refused");
    }
    Problem::from(refusal)
}

fn unreadable(rejection: BytesRejection) -> Problem {
    if rejection.status().as_u16() == RefusalKind::TooLarge.status() {
        return too_large();
    }
    Problem::new(
        RefusalKind::MalformedUpload.into(),
        "the upload ended early",
    )
}

fn too_large() -> Problem {
    let bound = publication::BODY_BYTES_MAX;
    Problem::new(
        RefusalKind::TooLarge.into(),
        format!("the upload is longer than {bound} bytes"),
    )
}
