//! The JSON interface below `/api/v1`: publishing, and lists for people and tools.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use rulepack_protocol::names::PackName;
use rulepack_protocol::tuf::RoleName;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::connections::Sender;
use super::kind::Kind;
use super::places::Held;
use super::problem::{Problem, causes};
use super::seats::Kept;
use super::upload::{Upload, too_large};
use super::{Service, blocking};
use crate::index::{Entry, IndexError};
use crate::publication;
use crate::publish::{Receipt, Refusal, RefusalKind};
use crate::registry::Admission;

/// `POST /api/v1/publish`: the roles are verified before the packs are read, so that nobody without a
/// bureau's keys holds more than a small place for a short time (T11).
pub(super) async fn publish(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<Receipt>, Problem> {
    check_head(request.headers())?;
    let settings = service.settings;
    let sender = request.extensions().get::<Sender>().cloned();
    let mut upload = Upload::new(request.into_body(), settings, sender);
    let admitted = begin(&service, &mut upload).await?;
    let received = timeout(settings.upload_timeout, receive(&service, admitted, upload));
    let received = match received.await.map_err(|_| Kind::SLOW_UPLOAD)?? {
        Received::Before(receipt) => return Ok(Json(receipt)),
        Received::Now(received) => received,
    };
    let answer = check_and_store(Arc::clone(&service), received);
    timeout(settings.publish_timeout, answer)
        .await
        .map_err(|_| Kind::TIMEOUT)?
        .map(Json)
}

/// An upload that is there.
enum Received {
    /// It was published before.
    Before(Receipt),
    /// Its bytes, to be checked.
    Now(Taken),
}

/// An upload whose roles' officers signed it.
struct Taken {
    roles: BTreeSet<RoleName>,
    body: Vec<u8>,
    /// Held until the end: so many bodies are in memory at once, and not more.
    place: Held,
    /// Those few do not lose their connections to others.
    _seat: Option<Kept>,
}

/// Reads the roles and verifies them; the inner error is told once the rest was read.
async fn begin(
    service: &Arc<Service>,
    upload: &mut Upload,
) -> Result<Result<Admission, Problem>, Problem> {
    let place = service.places.unverified(upload.address())?;
    let _seat = upload.keep_seat();
    let roles = timeout(service.settings.roles_timeout, upload.roles());
    let roles = match roles.await.map_err(|_| Kind::SLOW_UPLOAD)? {
        Ok(roles) => roles,
        Err(problem) => return Ok(Err(problem)),
    };
    let judge = Arc::clone(service);
    let admitted = blocking(move || {
        let admitted = judge.registry.admit(&roles);
        drop(place);
        admitted
    });
    Ok(admitted.await?.map_err(|refusal| refused(&refusal)))
}

/// Reads the rest; its bytes are kept where they are wanted.
async fn receive(
    service: &Service,
    admitted: Result<Admission, Problem>,
    upload: Upload,
) -> Result<Received, Problem> {
    match admitted {
        Ok(Admission::New(roles)) => {
            let place = service.places.body(&roles)?;
            let seat = upload.keep_seat();
            let body = upload.whole().await?;
            Ok(Received::Now(Taken {
                roles,
                body,
                place,
                _seat: seat,
            }))
        }
        Ok(Admission::AlreadyPublished(receipt)) => {
            upload.drain().await;
            Ok(Received::Before(receipt))
        }
        Err(problem) => {
            upload.drain().await;
            Err(problem)
        }
    }
}

/// Waits its turn, and stays with the work even where the client goes away: a server that shuts down
/// waits for it.
async fn check_and_store(service: Arc<Service>, received: Taken) -> Result<Receipt, Problem> {
    let turn = service.places.turn(&received.roles).await?;
    let published = blocking(move || {
        let published = service.registry.publish(&received.body);
        drop((turn, received.place));
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
