//! What a resolver needs to know of a pack, signed beside its digest.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::moment::{Day, Effective};
use crate::names::{Jurisdiction, PackName};

/// The `custom` of a target: ASCII, equal to the sealed manifest where both say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custom {
    /// The pack.
    pub name: PackName,
    /// Its version.
    pub version: Version,
    /// The contract that it is written against, `rulepack:rules@0.1.0`.
    pub contract: String,
    /// The days on which it is in force.
    pub effective: Effective,
    /// Where it applies; empty for a vendor.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Who is to run it.
    pub channel: Channel,
    /// Whether it is withdrawn.
    pub status: Status,
    /// The functions of the contract that it imports, sorted.
    pub imports: Vec<String>,
    /// The day of publication, which the registry accepts only as its own today, give or take one.
    pub published: Day,
    /// The day from which a waiting host activates by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandatory_by: Option<Day>,
    /// Fields of later releases, kept as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

/// Who is to run a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A first wave.
    Canary,
    /// Everybody.
    Stable,
}

/// Whether a version is withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use.
    Active,
    /// Withdrawn (撤回): usable for replay alone.
    Yanked,
}
