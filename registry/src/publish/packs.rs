//! The steps on packs: only bytes whose digest is signed are ever parsed.

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Effective;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::overlay::Overlay;
use rulepack_protocol::pack::lint::{self, Lint};
use rulepack_protocol::pack::{self, Bounds, Pack};
use rulepack_protocol::tuf::{Custom, Target};

use super::{CaseRunner, NewTargets, Refusal};

/// Checks that the uploaded packs are exactly the newly listed ones, in length and digest.
pub(crate) fn check_uploaded(
    listed: &NewTargets,
    uploaded: &BTreeMap<TargetPath, Vec<u8>>,
) -> Result<(), Refusal> {
    if let Some(path) = uploaded.keys().find(|path| !listed.contains_key(*path)) {
        return Err(Refusal::PackNotListed(path.clone()));
    }
    for (path, target) in listed {
        let bytes = uploaded
            .get(path)
            .ok_or_else(|| Refusal::PackMissing(path.clone()))?;
        let found = bytes.len() as u64;
        if found != target.length {
            return Err(Refusal::PackLength {
                path: path.clone(),
                found,
                signed: target.length,
            });
        }
        let (found, signed) = (Digest::of(bytes), target.hashes.sha256);
        if found != signed {
            return Err(Refusal::PackDigest {
                path: path.clone(),
                found,
                signed,
            });
        }
    }
    Ok(())
}

/// The most that is told of one pack; a wrong table has as many faults as rows.
const WARNINGS_MAX: usize = 50;

/// Opens each pack, compares it with what is signed of it, and runs its cases; of an overlay the first two.
/// Gives what somebody should look at, which refuses nothing.
pub(crate) fn check_packs(
    listed: &NewTargets,
    uploaded: &BTreeMap<TargetPath, Vec<u8>>,
    runner: &dyn CaseRunner,
) -> Result<BTreeMap<TargetPath, Vec<String>>, Refusal> {
    let mut warnings = BTreeMap::new();
    for (path, bytes) in uploaded {
        let Some(target) = listed.get(path) else {
            return Err(Refusal::PackNotListed(path.clone()));
        };
        if path.is_overlay() {
            let overlay = open_overlay(path, bytes)?;
            check_overlay(path, target, &overlay)?;
            continue;
        }
        let pack = pack::open(bytes, &Bounds::NATIVE).map_err(|source| Refusal::PackFormat {
            path: path.clone(),
            source,
        })?;
        let signed = &target.custom;
        let sealed = Custom::of(&pack, signed.channel, signed.published);
        let is_retroactive = pack.manifest.pack.retroactive.is_some();
        check_custom(path, target, &sealed, is_retroactive)?;
        runner.run(&pack, bytes).map_err(|source| Refusal::Cases {
            path: path.clone(),
            source,
        })?;
        let told = look(&pack, bytes);
        if !told.is_empty() {
            warnings.insert(path.clone(), told);
        }
    }
    Ok(warnings)
}

/// What somebody should look at in a pack, errors first.
fn look(pack: &Pack, bytes: &[u8]) -> Vec<String> {
    let component = bytes.get(pack.component.clone()).unwrap_or_default();
    let lints = lint::lint(pack, component);
    let mut told: Vec<String> = lints
        .iter()
        .take(WARNINGS_MAX)
        .map(Lint::to_string)
        .collect();
    if let Some(more @ 1..) = lints.len().checked_sub(told.len()) {
        told.push(format!("and {more} more: see `rulepack lint`"));
    }
    told
}

/// Reads an overlay as it is published.
pub(super) fn open_overlay(path: &TargetPath, bytes: &[u8]) -> Result<Overlay, Refusal> {
    Overlay::from_published(bytes).map_err(|source| Refusal::OverlayFormat {
        path: path.clone(),
        source,
    })
}

fn check_overlay(path: &TargetPath, target: &Target, overlay: &Overlay) -> Result<(), Refusal> {
    let signed = &target.custom;
    let said = overlay.custom(signed.channel, signed.published);
    let said = said.map_err(|source| Refusal::OverlayFormat {
        path: path.clone(),
        source,
    })?;
    let Some(said) = said else {
        return Err(Refusal::PackCustom {
            path: path.clone(),
            field: "name",
            signed: signed.name.to_string(),
            sealed: overlay.header.setter.to_string(),
        });
    };
    check_custom(path, target, &said, overlay.header.retroactive.is_some())
}

/// `custom` says what the sealed manifest, or the overlay, says in every field that both have.
fn check_custom(
    path: &TargetPath,
    target: &Target,
    sealed: &Custom,
    is_retroactive: bool,
) -> Result<(), Refusal> {
    let signed = &target.custom;
    let differs = |field, signed: String, sealed: String| Refusal::PackCustom {
        path: path.clone(),
        field,
        signed,
        sealed,
    };
    let fields = [
        ("name", signed.name.to_string(), sealed.name.to_string()),
        (
            "version",
            signed.version.to_string(),
            sealed.version.to_string(),
        ),
        ("contract", signed.contract.clone(), sealed.contract.clone()),
        (
            "effective",
            days(&signed.effective),
            days(&sealed.effective),
        ),
        (
            "jurisdictions",
            join(&signed.jurisdictions),
            join(&sealed.jurisdictions),
        ),
        ("imports", join(&signed.imports), join(&sealed.imports)),
    ];
    for (field, signed, sealed) in fields {
        if signed != sealed {
            return Err(differs(field, signed, sealed));
        }
    }
    if signed.lacks_basis(is_retroactive) {
        return Err(Refusal::NotRetroactive {
            path: path.clone(),
            from: signed.effective.from,
            published: signed.published,
        });
    }
    Ok(())
}

fn days(effective: &Effective) -> String {
    match effective.to {
        Some(to) => format!("{} to {to}", effective.from),
        None => effective.from.to_string(),
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(" ")
}
