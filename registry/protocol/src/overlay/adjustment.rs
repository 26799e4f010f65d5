//! What is set for a version of a pack on one day, by whom, and what was refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_contract::parameters::ParameterValue;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::digest::Digest;

/// What is set for a version of a pack on one day. Empty where it runs as its manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adjustment {
    /// Parameters that somebody set, also where the value is the default.
    pub values: BTreeMap<String, SetValue>,
    /// Tables that somebody supplied.
    pub tables: BTreeMap<String, SetTable>,
    /// The overlays that fit, in the order in which they are applied.
    pub overlays: Vec<UsedOverlay>,
    /// The overlays that do not: what stands below each of them stays in force.
    pub refused: Vec<RefusedOverlay>,
}

/// The value of a parameter, and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetValue {
    /// The value.
    pub value: ParameterValue,
    /// Who set it.
    pub by: Arc<Author>,
}

/// A supplied table, and who supplied it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTable {
    /// Of its rows as they were written.
    pub digest: Digest,
    /// Its rows.
    pub rows: Arc<KnowledgeTable>,
    /// Who supplied it.
    pub by: Arc<Author>,
}

/// Who set something, and on which ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Author {
    /// A name space, or `hospital`.
    pub setter: String,
    /// The path of the overlay; `hospital` and a version for a hospital's own.
    pub overlay: String,
    /// The policy.
    pub basis: String,
}

/// An overlay that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedOverlay {
    /// Its path; `hospital` and a version for a hospital's own.
    pub overlay: String,
    /// Of its bytes.
    pub digest: Digest,
}

/// An overlay that is refused for a version of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedOverlay {
    /// Its path; `hospital` and a version for a hospital's own.
    pub overlay: String,
    /// Of its bytes.
    pub digest: Digest,
    /// Why, in a word.
    pub word: &'static str,
    /// Why.
    pub reason: String,
}

impl Adjustment {
    /// Of values, setters, tables and overlays: the same on every machine. What was refused counts for
    /// nothing.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let values: BTreeMap<_, _> = self
            .values
            .iter()
            .map(|(name, set)| (name, (&set.value, &set.by.setter)))
            .collect();
        let tables: BTreeMap<_, _> = self
            .tables
            .iter()
            .map(|(name, set)| (name, (set.digest, &set.by.setter)))
            .collect();
        let all = canonical::to_bytes(&(values, tables, &self.overlays));
        Digest::of(&all.expect("values, names and digests are texts and integers"))
    }

    /// Whether the pack runs as its manifest says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.tables.is_empty() && self.overlays.is_empty()
    }
}
