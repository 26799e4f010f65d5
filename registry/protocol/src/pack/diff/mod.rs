//! What changed from one sealed pack to another: for the officer who signs a release, and the reviewer
//! who lets it in.
//!
//! The comparison is of what the packs say, not of how they are written: rules by id, parameters by
//! name, rows of tables by their key. [`first_difference`] compares the bytes themselves.

mod bytes;
mod fields;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::Serialize;
use serde_json::Value;

use super::{Imports, Pack};
use crate::digest::Digest;
use crate::names::PackName;

pub use bytes::{Difference, first_difference};
pub use fields::FieldChange;
pub use rows::{CellChange, RowChange, TableChange};

/// What changed from one pack to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PackDiff {
    /// The one compared with.
    pub before: Side,
    /// The one looked at.
    pub after: Side,
    /// What kind of release lies between them.
    pub release: Release,
    /// Functions of the contract that only the later one imports: permissions that it gains.
    pub imports_gained: Vec<String>,
    /// Functions of the contract that only the earlier one imports.
    pub imports_lost: Vec<String>,
    /// The header of the manifest, its limits, totals and triggers: `pack.title`, `limits.fuel.alone`.
    pub header: Vec<FieldChange>,
    /// By id, messages and columns included.
    pub rules: EntryChanges,
    /// By name.
    pub parameters: EntryChanges,
    /// Tables of which anything differs, by name.
    pub tables: Vec<TableChange>,
    /// The sealed cases, by name.
    pub cases: EntryChanges,
}

/// One of the two packs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Name space and name.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// Of the whole file.
    pub digest: Digest,
    /// Of the code alone.
    pub component_digest: Digest,
}

/// What kind of release lies between two packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// The same bytes.
    Same,
    /// 仅知识更新: the same code, rules and parameters; only rows, cases, version or wording of the header.
    Knowledge,
    /// The same code under other declarations: rules, parameters, or the shape of a table.
    Declarations,
    /// Other code.
    Code,
}

/// Changes of a list whose entries have names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EntryChanges {
    /// Only in the later pack.
    pub added: Vec<String>,
    /// Only in the earlier pack.
    pub removed: Vec<String>,
    /// In both, and not the same.
    pub changed: Vec<EntryChange>,
}

/// An entry of both packs that is not the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryChange {
    /// Its id or name.
    pub name: String,
    /// What of it, field by field.
    pub fields: Vec<FieldChange>,
}

/// Compares two packs. Of each table at most `rows_max` rows are listed; counts are always whole.
#[must_use]
pub fn compare(before: &Pack, after: &Pack, rows_max: usize) -> PackDiff {
    let (earlier, later) = (&before.manifest, &after.manifest);
    let (had, has) = (functions(&before.imports), functions(&after.imports));
    let rules = |pack: &Pack| named(&pack.manifest.rules, |rule| rule.id.clone());
    let parameters = |pack: &Pack| {
        named(&pack.manifest.parameters, |parameter| {
            parameter.name.clone()
        })
    };
    let cases = |pack: &Pack| named(&pack.cases, |case| case.name.clone());
    let sections = [
        ("pack", json(&earlier.pack), json(&later.pack)),
        ("limits", json(&earlier.limits), json(&later.limits)),
        ("total", json(&earlier.totals), json(&later.totals)),
        ("trigger", json(&earlier.triggers), json(&later.triggers)),
    ];
    let sections = sections.iter();
    let header = sections.flat_map(|(at, before, after)| fields::changes(at, before, after));
    let mut diff = PackDiff {
        before: Side::of(before),
        after: Side::of(after),
        release: Release::Same,
        imports_gained: has.difference(&had).cloned().collect(),
        imports_lost: had.difference(&has).cloned().collect(),
        header: header.collect(),
        rules: entries(&rules(before), &rules(after)),
        parameters: entries(&parameters(before), &parameters(after)),
        tables: rows::compare(before, after, rows_max),
        cases: entries(&cases(before), &cases(after)),
    };
    diff.release = diff.kind();
    diff
}

impl PackDiff {
    /// Whether the two are the same bytes.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.release == Release::Same
    }

    fn kind(&self) -> Release {
        let is_declared_alike = self.rules.is_empty()
            && self.parameters.is_empty()
            && self.tables.iter().all(|table| table.declaration.is_empty())
            && self
                .header
                .iter()
                .all(FieldChange::is_of_a_knowledge_release);
        if self.before.digest == self.after.digest {
            Release::Same
        } else if self.before.component_digest != self.after.component_digest {
            Release::Code
        } else if is_declared_alike {
            Release::Knowledge
        } else {
            Release::Declarations
        }
    }
}

impl Side {
    fn of(pack: &Pack) -> Self {
        Side {
            name: pack.manifest.pack.name.clone(),
            version: pack.manifest.pack.version.clone(),
            digest: pack.digest,
            component_digest: pack.component_digest,
        }
    }
}

impl EntryChanges {
    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// `orders.items` and so on, columns and other functions.
fn functions(imports: &Imports) -> BTreeSet<String> {
    let names = imports
        .iter()
        .map(|import| format!("{}.{}", import.interface, import.function));
    names.collect()
}

/// Entries by name; of two with one name (only cases may have that) the later counts its repetition.
fn named<T: Serialize>(list: &[T], name: impl Fn(&T) -> String) -> BTreeMap<String, Value> {
    let mut entries = BTreeMap::new();
    for entry in list {
        let plain = name(entry);
        let mut unique = plain.clone();
        let mut times = 1;
        while entries.contains_key(&unique) {
            times += 1;
            unique = format!("{plain} ({times})");
        }
        entries.insert(unique, json(entry));
    }
    entries
}

fn entries(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> EntryChanges {
    let only = |these: &BTreeMap<String, Value>, others: &BTreeMap<String, Value>| {
        let names = these.keys().filter(|name| !others.contains_key(*name));
        names.cloned().collect()
    };
    let both = before
        .iter()
        .filter_map(|(name, value)| Some((name, value, after.get(name)?)));
    let changed = both
        .map(|(name, value, other)| EntryChange {
            name: name.clone(),
            fields: fields::changes("", value, other),
        })
        .filter(|change| !change.fields.is_empty());
    EntryChanges {
        changed: changed.collect(),
        added: only(after, before),
        removed: only(before, after),
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("it was read from JSON when the pack was opened")
}

#[cfg(test)]
mod tests;
