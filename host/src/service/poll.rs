//! Brings the packs up to date while the server answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::status::LastSync;
use super::{Service, watching};
use crate::update::{UpdateError, UpdateReport, in_full};

/// While an update runs, the files of the host are looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long to wait before the next try, after so many failed ones in a row: [`pause`](super::pause()) with
/// some chance, which the caller has.
pub type Pauses = Box<dyn FnMut(u32) -> Duration + Send>;

/// Brings up to date at once, and then again and again, until it is dropped. `sync` is what does it, and
/// answers `None` where the registry has nothing new; it runs on a thread that may block. A try that
/// fails is told in the status and ends nothing.
pub async fn poll<S>(service: Arc<Service>, mut pauses: Pauses, sync: S)
where
    S: Fn(&Service) -> Result<Option<UpdateReport>, UpdateError> + Send + Sync + 'static,
{
    let sync = Arc::new(sync);
    let mut failures = 0_u32;
    loop {
        let (service, sync) = (Arc::clone(&service), Arc::clone(&sync));
        let updated = Arc::clone(&service);
        let update = tokio::task::spawn_blocking(move || once(&updated, sync.as_ref()));
        let tried = while_it_runs(&service, update).await;
        if tried.is_err() {
            tracing::error!("an update ended unexpectedly");
        }
        failures = match tried {
            Ok(true) => 0,
            _ => failures.saturating_add(1),
        };
        tokio::time::sleep(pauses(failures)).await;
    }
}

/// An update may run for minutes; what it stops at its beginning, and what persons decide meanwhile, is taken
/// up at once.
async fn while_it_runs(
    service: &Arc<Service>,
    mut update: JoinHandle<bool>,
) -> Result<bool, JoinError> {
    loop {
        tokio::select! {
            tried = &mut update => return tried,
            () = tokio::time::sleep(LOOK_EVERY) => {
                let service = Arc::clone(service);
                let looked = tokio::task::spawn_blocking(move || service.reload()).await;
                if let Ok(Err(error)) = looked {
                    tracing::warn!(%error, "what changed during an update cannot be taken up");
                }
            }
        }
    }
}

/// One try; whether it was a good one.
fn once(
    service: &Service,
    sync: &dyn Fn(&Service) -> Result<Option<UpdateReport>, UpdateError>,
) -> bool {
    let result = sync(service).map_err(|error| in_full(&error));
    // The lock is looked at even where nothing came: `rulepack sync` or `import` may have run beside.
    let reloaded = service.reload().map_err(|error| error.to_string());
    watching::turn(service);
    match (&result, &reloaded) {
        (Err(error), _) | (_, Err(error)) => tracing::warn!(%error, "update failed"),
        (Ok(report), Ok(changed)) => {
            let activated = report.as_ref().map_or(0, |report| report.activated.len());
            let refused = report.as_ref().map_or(0, |report| report.refused.len());
            tracing::info!(changed, activated, refused, "update done");
        }
    }
    let result = result.and_then(|report| reloaded.map(|_| report));
    let is_good = result.is_ok();
    let last = LastSync::ended(service, result);
    service.last_sync.put(Some(last));
    is_good
}
