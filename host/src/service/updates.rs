//! `GET /api/v1/updates`: what waits for a person, what is held or refused, and what nobody can put off.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::tuf;
use serde::Serialize;

use super::Service;
use super::kind::Kind;
use super::problem::Problem;
use super::status::LastSync;
use crate::host_status::{ComingVersion, HostStatus, VersionStatus};
use crate::lock::State as VersionState;
use crate::update::course::Stage;

/// How the updates of a host stand.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Updates {
    /// Digest of the lock that `versions` are read from.
    #[schema(value_type = String)]
    lock: Digest,
    /// The last completed refresh, UTC.
    #[schema(value_type = Option<String>)]
    refreshed: Option<Moment>,
    /// Versions that passed every step and wait for a person, that a person put aside, or that a step refused.
    versions: Vec<PendingVersion>,
    /// Versions that an update is about to bring, with what came of the steps so far.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    coming: Vec<ComingVersion>,
    /// Packs whose versions to come wait for a person, and why.
    #[schema(value_type = BTreeMap<String, String>)]
    holds: BTreeMap<PackName, String>,
    /// Packs of which no version is in force today: their rules are not evaluable.
    #[schema(value_type = Vec<String>)]
    gaps: Vec<PackName>,
    /// What a person should look at.
    warnings: Vec<String>,
    /// The last try to bring the packs up to date, where one was made since the start.
    last_sync: Option<LastSync>,
}

/// A version that is not in force although it could be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PendingVersion {
    /// Pack and version.
    #[schema(value_type = String)]
    pack: TargetPath,
    /// What stands between it and being in force.
    state: Pending,
    /// Why.
    reason: String,
    /// The rule day that it is made from.
    #[schema(value_type = String)]
    effective_from: Day,
    /// The day from which nobody can put it off.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    mandatory_by: Option<Day>,
    /// What came of each step: verify, inspect, compile, cases, shadow, decision, switch, watch.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stages: Vec<Stage>,
}

/// Why a version is not in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Pending {
    /// It passed every step, and waits for a person.
    Waiting,
    /// A person put it aside.
    Held,
    /// A step refused it: no person can approve it.
    Refused,
}

pub(super) async fn updates(State(service): State<Arc<Service>>) -> Result<Json<Updates>, Problem> {
    let read = tokio::task::spawn_blocking(move || read(&service)).await;
    read.map_err(|_| Problem::from(Kind::INTERNAL))?.map(Json)
}

fn read(service: &Service) -> Result<Updates, Problem> {
    let (Some(now), Some(today)) = (service.now(), service.today()) else {
        return Err(Kind::INTERNAL.into());
    };
    let status = HostStatus::read(&service.folder, now, today).map_err(|error| {
        tracing::error!(%error, "the lock cannot be read");
        Problem::from(Kind::STORAGE)
    })?;
    Ok(Updates {
        lock: status.lock,
        refreshed: status.refreshed,
        versions: status.versions.into_iter().filter_map(pending).collect(),
        coming: status.coming,
        holds: status.holds,
        gaps: status.gaps,
        warnings: status.warnings,
        last_sync: Option::clone(&service.last_sync.get()),
    })
}

fn pending(version: VersionStatus) -> Option<PendingVersion> {
    if version.status == tuf::Status::Yanked {
        return None;
    }
    let (state, reason) = match version.state {
        VersionState::Active | VersionState::Unfollowed => return None,
        VersionState::Waiting { reason } => (Pending::Waiting, reason),
        VersionState::Held { reason } => (Pending::Held, reason),
        VersionState::Refused { reason } => (Pending::Refused, reason),
    };
    Some(PendingVersion {
        pack: version.path,
        state,
        reason,
        effective_from: version.effective.from,
        mandatory_by: version.mandatory_by,
        stages: version.stages,
    })
}
