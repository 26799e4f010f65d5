//! The manifest of a pack: `pack.toml` as people write it, canonical JSON as it is sealed.
//!
//! ```toml
//! [pack]
//! name = "37/vbp-quota"
//! version = "1.2.0"
//! title = "集中带量采购执行监测"
//! contract = "rulepack:rules@0.1.0"
//! profile = "native"
//! effective = { from = "2024-01-04" }
//! jurisdictions = ["37"]
//!
//! [[rule]]
//! id = "VBP-01"
//! title = "约定采购量未完成且非中选采购占比过半"
//! scope = "institution"                        # patient | institution; region is refused
//! stages = ["after"]                           # before | during | after
//! behaviour = "行为类"                         # 行为类 | 项目类
//! action = { violation = "review", high-suspicion = "remind" }
//! basis = "山东省医疗保障局 2024-01-04《关于进一步加强药品和医用耗材集中带量采购全流程管理的通知》"
//! needs = ["purchases.selected", "purchases.delivered"]
//! messages = { over-half = "{variety}:约定量完成 {done},非中选占比 {share}" }
//!
//! [[total]]
//! by = ["department", "item"]
//! period = "month"
//! ```
//!
//! `[[parameter]]` and `[[table]]` are those of the contract: see [`ParameterDeclaration`] and
//! [`TableDeclaration`]; for `[[trigger]]` see [`Trigger`]. `[limits]` may be left out. As sealed, `table_digests` is added: the digest of
//! the sealed bytes of every knowledge table that the pack itself brings.

mod check;
mod rule;
mod template;
#[cfg(test)]
mod tests;
mod trigger;

use std::collections::BTreeMap;

use rulepack_contract::knowledge::{Supplier, TableDeclaration};
use rulepack_contract::parameters::ParameterDeclaration;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::Bounds;
use crate::canonical::{self, CanonicalError};
use crate::digest::Digest;
use crate::moment::Effective;
use crate::names::{Jurisdiction, PackName};

pub use check::AuthorityError;
pub use rule::{Action, Behaviour, ColumnReference, ColumnReferenceError, Rule};
pub use template::{Template, TemplateError};
pub use trigger::{Trigger, Unrecorded};

/// The manifest of a pack, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `[pack]`
    pub pack: Header,
    /// `[limits]`
    #[serde(default)]
    pub limits: Limits,
    /// `[[rule]]`
    #[serde(rename = "rule", default)]
    pub rules: Vec<Rule>,
    /// `[[parameter]]`
    #[serde(rename = "parameter", default)]
    pub parameters: Vec<ParameterDeclaration>,
    /// `[[table]]`: their order is the one by which evidence refers to them.
    #[serde(rename = "table", default)]
    pub tables: Vec<TableDeclaration>,
    /// `[[total]]`
    #[serde(rename = "total", default)]
    pub totals: Vec<Total>,
    /// `[[trigger]]`: without one of which the pack says nothing of a patient. None: it is asked about everybody.
    #[serde(rename = "trigger", default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Only as sealed: digests of the sealed tables by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub table_digests: BTreeMap<String, Digest>,
}

/// `[pack]` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Name space and name.
    pub name: PackName,
    /// Major: verdicts of existing rules change; minor: rules added; patch: knowledge or wording.
    pub version: Version,
    /// What people call it.
    pub title: String,
    /// The contract that it is written against: [`rulepack_contract::CONTRACT`].
    pub contract: String,
    /// The set of bounds that it keeps to.
    pub profile: Profile,
    /// The rule days for which it is in force.
    pub effective: Effective,
    /// Where it applies. A vendor's pack names none: the hospital decides.
    #[serde(default)]
    pub jurisdictions: Vec<Jurisdiction>,
    /// Set where it shall apply to rule days before its publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retroactive: Option<Retroactive>,
    /// 未采用的规则: rules that its code has, taken over from another pack, and that this pack does not declare. What
    /// the code says of them is dropped; what it says of any other rule that is not declared is a fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// A set of bounds, see [`Bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Compiled from Rust or a like language.
    Native,
}

impl Profile {
    /// Its bounds.
    #[must_use]
    pub const fn bounds(self) -> Bounds {
        match self {
            Profile::Native => Bounds::NATIVE,
        }
    }
}

/// The ground on which a version applies to days before its publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retroactive {
    /// The policy that says so.
    pub basis: String,
}

/// `[limits]` of a manifest: what the pack asks for. The host's own ceilings win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How much work it may do.
    pub fuel: Fuel,
    /// Linear memory, in MiB.
    pub memory_mib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: Fuel::default(),
            memory_mib: 64,
        }
    }
}

