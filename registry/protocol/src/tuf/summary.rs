//! In plain words, what a file changes: shown before every signature.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Authority, Denials, Envelope, MetadataError, Payload, Root, Snapshot, Target, Targets,
    Timestamp, TopRole,
};
use crate::canonical;
use crate::names::TargetPath;

/// A metadata file of any role, told apart by its `_type`.
#[derive(Debug, Clone)]
pub enum AnyEnvelope {
    /// `root`.
    Root(Envelope<Root>),
    /// `timestamp`.
    Timestamp(Envelope<Timestamp>),
    /// `snapshot`.
    Snapshot(Envelope<Snapshot>),
    /// `targets`, or a name space.
    Targets(Envelope<Targets>),
}

impl AnyEnvelope {
    /// Reads a file of any role.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub fn parse(bytes: &[u8]) -> Result<Self, MetadataError> {
        let value = canonical::parse(bytes)?;
        let kind = value
            .pointer("/signed/_type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match kind {
            "root" => Envelope::parse(bytes).map(Self::Root),
            "timestamp" => Envelope::parse(bytes).map(Self::Timestamp),
            "snapshot" => Envelope::parse(bytes).map(Self::Snapshot),
            _ => Envelope::parse(bytes).map(Self::Targets),
        }
    }
}

/// What `new` changes against `old`, a line a change, in plain words. Where `old` is none, or of another
/// role, everything in `new` is told as new.
pub fn summary(old: Option<&AnyEnvelope>, new: &AnyEnvelope) -> Vec<String> {
    match (old, new) {
        (Some(AnyEnvelope::Root(old)), AnyEnvelope::Root(new)) => {
            root(Some(old.signed()), new.signed())
        }
        (_, AnyEnvelope::Root(new)) => root(None, new.signed()),
        (Some(AnyEnvelope::Targets(old)), AnyEnvelope::Targets(new)) => {
            targets(Some(old.signed()), new.signed())
        }
        (_, AnyEnvelope::Targets(new)) => targets(None, new.signed()),
        (Some(AnyEnvelope::Snapshot(old)), AnyEnvelope::Snapshot(new)) => {
            snapshot(Some(old.signed()), new.signed())
        }
        (_, AnyEnvelope::Snapshot(new)) => snapshot(None, new.signed()),
        (Some(AnyEnvelope::Timestamp(old)), AnyEnvelope::Timestamp(new)) => {
            timestamp(Some(old.signed()), new.signed())
        }
        (_, AnyEnvelope::Timestamp(new)) => timestamp(None, new.signed()),
    }
}

fn root(old: Option<&Root>, new: &Root) -> Vec<String> {
    let mut lines = header("root", old, new);
    for role in [
        TopRole::Root,
        TopRole::Targets,
        TopRole::Snapshot,
        TopRole::Timestamp,
    ] {
        let before = old.map(|old| old.authority(role));
        authority(
            &format!("role `{role}`"),
            before.as_ref(),
            &new.authority(role),
            &mut lines,
        );
    }
    lines
}

fn targets(old: Option<&Targets>, new: &Targets) -> Vec<String> {
    let mut lines = header("targets", old, new);
    let nothing = BTreeMap::new();
    let before = old.map_or(&nothing, |old| &old.targets);
    for (path, target) in &new.targets {
        target_change(path, before.get(path), target, &mut lines);
    }
    for path in before
        .keys()
        .filter(|path| !new.targets.contains_key(*path))
    {
        lines.push(format!("removes pack `{path}`"));
    }
    delegation_changes(old, new, &mut lines);
    denial_changes(
        old.and_then(|old| old.denials.as_ref()),
        new.denials.as_ref(),
        &mut lines,
    );
    if old.map_or(!new.extra.is_empty(), |old| old.extra != new.extra) {
        lines.push("changes fields that this release does not know".to_owned());
    }
    lines
}

fn target_change(path: &TargetPath, old: Option<&Target>, new: &Target, lines: &mut Vec<String>) {
    let Some(old) = old else {
        lines.push(format!(
            "adds pack `{path}`, {} bytes, sha256 {}, {}",
            new.length,
            new.hashes.sha256,
            standing(new)
        ));
        return;
    };
    if (old.length, old.hashes) != (new.length, new.hashes) {
        lines.push(format!(
            "REPLACES THE BYTES of pack `{path}`: sha256 {} becomes {}",
            old.hashes.sha256, new.hashes.sha256
        ));
    }
    if standing(old) != standing(new) {
        lines.push(format!(
            "changes pack `{path}`: {} becomes {}",
            standing(old),
            standing(new)
        ));
    } else if old.custom != new.custom {
        lines.push(format!("changes what is declared of pack `{path}`"));
    }
}

