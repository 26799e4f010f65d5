//! What is set for a version of a pack on a rule day, and what the engine is given of it.

use std::sync::{Arc, LazyLock};

use rulepack_contract::parameters::ParameterValue;
use rulepack_engine::LoadInput;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::overlay::Adjustment;
use rulepack_protocol::pack::Manifest;

/// What is set for a version of a pack on a rule day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjusted {
    /// Values, tables, and who set them.
    pub adjustment: Arc<Adjustment>,
    /// Of it.
    pub digest: Digest,
    /// Something of it applies to a day before it was known.
    pub retroactive: bool,
}

/// What the engine is given: values that are not the defaults, and supplied tables.
pub(super) fn input(manifest: &Manifest, adjustment: &Adjustment) -> LoadInput {
    let is_other = |name: &str, value: &ParameterValue| {
        let mut declared = manifest.parameters.iter();
        declared.any(|declared| declared.name == name && declared.default != *value)
    };
    let set = adjustment
        .values
        .iter()
        .filter(|(name, set)| is_other(name, &set.value))
        .map(|(name, set)| (name.clone(), set.value.clone()));
    let tables = adjustment.tables.iter();
    let supplied = tables.map(|(name, set)| (name.clone(), set.rows.as_ref().clone()));
    LoadInput {
        parameters: set.collect(),
        supplied: supplied.collect(),
        ..LoadInput::default()
    }
}

/// Most packs run as their manifests say; what comes to nothing is digested once.
static NOTHING: LazyLock<Adjusted> = LazyLock::new(|| {
    let adjustment = Adjustment::default();
    Adjusted {
        digest: adjustment.digest(),
        adjustment: Arc::new(adjustment),
        retroactive: false,
    }
});

impl Default for Adjusted {
    fn default() -> Self {
        NOTHING.clone()
    }
}