/// Work, in the engine's units of fuel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fuel {
    /// For `prepare`.
    pub prepare: u64,
    /// For a patient alone, or a batch of institution or region scope.
    pub alone: u64,
    /// For every batch, beside the rows.
    pub base: u64,
    /// For every row of a batch.
    pub per_row: u64,
}

impl Default for Fuel {
    fn default() -> Self {
        Fuel {
            prepare: 20_000_000_000,
            alone: 2_000_000_000,
            base: 1_000_000,
            per_row: 20_000,
        }
    }
}

/// `[[total]]` of a manifest: sums that the host makes for institution and region scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Total {
    /// What is summed apart.
    pub by: Vec<Grouping>,
    /// The time that each sum covers.
    pub period: Period,
}

/// What totals are grouped by, beside institution and period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// 科室
    Department,
    /// 医师
    Doctor,
    /// 就诊类型
    VisitType,
    /// 收费类别
    ChargeType,
    /// 项目
    Item,
    /// 病组 or 病种
    PaymentGroup,
}

/// The time that a total covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// What is wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Larger than the profile allows.
    #[error("the manifest is {bytes} bytes long, expected at most {bytes_max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// Not the shape of a manifest, as people write it.
    #[error("line {line}: {message}")]
    Toml {
        /// The line of `pack.toml`.
        line: usize,
        /// What the reader said.
        message: String,
    },
    /// Not the shape of a manifest, as sealed.
    #[error("the sealed manifest is malformed: {0}")]
    Json(serde_json::Error),
    /// Without a canonical form.
    #[error("the manifest has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// Sealed in another spelling than the canonical one.
    #[error("the sealed manifest is not canonical JSON")]
    NotCanonical,
    /// Sealed, but digests and tables do not belong together.
    #[error("the sealed manifest has no digest for exactly the tables that the pack brings")]
    TableDigests,
    /// A field has a value that it cannot have.
    #[error("{field} is `{value}`, expected {expected}")]
    Field {
        /// Where: `rule[VBP-01].stages`.
        field: String,
        /// The refused value.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// The pack takes an authority that its name space does not have.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
}

impl Manifest {
    /// Reads `pack.toml`.
    ///
    /// # Errors
    /// [`ManifestError`], which names line or field, the value, and what was expected.
    pub fn from_toml(text: &str) -> Result<Self, ManifestError> {
        check_size(text.len())?;
        let manifest: Manifest = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or(text);
            ManifestError::Toml {
                line: before.matches('\n').count() + 1,
                message: error.message().to_owned(),
            }
        })?;
        if let Some(name) = manifest.table_digests.keys().next() {
            return Err(ManifestError::Field {
                field: "`table_digests`".to_owned(),
                value: name.clone(),
                expected: "nothing: digests are added when the pack is sealed".to_owned(),
            });
        }
        manifest.check()?;
        Ok(manifest)
    }

    /// Reads the sealed form, and only that: other spellings of the same JSON are refused.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn from_sealed(bytes: &[u8]) -> Result<Self, ManifestError> {
        check_size(bytes.len())?;
        let manifest: Manifest = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
        manifest.check()?;
        if manifest.to_sealed()? != bytes {
            return Err(ManifestError::NotCanonical);
        }
        let sealed = manifest.sealed_tables().map(|table| table.name.as_str());
        let digests = manifest.table_digests.keys().map(String::as_str);
        let sealed: std::collections::BTreeSet<&str> = sealed.collect();
        if !digests.eq(sealed) {
            return Err(ManifestError::TableDigests);
        }
        Ok(manifest)
    }

    /// The sealed form: canonical JSON.
    ///
    /// # Errors
    /// [`ManifestError::TooLarge`].
    pub fn to_sealed(&self) -> Result<Vec<u8>, ManifestError> {
        let bytes = canonical::to_bytes(self)?;
        check_size(bytes.len())?;
        Ok(bytes)
    }

    /// The tables whose rows the pack itself brings, in the order of the manifest.
    pub fn sealed_tables(&self) -> impl Iterator<Item = &TableDeclaration> {
        self.tables
            .iter()
            .filter(|table| table.supplied_by == Supplier::Pack)
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The bounds that the pack keeps to.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.pack.profile.bounds()
    }
}

/// The profile is not known before the manifest is read, so this is the bound of the largest.
fn check_size(bytes: usize) -> Result<(), ManifestError> {
    let bytes_max = Bounds::NATIVE.manifest_bytes;
    if bytes > bytes_max {
        return Err(ManifestError::TooLarge { bytes, bytes_max });
    }
    Ok(())
}
