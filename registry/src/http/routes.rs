//! Every address with its methods, as the description of the interface has them: what stands here is
//! served, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tokio::time::timeout;

use super::document::Operation;
use super::guard::{self, Guard};
use super::kind::Kind;
use super::problem::Problem;
use super::{Service, Settings, api, document, files, site};

/// The server's answers.
pub(super) fn router(service: Arc<Service>, guard: Guard, settings: Settings) -> Router {
    let limited = from_fn_with_state(settings.read_timeout, in_time);
    let mut read = Router::new();
    for (operation, handler) in reading() {
        read = read.route(operation.path, handler);
    }
    // These two mind the time themselves: the one answers from memory, the other takes long.
    read.layer(limited)
        .route(document::TIMESTAMP.path, get(files::timestamp))
        .route(document::PUBLISH.path, post(api::publish))
        .fallback(files::missing)
        .method_not_allowed_fallback(not_allowed)
        .with_state(service)
        .layer(from_fn_with_state(guard, guard::check))
}

/// The addresses that are read within a time.
fn reading() -> [(&'static Operation, MethodRouter<Arc<Service>>); 8] {
    [
        (&document::METADATA, get(files::metadata)),
        (&document::TARGET, get(files::target)),
        (&document::PACKS, get(api::packs)),
        (&document::VERSIONS, get(api::versions)),
        (&document::DOCUMENT, get(document::serve)),
        (&document::HEALTH, get(api::health)),
        (&document::PAGE, get(site::page)),
        (&document::STYLE, get(site::style)),
    ]
}

/// Answers with a problem where the answer does not begin in time.
async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::from(Kind::TIMEOUT).into_response(),
    }
}

async fn not_allowed() -> Problem {
    Kind::METHOD.into()
}
