//! The one engine of this process, and what runs the cases of a pack with it.

use std::path::Path;

use rulepack_engine::{Engine, Limits, Program, cases};
use rulepack_host::packs::Packs;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::pack::Pack;
use rulepack_registry::{CaseRunner, CasesFailed};

use crate::failure::Outcome;

/// An engine with the limits of this release.
pub fn engine() -> Outcome<Engine> {
    Ok(Engine::new(Limits::default())?)
}

/// The packs of a host, with an engine to run them.
pub fn packs(folder: &Path) -> Outcome<Packs> {
    Ok(Packs::new(HostFolder::at(folder), engine()?))
}

/// Runs the cases of a published pack.
pub struct Cases(Engine);

impl Cases {
    /// With an engine of its own.
    pub fn new() -> Outcome<Self> {
        Ok(Cases(engine()?))
    }
}

impl CaseRunner for Cases {
    fn run(&self, pack: &Pack, bytes: &[u8]) -> Result<(), CasesFailed> {
        let results = cases::run(&self.0, Program::of(pack, bytes), &pack.cases);
        let total = results.len();
        let mut failed = results.into_iter().filter(|result| !result.passed());
        let Some(first) = failed.next() else {
            return Ok(());
        };
        let reason = match first.outcome {
            Ok(differences) => differences.into_iter().next().unwrap_or_default(),
            Err(failure) => failure.to_string(),
        };
        Err(CasesFailed::Failed {
            failed: 1 + failed.count(),
            total,
            first: first.name,
            reason,
        })
    }
}
