//! Packs in use whose bytes were altered or lost on the disk of this host: what is signed of them still is, so they
//! are brought again.

use rulepack_protocol::names::TargetPath;
use rulepack_protocol::trust::ResolvedTarget;

use super::{Refusal, Source, UpdateError, Updater, in_full};
use crate::client;
use crate::files;
use crate::lock::{Lock, LockedVersion, State};
use crate::packs::Packs;

impl Updater<'_> {
    /// Whether the bytes of a version that is in use, or waits, are not those that were verified.
    pub(super) fn is_damaged(&self) -> Result<bool, UpdateError> {
        let lock = Lock::read(self.folder)?;
        let mut used = lock.versions.iter().filter(|version| is_used(version));
        Ok(used.any(|version| self.packs.read(&version.digest).is_err()))
    }

    /// Brings them again. What cannot be had now stays as it is, and is told by the status.
    pub(super) fn restore(
        &self,
        source: Source<'_>,
        targets: &[&ResolvedTarget],
    ) -> Result<Vec<TargetPath>, UpdateError> {
        let lock = Lock::read(self.folder)?;
        let mut restored = Vec::new();
        for target in targets {
            let known = lock.version(&target.path);
            let known = known.filter(|version| version.digest == target.digest);
            let is_needed = known.is_some_and(is_used);
            if !is_needed || self.packs.read(&target.digest).is_ok() {
                continue;
            }
            match bring(self.packs, source, target) {
                Ok(()) => restored.push(target.path.clone()),
                Err(error) => {
                    let error = in_full(&error);
                    tracing::warn!(pack = %target.path, error, "a damaged pack cannot be restored");
                }
            }
        }
        Ok(restored)
    }
}

/// What is refused is brought by its steps; overlays are read when they are used.
fn is_used(version: &LockedVersion) -> bool {
    let is_refused = matches!(version.state, State::Refused { .. } | State::Unfollowed);
    !is_refused && !version.path.is_overlay()
}

fn bring(packs: &Packs, source: Source<'_>, target: &ResolvedTarget) -> Result<(), Refusal> {
    let path = packs.path_of(&target.digest);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder)?;
    let file = client::download(source.transport, target, folder, source.failures)?;
    file.persist(&path).map_err(|error| error.error)?;
    files::sync_folder(folder)?;
    Ok(())
}
