//! The one engine of this process, and the bounded processes for what nobody has tried yet.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_engine::worker::{Bounds, Worker, WorkerError};
use rulepack_engine::{Engine, Limits};
use rulepack_host::packs::Packs;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::pack::Pack;
use rulepack_registry::{CaseRunner, CasesFailed};

use crate::failure::{Explain as _, Outcome};
use crate::output;

/// An engine with the limits of this release.
pub fn engine() -> Outcome<Engine> {
    Ok(Engine::new(Limits::default())?)
}

/// The packs of a host, with an engine to run them, and workers to make them ready.
pub fn packs(folder: &Path) -> Outcome<Packs> {
    // What goes wrong with the cache of compiled packs stops nothing, but is told.
    output::show_warnings();
    let folder = HostFolder::at(folder);
    Ok(Packs::with_worker(folder, engine()?, worker()?))
}

/// Workers of this very executable.
pub fn worker() -> Outcome<Worker> {
    Ok(Worker::new(own_executable()?))
}

/// This very executable, also where its file was replaced meanwhile.
pub fn own_executable() -> Outcome<PathBuf> {
    let own = Path::new("/proc/self/exe");
    match own.exists() {
        true => Ok(own.to_owned()),
        false => {
            std::env::current_exe().context(|| "cannot tell which executable this is".to_owned())
        }
    }
}

/// Runs the cases of a published pack in a bounded process, one at a time for each name space: a bureau
/// waits for its own packs, never for another's.
pub struct Cases {
    worker: Worker,
    limits: Limits,
    busy: Mutex<HashMap<NameSpace, Arc<Mutex<()>>>>,
}

impl Cases {
    /// With workers of this executable, within these bounds.
    pub fn new(bounds: Bounds) -> Outcome<Self> {
        Ok(Cases {
            worker: Worker {
                bounds,
                ..worker()?
            },
            limits: Limits::default(),
            busy: Mutex::default(),
        })
    }
}

impl CaseRunner for Cases {
    fn run(&self, pack: &Pack, bytes: &[u8]) -> Result<(), CasesFailed> {
        let name_space = pack.manifest.pack.name.name_space().clone();
        let turn = {
            // A panic elsewhere leaves the map as it is: it only ever grows, by name spaces that exist.
            let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
            busy.entry(name_space).or_default().clone()
        };
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let outcomes = self.worker.cases(&self.limits, bytes);
        let outcomes =
            outcomes.map_err(|error: WorkerError| CasesFailed::NotRun(error.to_string()))?;
        let total = outcomes.len();
        let mut failed = outcomes.into_iter().filter(|outcome| !outcome.passed);
        let Some(first) = failed.next() else {
            return Ok(());
        };
        Err(CasesFailed::Failed {
            failed: 1 + failed.count(),
            total,
            first: first.name,
            reason: first.differences.into_iter().next().unwrap_or_default(),
        })
    }
}
