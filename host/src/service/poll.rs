//! Brings the packs up to date while the server answers.

use std::sync::Arc;
use std::time::Duration;

use super::status::LastSync;
use super::{Service, watching};
use crate::update::{UpdateError, UpdateReport, in_full};

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
        let tried = tokio::task::spawn_blocking(move || once(&service, sync.as_ref())).await;
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
