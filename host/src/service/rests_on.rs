//! Keeps the settings that a verdict names by digest, before it is recorded: what is not on the disk by then could not
//! be shown to anybody later.

use super::Service;
use crate::journal::Verdict;
use crate::kept::{KeptError, Setting};
use crate::policy::Policy;

/// Writes what is not kept yet; mostly nothing.
pub(super) fn keep(service: &Service, verdict: &Verdict, policy: &Policy) -> Result<(), KeptError> {
    let kept = &service.kept;
    for run in &verdict.packs {
        if kept.is_known(Setting::Grants, &run.grants) {
            continue;
        }
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
