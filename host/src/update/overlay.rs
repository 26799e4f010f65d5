//! The steps of an overlay: download, read, compare with what is signed, hold against the packs that it is
//! for. It comes after all packs of the same update.

use std::sync::Arc;

use rulepack_protocol::names::PackName;
use rulepack_protocol::overlay::{Fit, Layer, Overlay};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::trust::ResolvedTarget;
use rulepack_protocol::tuf::Status;

use super::{Refusal, Source, Updater};
use crate::client;
use crate::files;
use crate::lock::{Lock, LockedVersion, State};

impl Updater<'_> {
    /// Whether the host follows the pack that an overlay is for.
    pub(super) fn follows(&self, name: &PackName) -> bool {
        let Some(pack) = name.overlaid() else {
            return false;
        };
        let mut followed = self.settings.subscriptions.iter();
        followed.any(|subscription| subscription.covers_pack(&pack))
    }

    /// Brings an overlay through every step. One that fits no version which it is made for is refused; where
    /// none of these is here yet, it waits in the lock for the first.
    pub(super) fn examine_overlay(
        &self,
        source: Source<'_>,
        target: &ResolvedTarget,
        version: &mut LockedVersion,
        lock: &Lock,
    ) -> Result<(), Refusal> {
        let overlays = self.packs.overlays();
        let path = overlays.path_of(&target.digest);
        if !path.exists() {
            let folder = self.folder.overlays();
            std::fs::create_dir_all(&folder)?;
            let file = client::download(source.transport, target, &folder, source.failures)?;
            file.persist(&path).map_err(|error| error.error)?;
            files::sync_folder(&folder)?;
        }
        let overlay = overlays.get(&target.digest)?;
        check_declaration(target, &overlay)?;
        version.retroactive = overlay.header.retroactive.is_some();
        version.for_versions = Some(overlay.header.versions.clone());
        let layer = Layer {
            name: target.path.to_string(),
            digest: target.digest,
            overlay,
        };
        let mut reason = None;
        for manifest in self.manifests_for(&layer.overlay, lock)? {
            match Fit::new(&manifest, vec![layer.clone()]).refused() {
                [] => return Ok(()),
                [first, ..] => reason = Some(first.reason.clone()),
            }
        }
        reason.map_or(Ok(()), |reason| Err(Refusal::Overlay(reason)))
    }

    /// The manifests of the installed versions that an overlay is made for, the highest last.
    fn manifests_for(&self, overlay: &Overlay, lock: &Lock) -> Result<Vec<Arc<Manifest>>, Refusal> {
        let header = &overlay.header;
        let mut versions: Vec<&LockedVersion> = lock
            .versions
            .iter()
            .filter(|known| *known.path.pack() == header.pack)
            .filter(|known| header.versions.matches(known.path.version()))
            .filter(|known| known.status == Status::Active)
            .filter(|known| !matches!(known.state, State::Refused { .. }))
            .collect();
        versions.sort_by(|a, b| a.path.version().cmp(b.path.version()));
        let manifests = versions
            .into_iter()
            .map(|version| self.packs.manifest(&version.digest));
        Ok(manifests.collect::<Result<_, _>>()?)
    }
}

/// What a resolver relies on must be what the overlay itself says.
fn check_declaration(target: &ResolvedTarget, overlay: &Overlay) -> Result<(), Refusal> {
    let signed = &target.custom;
    let said = overlay
        .custom(signed.channel, signed.published)
        .ok()
        .flatten();
    // A hospital's own is never signed.
    let said = said.ok_or(Refusal::Declaration("path"))?;
    if said.name != *target.path.pack() || said.version != *target.path.version() {
        return Err(Refusal::Declaration("path"));
    }
    match signed.differs(&said) {
        Some(field) => Err(Refusal::Declaration(field)),
        None => Ok(()),
    }
}
