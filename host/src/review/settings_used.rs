//! What was set for a pack when it ran: part of the answer, and of what the journal keeps of it.

use std::collections::BTreeMap;

use rulepack_contract::parameters::ParameterValue;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::overlay::{Adjustment, UsedOverlay};
use serde::{Deserialize, Serialize};

/// Values, tables and overlays; nothing where the pack ran as its manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SettingsUsed {
    /// Parameters that somebody set. All others had the default of the manifest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, ValueUsed>,
    /// Tables that somebody supplied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub supplied: BTreeMap<String, TableUsed>,
    /// The overlays in force, in the order in which they were applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub overlays: Vec<UsedOverlay>,
    /// Overlays that were refused: what stands below them was in force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_overlays: Vec<OverlayRefused>,
}

/// A value, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ValueUsed {
    /// The value.
    #[schema(value_type = serde_json::Value)]
    pub value: ParameterValue,
    /// A name space, or `hospital`.
    pub by: String,
}

/// A table, and who supplied it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TableUsed {
    /// Of its rows as CSV.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// A name space, `hospital`, or `imported`.
    pub by: String,
}

/// An overlay that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OverlayRefused {
    /// Its path; `hospital` and a version for a hospital's own.
    pub overlay: String,
    /// Of its bytes.
    #[schema(value_type = String)]
    pub digest: Digest,
    /// Why, in a word: `out-of-bounds`, `foreign`, `not-the-setter` and so on.
    pub problem: String,
}

impl SettingsUsed {
    /// What an adjustment comes to.
    #[must_use]
    pub fn of(adjustment: &Adjustment) -> Self {
        let set = adjustment.values.iter().map(|(name, set)| {
            let value = ValueUsed {
                value: set.value.clone(),
                by: set.by.setter.clone(),
            };
            (name.clone(), value)
        });
        let supplied = adjustment.tables.iter().map(|(name, set)| {
            let table = TableUsed {
                digest: set.digest,
                by: set.by.setter.clone(),
            };
            (name.clone(), table)
        });
        let refused = adjustment.refused.iter().map(|refused| OverlayRefused {
            overlay: refused.overlay.clone(),
            digest: refused.digest,
            problem: refused.word.to_owned(),
        });
        SettingsUsed {
            set: set.collect(),
            supplied: supplied.collect(),
            overlays: adjustment.overlays.clone(),
            refused_overlays: refused.collect(),
        }
    }
}
