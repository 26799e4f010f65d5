//! The steps of an overlay: download, read, compare with what is signed, hold against the packs that it is
//! for. It comes after all packs of the same update.

use std::sync::Arc;

use rulepack_protocol::overlay::{Fit, Layer, Overlay};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::trust::ResolvedTarget;
use rulepack_protocol::tuf::Status;

use super::course::{Came, Course, Stage, Step};
use super::examine::Examined;
use super::{Refusal, Source, Updater, forbidden, in_full};
use crate::client;
use crate::files;
use crate::lock::{Lock, LockedVersion, State};

impl Updater<'_> {
    /// Takes an overlay through every step: a new one, or one that a step refused. `None` where there is
    /// nothing to do.
    pub(super) fn examine_overlay(
        &self,
        source: Source<'_>,
        target: &ResolvedTarget,
        lock: &Lock,
    ) -> Option<Examined> {
        let known = lock.version(&target.path);
        let passed = known.is_some_and(|known| !matches!(known.state, State::Refused { .. }));
        if passed || forbidden(target).is_some() {
            return None;
        }
        let mut course = Course::new(target.digest);
        let mut note = |step, came, told: &str| course.put(Stage::at(self.now, step, came, told));
        let read = self.read_overlay(source, target);
        let outcome = match &read {
            Ok(overlay) => self.hold_against_packs(target, overlay, lock),
            Err(_) => Ok(()),
        };
        match read.as_ref().err().or(outcome.as_ref().err()) {
            Some(refusal) => note(Step::Verify, Came::Refused, &in_full(refusal)),
            None => {
                let told = format!("fits, and signed by {}", target.path.name_space());
                note(Step::Verify, Came::Passed, &told);
                note(Step::Shadow, Came::Skipped, "an overlay is not compared");
            }
        }
        course.keep(self.folder, &target.path);
        let header = read.as_ref().ok().map(|overlay| &overlay.header);
        Some(Examined {
            course,
            retroactive: header.is_some_and(|header| header.retroactive.is_some()),
            for_versions: header.map(|header| header.versions.clone()),
            outcome: read.and(outcome),
        })
    }

    /// Downloads what is not there yet, and holds it against what is signed.
    fn read_overlay(
        &self,
        source: Source<'_>,
        target: &ResolvedTarget,
    ) -> Result<Arc<Overlay>, Refusal> {
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
        Ok(overlay)
    }

    /// One that fits no version which it is made for is refused; where none of these is here yet, it waits in
    /// the lock for the first.
    fn hold_against_packs(
        &self,
        target: &ResolvedTarget,
        overlay: &Arc<Overlay>,
        lock: &Lock,
    ) -> Result<(), Refusal> {
        let layer = Layer {
            name: target.path.to_string(),
            digest: target.digest,
            overlay: Arc::clone(overlay),
        };
        let mut reason = None;
        for manifest in self.manifests_for(overlay, lock)? {
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
