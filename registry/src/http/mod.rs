//! The server.
//!
//! | address | what |
//! |---|---|
//! | `GET /metadata/{file}`, `GET /targets/{name space}/{name}/{file}` | the files, cacheable |
//! | `POST /api/v1/publish` | an upload ([`crate::publication`]), answered with a [`Receipt`](crate::Receipt) |
//! | `GET /api/v1/packs?query=…`, `GET /api/v1/packs/{name space}/{name}` | lists, from the index |
//! | `GET /healthz` | `ok` |
//! | `GET /` | a page for people |
//!
//! Errors are [`problem`]s. Files are read and publications made on threads that may block.

mod api;
mod files;
mod guard;
pub mod problem;
mod site;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::timeout::TimeoutLayer;

use crate::publication::BODY_BYTES_MAX;
use crate::registry::Registry;
use problem::Problem;

/// How patient the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The longest time until an answer to a read begins.
    pub read_timeout: Duration,
    /// The longest time for an upload and its checks. What is being stored then is finished all the
    /// same, and a retry finds it.
    pub publish_timeout: Duration,
    /// How many uploads are checked at once; each holds its bytes in memory.
    pub publications_at_once: usize,
    /// How often to look whether timestamp and snapshot have to be signed anew.
    pub prolong_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            read_timeout: Duration::from_secs(30),
            publish_timeout: Duration::from_secs(600),
            publications_at_once: 2,
            prolong_every: Duration::from_secs(600),
        }
    }
}

/// What the handlers share.
pub(crate) struct Service {
    registry: Arc<Registry>,
    publications: Arc<Semaphore>,
}

/// Serves `registry` on `listener` until `shutdown` is over, then finishes what is being published.
///
/// On loopback only requests to a name of loopback are answered. While it runs, timestamp and snapshot
/// are signed anew before they expire.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(
    listener: TcpListener,
    registry: Arc<Registry>,
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let publications = Arc::new(Semaphore::new(settings.publications_at_once));
    let service = Arc::new(Service {
        registry: Arc::clone(&registry),
        publications: Arc::clone(&publications),
    });
    let guard = guard::Guard::of(listener.local_addr()?);
    let prolonging = tokio::spawn(prolong(registry, settings.prolong_every));
    let served = axum::serve(listener, router(service, guard, settings))
        .with_graceful_shutdown(shutdown)
        .await;
    prolonging.abort();
    // A client may have left while its publication goes on: all turns back means that none does.
    let turns = u32::try_from(settings.publications_at_once).unwrap_or(u32::MAX);
    let all_finished = publications.acquire_many(turns).await;
    publications.close();
    drop(all_finished);
    served
}

fn router(service: Arc<Service>, guard: guard::Guard, settings: Settings) -> Router {
    let timeout = |after| TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, after);
    let write = Router::new()
        .route("/api/v1/publish", post(api::publish))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(timeout(settings.publish_timeout));
    let read = Router::new()
        .route("/metadata/{file}", get(files::metadata))
        .route("/targets/{name_space}/{name}/{file}", get(files::target))
        .route("/api/v1/packs", get(api::packs))
        .route("/api/v1/packs/{name_space}/{name}", get(api::versions))
        .route("/healthz", get(api::health))
        .route("/style.css", get(site::style))
        .route("/", get(site::page))
        .layer(DefaultBodyLimit::max(0))
        .layer(timeout(settings.read_timeout));
    read.merge(write)
        .fallback(files::missing)
        .method_not_allowed_fallback(not_allowed)
        .with_state(service)
        .layer(middleware::from_fn_with_state(guard, guard::check))
}

async fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "this address does not answer to this method",
    )
}

/// Looks at once, and then again and again.
async fn prolong(registry: Arc<Registry>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    loop {
        ticks.tick().await;
        let registry = Arc::clone(&registry);
        match blocking(move || registry.prolong()).await {
            Ok(Ok(true)) => tracing::info!("timestamp signed anew"),
            // Before the first root there is nothing to prolong.
            Ok(Ok(false)) => {}
            Ok(Err(refusal)) => {
                let causes = problem::causes(&refusal);
                tracing::error!(error = %refusal, ?causes, "timestamp not signed anew");
            }
            Err(problem) => tracing::error!(error = problem.title, "timestamp not signed anew"),
        }
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(error = %error, "a request ended unexpectedly");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the request could not be answered",
        )
    })
}
