//! `POST /api/v1/packs/{name_space}/{name}/decisions`: what an administrator decides about a pack's versions, by
//! the same functions as `rulepack host`. It is in force when it is answered.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::{PackName, TargetPath};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::Service;
use super::access::Bearer;
use super::calls::json_body;
use super::kind::Kind;
use super::problem::{Problem, parts};
use crate::lock::{DecideError, DecisionError};
use crate::update::person;

/// The most bytes of a body.
pub(super) const BODY_BYTES_MAX: usize = 16 * 1024;
/// A reason stands in the lock, which people read.
const REASON_CHARACTERS_MAX: usize = 500;
const EXPECTED: &str = "the body is not as described, expected `decision` `hold` or `rollback` with a `reason`, \
                        `approve` with a `version`, or `release`";

/// What is decided.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(tag = "decision", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Decision {
    /// What is in force goes on; versions to come wait for an approval.
    Hold {
        /// Why, for whoever reads the lock: 1 to 500 characters.
        reason: String,
    },
    /// Ends a hold.
    Release {},
    /// Puts a version that waits, or that was put aside, in force.
    Approve {
        /// `1.2.0`
        #[schema(value_type = String)]
        version: Version,
    },
    /// Puts the version in force today aside, for the next lower one.
    Rollback {
        /// Why, for whoever reads the lock: 1 to 500 characters.
        reason: String,
    },
}

/// What was decided.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Decided {
    /// The version that was put in force by it, where one was.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    in_force: Option<TargetPath>,
    /// The version that was put aside by it, where one was.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    put_aside: Option<TargetPath>,
    /// Digest of the lock in force now.
    #[schema(value_type = String)]
    lock: Digest,
}

pub(super) async fn decide(
    State(service): State<Arc<Service>>,
    Extension(Bearer(bearer)): Extension<Bearer>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Decided>, Problem> {
    let (name_space, name) = parts(path)?;
    let body = json_body(&headers, body)?;
    let decision = read(&body)?;
    let pack: PackName = format!("{name_space}/{name}")
        .parse()
        .map_err(|_| Problem::from(Kind::NOT_FOUND))?;
    let decided = tokio::task::spawn_blocking(move || {
        let word = decision.word();
        let written = write(&service, &pack, decision);
        let is_done = written.is_ok();
        tracing::info!(%pack, token = %bearer, decision = word, is_done, "a person decides");
        written
    });
    let decided = decided.await.map_err(|error| {
        tracing::error!(%error, "a decision ended unexpectedly");
        Problem::from(Kind::INTERNAL)
    })?;
    decided.map(Json)
}

impl Decision {
    fn word(&self) -> &'static str {
        match self {
            Decision::Hold { .. } => "hold",
            Decision::Release {} => "release",
            Decision::Approve { .. } => "approve",
            Decision::Rollback { .. } => "rollback",
        }
    }
}

fn read(body: &[u8]) -> Result<Decision, Problem> {
    let wrong = || Problem::new(Kind::REQUEST, EXPECTED);
    let decision: Decision = serde_json::from_slice(body).map_err(|_| wrong())?;
    if let Decision::Hold { reason } | Decision::Rollback { reason } = &decision {
        let length = reason.trim().chars().count();
        let is_plain = !reason.contains(char::is_control);
        if length == 0 || length > REASON_CHARACTERS_MAX || !is_plain {
            return Err(wrong());
        }
    }
    Ok(decision)
}

fn write(service: &Service, pack: &PackName, decision: Decision) -> Result<Decided, Problem> {
    let (folder, now) = (&service.folder, service.now());
    let today = service.today().ok_or(Kind::INTERNAL)?;
    let now = now.ok_or(Kind::INTERNAL)?;
    let decided = match decision {
        Decision::Hold { reason } => {
            person::hold(folder, pack, &reason).map(|lock| (None, None, lock))
        }
        Decision::Release {} => person::release(folder, pack, now).map(|lock| (None, None, lock)),
        Decision::Approve { version } => {
            let path = TargetPath::new(pack.clone(), version.clone());
            let path = path.map_err(|_| {
                refused(&DecisionError::Unknown(format!("{pack}@{version}")).into())
            })?;
            person::approve(folder, &path, now).map(|lock| (Some(path), None, lock))
        }
        Decision::Rollback { reason } => person::roll_back(folder, pack, &reason, (now, today))
            .map(|([from, to], lock)| (Some(to), Some(from), lock)),
    };
    let (in_force, put_aside, lock) = decided.map_err(|error| refused(&error))?;
    // Nothing but the lock was changed: what else cannot be read makes no decision that took effect look as if it had not.
    service.reload_lock().map_err(|error| {
        tracing::error!(%error, "a decision is written and cannot be taken up");
        Problem::from(Kind::STORAGE)
    })?;
    Ok(Decided {
        in_force,
        put_aside,
        lock: lock.digest(),
    })
}

fn refused(error: &DecideError) -> Problem {
    match error {
        DecideError::Decision(decision) => {
            let kind = match decision {
                DecisionError::Unknown(_) => Kind::NOT_FOUND,
                _ => Kind::DECISION,
            };
            Problem::new(kind, decision.to_string()).hint(decision.hint())
        }
        DecideError::Lock(error) => {
            tracing::error!(%error, "the lock cannot be changed");
            Kind::STORAGE.into()
        }
    }
}
