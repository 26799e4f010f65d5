//! Keeps the settings that a verdict names by digest, before it is recorded: what is not on the disk by then could not
//! be shown to anybody later.

use super::{Service, faults};
use crate::journal::Verdict;
use crate::kept::{KeptError, Setting};
use crate::policy::Policy;

/// Writes what is not kept yet; mostly nothing. Where it cannot be kept the status says so until it can.
///
/// # Errors
/// [`KeptError`]; the verdict must not be recorded then.
pub(super) fn keep(service: &Service, verdict: &Verdict, policy: &Policy) -> Result<(), KeptError> {
    if is_known(service, verdict) {
        service.faults.clear(faults::KEPT);
        return Ok(());
    }
    let kept = write(service, verdict, policy);
    match &kept {
        Ok(()) => service.faults.clear(faults::KEPT),
        Err(error) => {
            tracing::error!(%error, "what a verdict rests on cannot be kept");
            let told = format!("{error}; no verdict is given until it can be used");
            service.faults.put(faults::KEPT, told);
        }
    }
    kept
}

fn is_known(service: &Service, verdict: &Verdict) -> bool {
    let kept = &service.kept;
    let mut runs = verdict.packs.iter();
    runs.all(|run| kept.is_known(Setting::Grants, &run.grants))
        && kept.is_known(Setting::Region, &service.region)
        && verdict
            .policy
            .is_some_and(|policy| kept.is_known(Setting::Policy, &policy))
}

fn write(service: &Service, verdict: &Verdict, policy: &Policy) -> Result<(), KeptError> {
    let kept = &service.kept;
    for run in &verdict.packs {
        // Every pack that runs was loaded by these packs.
        if let Some(grants) = service.packs.granted(&run.grants) {
            kept.keep_grants(&grants)?;
        }
    }
    if let Some(digest) = verdict.policy {
        kept.keep_policy((digest, policy))?;
    }
    kept.keep_region((service.region, &service.options.region))
}
