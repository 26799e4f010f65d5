//! An overlay held against the versions of the pack that it is for, as they are published here (T14): what
//! every host would refuse is not published in the first place.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Effective;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::overlay::{Fit, Layer, Overlay};
use rulepack_protocol::pack::{self, Bounds, Manifest};
use rulepack_protocol::tuf::{Envelope, RoleName, Status, Target, Targets};

use super::Refusal;
use super::packs::open_overlay;
use crate::publication::Publication;
use crate::state::{State, StateError};
use crate::store::{TargetFile, Tree};

/// Checks that each overlay of an upload fits every version of its pack that it says it is for, that is not
/// withdrawn, and that shares a day with it. Gives those that no published version is for: an overlay may
/// come before its pack.
///
/// What somebody above has fixed is not looked at: it is another role's, and may change. Hosts refuse that.
pub(crate) fn check_fits(
    state: &State,
    tree: &Tree,
    publication: &Publication,
) -> Result<BTreeMap<TargetPath, Vec<String>>, Refusal> {
    let mut alone = BTreeMap::new();
    for (path, bytes) in &publication.targets {
        if !path.is_overlay() {
            continue;
        }
        let overlay = Arc::new(open_overlay(path, bytes)?);
        let versions = versions_of(state, tree, publication, &overlay)?;
        for (version, target) in &versions {
            let manifest = manifest(tree, publication, (version, target))?;
            let layer = Layer {
                name: path.to_string(),
                digest: Digest::of(bytes),
                overlay: Arc::clone(&overlay),
            };
            if let [refused, ..] = Fit::new(&manifest, vec![layer]).refused() {
                return Err(Refusal::OverlayFit {
                    path: path.clone(),
                    version: version.clone(),
                    reason: refused.reason.clone(),
                });
            }
        }
        if versions.is_empty() {
            let header = &overlay.header;
            let told = format!(
                "no published version of `{}` is one of `{}`: it was held against none",
                header.pack, header.versions
            );
            alone.insert(path.clone(), vec![told]);
        }
    }
    Ok(alone)
}

/// The versions that an overlay is for, those of the same upload among them.
fn versions_of(
    state: &State,
    tree: &Tree,
    publication: &Publication,
    overlay: &Overlay,
) -> Result<BTreeMap<TargetPath, Target>, Refusal> {
    let header = &overlay.header;
    let role = RoleName::Space(header.pack.name_space().clone());
    let targets = match publication.metadata.get(&role) {
        // Its signatures were verified; it lists what was published before, too.
        Some(bytes) => Envelope::<Targets>::parse(bytes)
            .map_err(|source| StateError::Metadata {
                file: role.file(),
                source,
            })?
            .signed()
            .targets
            .clone(),
        None => state
            .role(tree, &role)?
            .map(|envelope| envelope.signed().targets.clone())
            .unwrap_or_default(),
    };
    let is_for = |(path, target): &(TargetPath, Target)| {
        *path.pack() == header.pack
            && header.versions.matches(path.version())
            && target.custom.status == Status::Active
            && share_a_day(&target.custom.effective, &header.effective)
    };
    Ok(targets.into_iter().filter(is_for).collect())
}

fn share_a_day(one: &Effective, other: &Effective) -> bool {
    let ends_before =
        |first: &Effective, second: &Effective| first.to.is_some_and(|last| last < second.from);
    !ends_before(one, other) && !ends_before(other, one)
}

/// What a published pack, or one of this upload, declares.
fn manifest(
    tree: &Tree,
    publication: &Publication,
    (path, target): (&TargetPath, &Target),
) -> Result<Manifest, Refusal> {
    let file = TargetFile {
        path: path.clone(),
        digest: target.hashes.sha256,
    };
    let stored;
    let bytes = match publication.targets.get(path) {
        Some(bytes) => bytes,
        None => {
            let found = tree.target(&file)?;
            stored = found.ok_or_else(|| StateError::Missing(path.to_string()))?;
            &stored
        }
    };
    let opened = pack::open(bytes, &Bounds::NATIVE);
    let opened = opened.map_err(|source| Refusal::PackFormat {
        path: path.clone(),
        source,
    })?;
    Ok(opened.manifest)
}
