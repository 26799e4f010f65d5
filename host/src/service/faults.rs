//! What is wrong with the files of this host while it serves with what is good: told by status, counts and log, never
//! in silence.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Service;
use crate::policy::{Policy, PolicyError};
use crate::tokens::Tokens;

/// Faults that were found when something was read, each under what it is about.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<BTreeMap<&'static str, String>>);

pub(super) const KEPT: &str = "kept";
pub(super) const LOCK: &str = "lock";
pub(super) const POLICY: &str = "policy";

impl Faults {
    /// Notes what is wrong.
    pub(super) fn put(&self, about: &'static str, fault: String) {
        self.all().insert(about, fault);
    }

    /// Nothing is wrong any more.
    pub(super) fn clear(&self, about: &'static str) {
        self.all().remove(about);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that is wrong now.
pub(super) fn told(service: &Service) -> Vec<String> {
    let mut told: Vec<String> = service.faults.all().values().cloned().collect();
    told.extend(service.findings.damage());
    if let Err(error) = Tokens::read(&service.folder.tokens()) {
        told.push(format!("{error}; nobody is let in until it can be read"));
    }
    told
}

/// The policy to begin with. One that cannot be read is none: what packs say is neither softened nor stopped, and the
/// default holds for what could not be judged.
pub(super) fn policy_at_start(read: Result<Policy, PolicyError>, faults: &Faults) -> Policy {
    read.unwrap_or_else(|error| {
        tracing::error!(%error, "the policy cannot be read: nothing is softened, and calls fail open");
        let told = format!("{error}; nothing is softened, and calls fail open until it is mended");
        faults.put(POLICY, told);
        Policy::default()
    })
}
