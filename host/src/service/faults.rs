//! What is wrong with the files of this host while it serves with what is good: told by status, counts and log, never
//! in silence.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Service;
use crate::policy::{Policy, PolicyError};
use crate::tokens::Tokens;
use crate::update::in_full;

/// Faults that were found when something was read, each under what it is about.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<BTreeMap<&'static str, String>>);

pub(super) const HISTORY: &str = "history";
pub(super) const LOCK: &str = "lock";
const POLICY: &str = "policy";
/// No policy was read since the start.
const NO_POLICY: &str = "no policy";

pub(super) const HISTORY_STAYS: &str = "the history before it goes on to be looked at";
pub(super) const LOCK_STAYS: &str = "the lock before it stays in force";
const POLICY_STAYS: &str = "the policy before it stays in force";
const DEFAULT_POLICY: &str = "nothing is softened, and calls fail open until it is mended";

impl Faults {
    /// Notes what cannot be read and what holds meanwhile; what was told already is not logged again.
    pub(super) fn found(&self, about: &'static str, error: &dyn Error, meanwhile: &str) {
        let told = format!("{}; {meanwhile}", in_full(error));
        let before = self.all().insert(about, told.clone());
        if before.as_ref() != Some(&told) {
            tracing::error!("{told}");
        }
    }

    /// Notes what is wrong.
    pub(super) fn put(&self, about: &'static str, fault: String) {
        self.all().insert(about, fault);
    }

    /// Nothing is wrong any more.
    pub(super) fn clear(&self, about: &'static str) {
        self.all().remove(about);
    }

    /// The policy to begin with. One that cannot be read is none: what packs say is neither softened nor stopped, and
    /// the default holds for what could not be judged.
    pub(super) fn policy_at_start(&self, read: Result<Policy, PolicyError>) -> Policy {
        read.unwrap_or_else(|error| {
            self.found(NO_POLICY, &error, DEFAULT_POLICY);
            Policy::default()
        })
    }

    /// The policy cannot be read again: until one was, the default is what holds.
    pub(super) fn policy_found(&self, error: &PolicyError) {
        let is_default = self.all().contains_key(NO_POLICY);
        match is_default {
            true => self.found(NO_POLICY, error, DEFAULT_POLICY),
            false => self.found(POLICY, error, POLICY_STAYS),
        }
    }

    /// The policy could be read.
    pub(super) fn policy_is_good(&self) {
        self.clear(NO_POLICY);
        self.clear(POLICY);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All that is wrong now.
pub(super) fn told(service: &Service) -> Vec<String> {
    let mut told: Vec<String> = service.faults.all().values().cloned().collect();
    told.extend(service.not_kept.told(service));
    told.extend(service.findings.damage());
    if let Err(error) = Tokens::read(&service.folder.tokens()) {
        told.push(format!(
            "{}; nobody is let in until it can be read",
            in_full(&error)
        ));
    }
    told
}
