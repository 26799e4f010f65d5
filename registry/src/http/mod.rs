//! The server.
//!
//! | address | what |
//! |---|---|
//! | `GET /metadata/{file}`, `GET /targets/{name space}/{name}/{file}` | the files, cacheable |
//! | `POST /api/v1/publish` | an upload ([`crate::publication`]), answered with a [`Receipt`](crate::Receipt) |
//! | `GET /api/v1/packs?query=…`, `GET /api/v1/packs/{name space}/{name}` | lists, from the index |
//! | `GET /api/v1/openapi.json` | the description of all this (OpenAPI 3.1) |
//! | `GET /healthz` | `ok` |
//! | `GET /` | a page for people |
//!
//! Errors are [`problem`]s. Files are read and publications made on threads that may block.

mod api;
mod conditional;
mod connections;
mod document;
mod file_body;
mod files;
mod guard;
pub mod kind;
mod places;
mod polls;
pub mod problem;
mod routes;
mod seats;
mod shown;
mod site;
mod stream;
mod upload;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::registry::Registry;
use kind::Kind;
use problem::Problem;

/// How patient the server is, and how much it does at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The longest time until an answer to a read begins.
    pub read_timeout: Duration,
    /// The longest time that a client may stand still while the server waits for it: until the head of a
    /// request is there, or until it takes more of an answer. Looked at four times within.
    pub head_timeout: Duration,
    /// The longest time until the roles of an upload are there, which stand before its packs.
    pub roles_timeout: Duration,
    /// The longest time until the body of an upload is there: 64 MiB at 2 Mbit/s.
    pub upload_timeout: Duration,
    /// The slowest pace of an upload, in bytes a second.
    pub upload_pace: u32,
    /// The time that is given to an upload on top of its pace.
    pub upload_grace: Duration,
    /// The longest time for the checks of an upload. What is being stored then is finished all the same,
    /// and a retry finds it.
    pub publish_timeout: Duration,
    /// After this time a connection is closed once its answer is finished, and after twice the time in
    /// any case: a client that reads a byte a minute holds no place for ever.
    pub connection_age: Duration,
    /// Connections open at once; one more takes the seat of the idlest.
    pub connections_at_once: usize,
    /// Uploads at once whose roles are not verified yet; each holds up to 8 MiB in memory.
    pub unverified_at_once: usize,
    /// Of these, from one address.
    pub unverified_of_one_sender: usize,
    /// Uploads with verified roles received or checked at once; each holds its bytes in memory, and those
    /// of different bureaus are checked beside each other.
    pub uploads_at_once: usize,
    /// Of these, of one bureau; they are checked one after the other.
    pub uploads_of_one_bureau: usize,
    /// How often to look whether timestamp and snapshot have to be signed anew.
    pub prolong_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            read_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(30),
            roles_timeout: Duration::from_secs(60),
            upload_timeout: Duration::from_secs(300),
            upload_pace: 16 * 1024,
            upload_grace: Duration::from_secs(10),
            publish_timeout: Duration::from_secs(600),
            connection_age: Duration::from_secs(3600),
            connections_at_once: 4096,
            unverified_at_once: 32,
            unverified_of_one_sender: 4,
            uploads_at_once: 8,
            uploads_of_one_bureau: 2,
            prolong_every: Duration::from_secs(600),
        }
    }
}

/// What the handlers share.
pub(crate) struct Service {
    registry: Arc<Registry>,
    settings: Settings,
    showing: shown::Showing,
    places: places::Places,
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
    let service = Arc::new(Service {
        registry: Arc::clone(&registry),
        settings,
        showing: shown::Showing::default(),
        places: places::Places::new(settings),
    });
    let guard = guard::Guard::of(listener.local_addr()?);
    let prolonging = tokio::spawn(prolong(registry, settings.prolong_every));
    let answers = connections::Answers {
        polls: Arc::new(polls::Polls::new(Arc::clone(&service), guard.clone())),
        router: routes::router(Arc::clone(&service), guard, settings),
    };
    let served = connections::serve(listener, answers, settings, shutdown).await;
    prolonging.abort();
    // A client may have left while its publication goes on: all places back means that none does.
    service.places.close().await;
    served
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
        Kind::INTERNAL.into()
    })
}
