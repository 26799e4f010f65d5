//! What is set for a pack on a day, for people: each parameter with its value, its bounds and who set it;
//! each table that the manifest leaves to others; and every overlay that was refused, with the reason.

use rulepack_contract::parameters::{ParameterValue, Setter};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::overlay::{Adjustment, Author, RefusedOverlay, UsedOverlay};
use rulepack_protocol::pack::Manifest;
use serde::Serialize;

use crate::lock::{Choice, Lock, Purpose, State};
use crate::packs::{PackError, Packs};

/// What is set for the version of a pack that is in force on a day.
#[derive(Debug, Clone, Serialize)]
pub struct PackParameters {
    /// The version.
    pub pack: TargetPath,
    /// The rule day.
    pub day: Day,
    /// Every parameter of the manifest, in its order.
    pub parameters: Vec<ParameterStatus>,
    /// Every table that the manifest leaves to others.
    pub tables: Vec<TableStatus>,
    /// The overlays in force, in the order in which they are applied.
    pub overlays: Vec<UsedOverlay>,
    /// The overlays that do not fit, or were stopped: what stands below each of them is in force.
    pub refused: Vec<RefusedOverlay>,
}

/// A parameter, its value, and who set it.
#[derive(Debug, Clone, Serialize)]
pub struct ParameterStatus {
    /// Its name.
    pub name: String,
    /// What it means.
    pub meaning: String,
    /// The value in force.
    pub value: ParameterValue,
    /// The value where nobody sets it.
    pub default: ParameterValue,
    /// The smallest value allowed.
    pub min: Option<i64>,
    /// The largest value allowed.
    pub max: Option<i64>,
    /// Who may set it.
    pub may_be_set_by: Vec<Setter>,
    /// Who set it; nobody where it is the default of the manifest.
    pub set_by: Option<Author>,
}

/// A table that is left to others, and who supplied it.
#[derive(Debug, Clone, Serialize)]
pub struct TableStatus {
    /// Its name.
    pub name: String,
    /// Who is to supply it.
    pub left_to: Option<Setter>,
    /// Rows, digest and supplier; nothing where nobody did.
    pub supplied: Option<SuppliedRows>,
}

/// The rows of a table.
#[derive(Debug, Clone, Serialize)]
pub struct SuppliedRows {
    /// How many.
    pub rows: u32,
    /// Of their CSV.
    pub digest: Digest,
    /// Who supplied them.
    pub by: Author,
}

impl PackParameters {
    /// What is set for a pack on a rule day; `None` where no version of it is in force then.
    ///
    /// # Errors
    /// [`PackError`] where pack or overlays cannot be read.
    pub fn of(
        packs: &Packs,
        lock: &Lock,
        pack: &PackName,
        (day, purpose): (Day, Purpose),
    ) -> Result<Option<Self>, PackError> {
        let Choice::Version { version, .. } = lock.choose(pack, day, purpose) else {
            return Ok(None);
        };
        let manifest = packs.manifest(&version.digest)?;
        let adjusted = packs.adjusted(lock, version, (day, purpose))?;
        let adjustment = &adjusted.adjustment;
        Ok(Some(PackParameters {
            pack: version.path.clone(),
            day,
            parameters: parameters(&manifest, adjustment),
            tables: tables(&manifest, adjustment),
            overlays: adjustment.overlays.clone(),
            refused: refused(lock, pack, adjustment),
        }))
    }
}

/// What does not fit the version in force, and what fitted no version when it arrived.
fn refused(lock: &Lock, pack: &PackName, adjustment: &Adjustment) -> Vec<RefusedOverlay> {
    let overlays = lock.versions.iter();
    let overlays = overlays.filter(|known| known.path.pack().is_overlay_of(pack));
    let at_arrival = overlays.filter_map(|known| match &known.state {
        State::Refused { reason } => Some(RefusedOverlay {
            overlay: known.path.to_string(),
            digest: known.digest,
            word: "refused",
            reason: reason.clone(),
        }),
        _ => None,
    });
    adjustment
        .refused
        .iter()
        .cloned()
        .chain(at_arrival)
        .collect()
}

fn parameters(manifest: &Manifest, adjustment: &Adjustment) -> Vec<ParameterStatus> {
    let status = manifest.parameters.iter().map(|declared| {
        let set = adjustment.values.get(&declared.name);
        ParameterStatus {
            name: declared.name.clone(),
            meaning: declared.meaning.clone(),
            value: set.map_or(&declared.default, |set| &set.value).clone(),
            default: declared.default.clone(),
            min: declared.min,
            max: declared.max,
            may_be_set_by: declared.set_by.clone(),
            set_by: set.map(|set| set.by.as_ref().clone()),
        }
    });
    status.collect()
}

fn tables(manifest: &Manifest, adjustment: &Adjustment) -> Vec<TableStatus> {
    let left = manifest.tables.iter();
    let left = left.filter(|declared| declared.supplied_by.setter().is_some());
    let status = left.map(|declared| TableStatus {
        name: declared.name.clone(),
        left_to: declared.supplied_by.setter(),
        supplied: adjustment
            .tables
            .get(&declared.name)
            .map(|set| SuppliedRows {
                rows: set.rows.rows,
                digest: set.digest,
                by: set.by.as_ref().clone(),
            }),
    });
    status.collect()
}
