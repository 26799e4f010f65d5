//! Every address with its methods, as the description of the interface has them: what stands there is served,
//! to the roles that stand there, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use tokio::time::timeout;

use super::access::{self, Door, Gate};
use super::document::{self, Operation};
use super::guard::{self, Guard};
use super::kind::Kind;
use super::problem::Problem;
use super::{Service, calls, check, decision, packs, pages, search, updates};

/// A HIS gives up long before; it bounds how long a slow sender holds a connection.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The server's answers.
pub(super) fn router(gate: &Gate, guard: Guard) -> Router {
    let mut router = Router::new();
    for (operation, handler) in served() {
        let door = Door {
            gate: gate.clone(),
            operation,
        };
        // The role is asked for before the body is read.
        let handler = handler
            .layer(DefaultBodyLimit::max(operation.body_bytes_max()))
            .layer(from_fn_with_state(door, access::check));
        router = router.route(operation.path, handler);
    }
    router
        .fallback(async || Problem::from(Kind::NOT_FOUND))
        .method_not_allowed_fallback(async || Problem::from(Kind::METHOD))
        .with_state(Arc::clone(&gate.service))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(guard, guard::check))
}

fn served() -> [(&'static Operation, MethodRouter<Arc<Service>>); 17] {
    [
        (&document::CALL, post(calls::call)),
        (&document::CALL_AT_PLATFORM, post(calls::call)),
        (&document::CHECK, post(check::check)),
        (&document::FINDINGS, get(search::findings)),
        (&document::OVERRIDES, get(pages::overrides)),
        (&document::RECEIPT, get(pages::receipt)),
        (&document::PACKS, get(packs::packs)),
        (&document::VERSIONS, get(packs::versions)),
        (&document::DECIDE, post(decision::decide)),
        (&document::UPDATES, get(updates::updates)),
        (&document::STATUS, get(pages::status_json)),
        (&document::DOCUMENT, get(document::serve)),
        (&document::STATUS_PAGE, get(pages::status_page)),
        (&document::STYLE, get(pages::style)),
        (&document::METRICS, get(pages::counts)),
        (&document::HEALTH, get(pages::health)),
        (&document::READY, get(pages::ready)),
    ]
}

/// Answers with a problem where the answer does not begin in time.
async fn in_time(request: Request, next: Next) -> Response {
    match timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::from(Kind::TIMEOUT).into_response(),
    }
}
