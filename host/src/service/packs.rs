//! `GET /api/v1/packs`: every version that this host knows, and what it made of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::Service;
use super::kind::Kind;
use super::problem::Problem;
use super::status::{PackStatus, Status};

pub(super) async fn packs(State(service): State<Arc<Service>>) -> Json<Vec<PackStatus>> {
    Json(Status::of(&service).packs)
}

pub(super) async fn versions(
    State(service): State<Arc<Service>>,
    Path((name_space, name)): Path<(String, String)>,
) -> Result<Json<Vec<PackStatus>>, Problem> {
    let wanted = format!("{name_space}/{name}");
    let mut packs = Status::of(&service).packs;
    packs.retain(|pack| pack.pack.pack().to_string() == wanted);
    match packs.is_empty() {
        true => Err(Kind::NOT_FOUND.into()),
        false => Ok(Json(packs)),
    }
}
