//! `GET /api/v1/packs`: every version that this host knows, what it made of it, and what came of each step.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use super::Service;
use super::kind::Kind;
use super::problem::{Problem, parts};
use super::status::{PackStatus, Status};
use crate::update::course::Course;

pub(super) async fn packs(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<PackStatus>>, Problem> {
    with_stages(service, |_| true).await.map(Json)
}

pub(super) async fn versions(
    State(service): State<Arc<Service>>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Json<Vec<PackStatus>>, Problem> {
    let (name_space, name) = parts(path)?;
    let wanted = format!("{name_space}/{name}");
    let is_wanted = move |pack: &PackStatus| pack.pack.pack().to_string() == wanted;
    let packs = with_stages(service, is_wanted).await?;
    match packs.is_empty() {
        true => Err(Kind::NOT_FOUND.into()),
        false => Ok(Json(packs)),
    }
}

/// The account of each version is a file, so this runs on a thread that may block.
async fn with_stages(
    service: Arc<Service>,
    is_wanted: impl Fn(&PackStatus) -> bool + Send + 'static,
) -> Result<Vec<PackStatus>, Problem> {
    let read = move || {
        let lock = service.lock.get();
        let mut packs = Status::of(&service).packs;
        packs.retain(is_wanted);
        for pack in &mut packs {
            let known = lock.version(&pack.pack);
            let course = known.map(|version| Course::of(&service.folder, version));
            pack.stages = course.map(|course| course.stages).unwrap_or_default();
        }
        packs
    };
    let packs = tokio::task::spawn_blocking(read).await;
    packs.map_err(|_| Kind::INTERNAL.into())
}
