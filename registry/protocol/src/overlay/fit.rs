//! Overlays held against the manifest that they are for: an overlay fits as a whole, or is refused as a
//! whole, and the one below it stays in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration, TableError};
use rulepack_contract::parameters::{ParameterError, Setter};

use super::{Adjustment, Author, Overlay, OverlaySetter, RefusedOverlay, SetTable, SetValue};
use super::{SetParameter, UsedOverlay};
use crate::digest::Digest;
use crate::moment::Day;
use crate::names::{Jurisdiction, NameSpace};
use crate::pack::Manifest;

/// An overlay as it was chosen for a pack.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its path; for a hospital's own, `hospital` and its version.
    pub name: String,
    /// Of its bytes.
    pub digest: Digest,
    /// Itself.
    pub overlay: Arc<Overlay>,
}

/// Why an overlay is refused for a version of a pack.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// Made for another pack.
    #[error("it is for `{pack}`, not for `{expected}`")]
    OtherPack {
        /// What it is for.
        pack: String,
        /// The pack.
        expected: String,
    },
    /// Made for other versions.
    #[error("it is for versions `{versions}`, and not for `{version}`")]
    OtherVersion {
        /// What it is for.
        versions: String,
        /// The version.
        version: String,
    },
    /// Set where the pack does not apply.
    #[error("`{0}` has no part of the places where the pack applies")]
    Foreign(NameSpace),
    /// A parameter that the pack does not have.
    #[error("parameter `{0}` is not declared by the pack")]
    UndeclaredParameter(String),
    /// A value of another form, or out of bounds.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// A parameter that others set.
    #[error("parameter `{parameter}` is not to be set by a {setter}, but by {expected}")]
    Setter {
        /// The parameter.
        parameter: String,
        /// Who wants to set it.
        setter: Setter,
        /// Who may.
        expected: String,
    },
    /// A parameter that somebody above has fixed.
    #[error("parameter `{parameter}` is fixed by `{by}`")]
    Fixed {
        /// The parameter.
        parameter: String,
        /// By whom.
        by: String,
    },
    /// A table that the pack does not have.
    #[error("table `{0}` is not declared by the pack")]
    UndeclaredTable(String),
    /// A table that others supply.
    #[error("table `{table}` is not to be supplied by a {setter}, but by {expected}")]
    Supplier {
        /// The table.
        table: String,
        /// Who wants to supply it.
        setter: Setter,
        /// Who may.
        expected: String,
    },
    /// Rows that are not as the pack declares them.
    #[error(transparent)]
    Table(#[from] TableError),
}

impl FitError {
    /// The same in a word, without any text of the overlay.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            FitError::OtherPack { .. } | FitError::OtherVersion { .. } => "other-pack",
            FitError::Foreign(_) => "foreign",
            FitError::UndeclaredParameter(_) | FitError::UndeclaredTable(_) => "undeclared",
            FitError::Parameter(ParameterError::OutOfBounds { .. }) => "out-of-bounds",
            FitError::Parameter(_) => "form",
            FitError::Setter { .. } | FitError::Supplier { .. } => "not-the-setter",
            FitError::Fixed { .. } => "fixed",
            FitError::Table(_) => "table",
        }
    }
}

/// What overlays set for one version of a pack, by day.
#[derive(Debug, Clone, Default)]
pub struct Fit {
    layers: Vec<Fitted>,
    refused: Vec<RefusedOverlay>,
}

#[derive(Debug, Clone)]
struct Fitted {
    layer: Layer,
    author: Arc<Author>,
    tables: BTreeMap<String, SetTable>,
}

impl Fit {
    /// Holds overlays against a manifest, in the order province, city, hospital, whatever order they come
    /// in. What does not fit is left out whole and told in every [`Adjustment`].
    #[must_use]
    pub fn new(manifest: &Manifest, mut layers: Vec<Layer>) -> Self {
        layers.sort_by_key(|layer| layer.overlay.header.setter.level());
        let mut fit = Fit::default();
        for layer in layers {
            match fit.fitted(manifest, &layer) {
                Ok(fitted) => fit.layers.push(fitted),
                Err(error) => fit.refused.push(RefusedOverlay {
                    overlay: layer.name,
                    digest: layer.digest,
                    word: error.word(),
                    reason: error.to_string(),
                }),
            }
        }
        fit
    }