fn standing(target: &Target) -> String {
    let custom = &target.custom;
    let to = custom
        .effective
        .to
        .map_or_else(|| "open".to_owned(), |day| day.to_string());
    let mandatory = custom
        .mandatory_by
        .map_or_else(String::new, |day| format!(", mandatory by {day}"));
    format!(
        "{} in {}, in force from {} to {to}, published {}{mandatory}",
        format!("{:?}", custom.status).to_lowercase(),
        format!("{:?}", custom.channel).to_lowercase(),
        custom.effective.from,
        custom.published,
    )
}

fn delegation_changes(old: Option<&Targets>, new: &Targets, lines: &mut Vec<String>) {
    let names = |targets: &Targets| -> BTreeSet<_> {
        let roles = targets
            .delegations
            .iter()
            .flat_map(|delegations| &delegations.roles);
        roles.map(|role| role.name.clone()).collect()
    };
    let before = old.map(names).unwrap_or_default();
    let after = names(new);
    for name in &after {
        let Some(now) = new.authority(name) else {
            continue;
        };
        let earlier = old.and_then(|old| old.authority(name));
        authority(
            &format!("name space `{name}`"),
            earlier.as_ref(),
            &now,
            lines,
        );
        let paths = |targets: &Targets| {
            targets
                .delegation(name)
                .map(|role| (role.paths.clone(), role.terminating))
        };
        if before.contains(name) && old.and_then(paths) != paths(new) {
            lines.push(format!("changes the paths of name space `{name}`"));
        }
    }
    for name in before.difference(&after) {
        lines.push(format!("REVOKES name space `{name}`"));
    }
}

fn denial_changes(old: Option<&Denials>, new: Option<&Denials>, lines: &mut Vec<String>) {
    let (none, none_too) = (Denials::default(), Denials::default());
    let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none_too));
    for digest in new.denied.difference(&old.denied) {
        lines.push(format!("denies the pack with sha256 {digest}"));
    }
    for digest in old.denied.difference(&new.denied) {
        lines.push(format!(
            "no longer lists the denied sha256 {digest} (hosts keep it denied)"
        ));
    }
    for (pack, version) in &new.minimum {
        if old.minimum.get(pack) != Some(version) {
            lines.push(format!("forbids versions of `{pack}` below {version}"));
        }
    }
    for pack in old
        .minimum
        .keys()
        .filter(|pack| !new.minimum.contains_key(*pack))
    {
        lines.push(format!(
            "no longer lists a minimum version of `{pack}` (hosts keep it)"
        ));
    }
}

fn snapshot(old: Option<&Snapshot>, new: &Snapshot) -> Vec<String> {
    let mut lines = header("snapshot", old, new);
    for (name, pin) in &new.meta {
        match old.and_then(|old| old.meta.get(name)) {
            None => lines.push(format!("pins `{name}` at version {}", pin.version)),
            Some(before) if before != pin => {
                lines.push(format!(
                    "`{name}` goes from version {} to {}",
                    before.version, pin.version
                ));
            }
            Some(_) => {}
        }
    }
    let dropped = old.iter().flat_map(|old| old.meta.keys());
    for name in dropped.filter(|name| !new.meta.contains_key(*name)) {
        lines.push(format!("no longer pins `{name}`"));
    }
    lines
}

fn timestamp(old: Option<&Timestamp>, new: &Timestamp) -> Vec<String> {
    let mut lines = header("timestamp", old, new);
    lines.push(format!(
        "pins snapshot version {}",
        new.meta.snapshot.version
    ));
    lines
}

fn header<T: Payload>(kind: &str, old: Option<&T>, new: &T) -> Vec<String> {
    let (version, expires) = (new.version(), new.expires());
    vec![old.map_or_else(
        || format!("first {kind} seen here, version {version}, valid until {expires}"),
        |old| {
            format!(
                "{kind} goes from version {} to {version}, valid until {expires} (before: {})",
                old.version(),
                old.expires()
            )
        },
    )]
}

/// Tells how the persons and keys of a role change.
fn authority(what: &str, old: Option<&Authority>, new: &Authority, lines: &mut Vec<String>) {
    let count = new.keys().count();
    let Some(old) = old else {
        lines.push(format!("{what}: {} of {count} must sign", new.threshold()));
        lines.extend(
            new.keys()
                .map(|key| format!("{what}: `{}` with key {}", key.person(), key.id())),
        );
        return;
    };
    if old.threshold() != new.threshold() || old.keys().count() != count {
        lines.push(format!(
            "{what}: {} of {} must sign, where {} of {} had to",
            new.threshold(),
            count,
            old.threshold(),
            old.keys().count()
        ));
    }
    for key in new
        .keys()
        .filter(|key| !old.keys().any(|known| known == *key))
    {
        lines.push(format!(
            "{what}: adds `{}` with key {}",
            key.person(),
            key.id()
        ));
    }
    for key in old
        .keys()
        .filter(|key| !new.keys().any(|known| known == *key))
    {
        lines.push(format!(
            "{what}: removes `{}` with key {}",
            key.person(),
            key.id()
        ));
    }
}
