//! `GET /api/v1/packs`: every version that this host knows, and what it made of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::Service;
use super::kind::Kind;
use super::problem::{Problem, parts};
use super::status::{PackStatus, Status};

pub(super) async fn packs(State(service): State<Arc<Service>>) -> Json<Vec<PackStatus>> {
    Json(Status::of(&service).packs)
}

pub(super) async fn versions(
    State(service): State<Arc<Service>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Vec<PackStatus>>, Problem> {
    let (name_space, name) = parts(path)?;
    let wanted = format!("{name_space}/{name}");
    let mut packs = Status::of(&service).packs;
    packs.retain(|pack| pack.pack.pack().to_string() == wanted);
    match packs.is_empty() {
        true => Err(Kind::NOT_FOUND.into()),
        false => Ok(Json(packs)),
    }
}