    /// What they come to on a rule day.
    #[must_use]
    pub fn on(&self, day: Day) -> Adjustment {
        let mut adjustment = Adjustment {
            refused: self.refused.clone(),
            ..Adjustment::default()
        };
        for Fitted {
            layer,
            author,
            tables,
        } in &self.layers
        {
            adjustment.overlays.push(UsedOverlay {
                overlay: layer.name.clone(),
                digest: layer.digest,
            });
            let is_of_day =
                |set: &&SetParameter| set.effective.is_none_or(|days| days.contains(day));
            for set in layer.overlay.parameters.iter().filter(is_of_day) {
                let value = SetValue {
                    value: set.value.clone(),
                    by: Arc::clone(author),
                };
                adjustment.values.insert(set.name.clone(), value);
            }
            adjustment.tables.extend(tables.clone());
        }
        adjustment
    }

    /// The first overlay that does not fit, and why: for whoever wants to publish it.
    #[must_use]
    pub fn refused(&self) -> &[RefusedOverlay] {
        &self.refused
    }

    fn fitted(&self, manifest: &Manifest, layer: &Layer) -> Result<Fitted, FitError> {
        let overlay = &layer.overlay;
        check_aim(manifest, overlay)?;
        for set in &overlay.parameters {
            self.check_parameter(manifest, overlay, set)?;
        }
        let author = Arc::new(Author {
            setter: overlay.header.setter.to_string(),
            overlay: layer.name.clone(),
            basis: overlay.header.basis.clone(),
        });
        let mut tables = BTreeMap::new();
        for table in &overlay.tables {
            let declared = declared_table(manifest, overlay, &table.name)?;
            let bytes = table.rows.as_bytes();
            let set = SetTable {
                digest: Digest::of(bytes),
                rows: Arc::new(KnowledgeTable::from_csv(declared, bytes)?),
                by: Arc::clone(&author),
            };
            tables.insert(table.name.clone(), set);
        }
        Ok(Fitted {
            layer: layer.clone(),
            author,
            tables,
        })
    }

    fn check_parameter(
        &self,
        manifest: &Manifest,
        overlay: &Overlay,
        set: &SetParameter,
    ) -> Result<(), FitError> {
        let mut declared = manifest.parameters.iter();
        let declared = declared
            .find(|declared| declared.name == set.name)
            .ok_or_else(|| FitError::UndeclaredParameter(set.name.clone()))?;
        let setter = overlay.header.setter.level();
        if !declared.set_by.contains(&setter) {
            return Err(FitError::Setter {
                parameter: set.name.clone(),
                setter,
                expected: names(&declared.set_by),
            });
        }
        declared.check(&set.value)?;
        let fixes = |other: &&SetParameter| other.fixed && other.name == set.name;
        let mut above = self.layers.iter();
        let by = above.find(|above| above.layer.overlay.parameters.iter().any(|p| fixes(&p)));
        match by {
            None => Ok(()),
            Some(above) => Err(FitError::Fixed {
                parameter: set.name.clone(),
                by: above.author.overlay.clone(),
            }),
        }
    }
}

/// The pack, its version, and the place must be those that it is made for.
fn check_aim(manifest: &Manifest, overlay: &Overlay) -> Result<(), FitError> {
    let (pack, header) = (&manifest.pack, &overlay.header);
    if header.pack != pack.name {
        return Err(FitError::OtherPack {
            pack: header.pack.to_string(),
            expected: pack.name.to_string(),
        });
    }
    if !header.versions.matches(&pack.version) {
        return Err(FitError::OtherVersion {
            versions: header.versions.to_string(),
            version: pack.version.to_string(),
        });
    }
    let OverlaySetter::Bureau(setter) = &header.setter else {
        return Ok(());
    };
    let has_part = |place: &Jurisdiction| {
        let (place, setter) = (place.as_str(), setter.as_str());
        place == "cn" || place.starts_with(setter) || setter.starts_with(place)
    };
    // The pack of a vendor names no place: it applies wherever a hospital runs it.
    if pack.jurisdictions.is_empty() || pack.jurisdictions.iter().any(has_part) {
        return Ok(());
    }
    Err(FitError::Foreign(setter.clone()))
}

fn declared_table<'a>(
    manifest: &'a Manifest,
    overlay: &Overlay,
    name: &str,
) -> Result<&'a TableDeclaration, FitError> {
    let mut declared = manifest.tables.iter();
    let declared = declared
        .find(|declared| declared.name == name)
        .ok_or_else(|| FitError::UndeclaredTable(name.to_owned()))?;
    let setter = overlay.header.setter.level();
    match declared.supplied_by.setter() {
        Some(expected) if expected == setter => Ok(declared),
        expected => Err(FitError::Supplier {
            table: name.to_owned(),
            setter,
            expected: expected.map_or_else(|| "the pack itself".to_owned(), |it| format!("a {it}")),
        }),
    }
}

fn names(setters: &[Setter]) -> String {
    if setters.is_empty() {
        return "nobody".to_owned();
    }
    let names: Vec<String> = setters.iter().map(|setter| format!("a {setter}")).collect();
    names.join(" or ")
}
