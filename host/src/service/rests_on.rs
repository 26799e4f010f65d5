//! Keeps the settings that a verdict names by digest, before it is recorded: what is not on the disk by then could not
//! be shown to anybody later.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rulepack_protocol::digest::Digest;

use super::Service;
use crate::journal::Verdict;
use crate::kept::{self, KeptError, Setting};
use crate::policy::Policy;

/// A setting, and its digest.
type Key = (Setting, Digest);

/// The settings that could not be kept when a verdict asked for them, and why.
#[derive(Debug, Default)]
pub(super) struct NotKept(Mutex<BTreeMap<Key, String>>);

/// Writes what is not kept yet; mostly nothing. Where something cannot be kept the status says so until it can, or no
/// verdict would ask for it any more.
///
/// # Errors
/// [`KeptError`]; the verdict must not be recorded then.
pub(super) fn keep(service: &Service, verdict: &Verdict, policy: &Policy) -> Result<(), KeptError> {
    let grants = verdict
        .packs
        .iter()
        .map(|run| (Setting::Grants, run.grants));
    let policy_key = verdict.policy.map(|digest| (Setting::Policy, digest));
    let region = (Setting::Region, service.region);
    for key in grants.chain(policy_key).chain([region]) {
        if !service.kept.is_known(key.0, &key.1) {
            write(service, key, policy).inspect_err(|error| service.not_kept.put(key, error))?;
        }
    }
    Ok(())
}

fn write(service: &Service, (setting, digest): Key, policy: &Policy) -> Result<(), KeptError> {
    let kept = &service.kept;
    match setting {
        // Every pack that runs was loaded by these packs.
        Setting::Grants => match service.packs.granted(&digest) {
            Some(grants) => kept.keep_grants(&grants),
            None => Ok(()),
        },
        Setting::Policy => kept.keep_policy((digest, policy)),
        Setting::Region => kept.keep_region((digest, &service.options.region)),
    }
}

impl NotKept {
    fn put(&self, key: Key, error: &KeptError) {
        tracing::error!(%error, "what a verdict rests on cannot be kept");
        let told = format!("{error}; no verdict that rests on it is given until it can be used");
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(key, told);
    }

    /// What still cannot be kept and is still asked for; the rest is forgotten.
    pub(super) fn told(&self, service: &Service) -> Vec<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(setting, digest), _| {
            !service.kept.is_known(*setting, digest) && is_asked_for(service, *setting, digest)
        });
        all.values().cloned().collect()
    }
}

/// Whether the next verdict may name it.
fn is_asked_for(service: &Service, setting: Setting, digest: &Digest) -> bool {
    match setting {
        Setting::Grants => service.packs.is_any_loaded_with(digest),
        Setting::Policy => kept::digest_of(&*service.policy.get()) == *digest,
        Setting::Region => service.region == *digest,
    }
}
