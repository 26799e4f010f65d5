//! The JSON interface below `/api/v1`: publishing, and lists for people and tools.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest as _, Path, Query, Request, State};
use axum::http::{StatusCode, header};
use rulepack_protocol::names::PackName;
use serde::{Deserialize, Serialize};

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
    let headers = request.headers();
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if media_type != Some(publication::MEDIA_TYPE) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            format!("expected content of type `{}`", publication::MEDIA_TYPE),
        ));
    }
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    // Told at once, without waiting for bytes that would not be accepted.
    if length.is_some_and(|length| length > publication::BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let body = Bytes::from_request(request, &())
        .await
        .map_err(unreadable)?;
    // Waits its turn here, and stays with the work even where the client goes away: a server that
    // shuts down waits for it.
    let turn = Arc::clone(&service.publications).acquire_owned().await;
    let turn = turn.map_err(|_| stopping())?;
    let published = blocking(move || {
        let published = service.registry.publish(&body);
        drop(turn);
        published
    })
    .await?;
    published.map(Json).map_err(|refusal| refused(&refusal))
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
#[derive(Debug, Serialize)]
pub(super) struct Packs {
    packs: Vec<Entry>,
}

/// `GET /api/v1/packs?query=…`
pub(super) async fn packs(
    State(service): State<Arc<Service>>,
    search: Result<Query<Search>, QueryRejection>,
) -> Result<Json<Packs>, Problem> {
    let Query(search) = search.map_err(|rejection| {
        Problem::new(StatusCode::BAD_REQUEST, "query", rejection.body_text())
    })?;
    let found = blocking(move || service.registry.index().search(&search.query)).await?;
    let packs = found.map_err(|error| index_failed(&error))?;
    Ok(Json(Packs { packs }))
}

/// `GET /api/v1/packs/{name space}/{name}`
pub(super) async fn versions(
    State(service): State<Arc<Service>>,
    Path((name_space, name)): Path<(String, String)>,
) -> Result<Json<Packs>, Problem> {
    let unknown = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "there is no pack of this name",
        )
    };
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
            StatusCode::SERVICE_UNAVAILABLE,
            "storage",
            "the repository has no readable root",
        )),
    }
}

pub(super) fn index_failed(error: &IndexError) -> Problem {
    tracing::error!(error = %error, causes = ?causes(error), "the index cannot be read");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "index",
        "the index cannot be read; it can be built again from the files",
    )
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
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        RefusalKind::MalformedUpload.word(),
        "the upload ended early",
    )
}

fn too_large() -> Problem {
    let bound = publication::BODY_BYTES_MAX;
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::TooLarge.word(),
        format!("the upload is longer than {bound} bytes"),
    )
}

fn stopping() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "stopping",
        "the registry is being stopped",
    )
}
