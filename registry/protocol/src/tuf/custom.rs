//! What a resolver needs to know of a pack, signed beside its digest.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Reason;
use crate::moment::{Day, Effective};
use crate::names::{Jurisdiction, PackName, TargetPath};
use crate::overlay;
use crate::pack::Pack;

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
    /// Why it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Fields of later releases, kept as they are.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl Custom {
    /// What is to be signed of a pack, as its manifest and imports say it: the bureau's tool signs it, the
    /// registry and every host expect it.
    pub fn of(pack: &Pack, channel: Channel, published: Day) -> Self {
        let header = &pack.manifest.pack;
        let imports: BTreeSet<String> = pack
            .imports
            .iter()
            .map(|import| format!("{}.{}", import.interface, import.function))
            .collect();
        Self {
            name: header.name.clone(),
            version: header.version.clone(),
            contract: header.contract.clone(),
            effective: header.effective,
            jurisdictions: header.jurisdictions.clone(),
            channel,
            status: Status::Active,
            imports: imports.into_iter().collect(),
            published,
            mandatory_by: None,
            reason: None,
            extra: BTreeMap::new(),
        }
    }

    /// What is to be signed of an overlay, but for the places where it applies.
    pub(crate) fn of_overlay(
        path: &TargetPath,
        effective: Effective,
        (channel, published): (Channel, Day),
    ) -> Self {
        Self {
            name: path.pack().clone(),
            version: path.version().clone(),
            contract: overlay::FORMAT.to_owned(),
            effective,
            jurisdictions: Vec::new(),
            channel,
            status: Status::Active,
            imports: Vec::new(),
            published,
            mandatory_by: None,
            reason: None,
            extra: BTreeMap::new(),
        }
    }

    /// The first field in which this differs from what the pack says itself; `None` where they agree. A
    /// version's end may be set after it was sealed.
    pub fn differs_from(&self, pack: &Pack) -> Option<&'static str> {
        self.differs(&Self::of(pack, self.channel, self.published))
    }

    /// The same for what the file itself says, of a pack or an overlay.
    pub fn differs(&self, sealed: &Self) -> Option<&'static str> {
        let fields = [
            ("name", self.name == sealed.name),
            ("version", self.version == sealed.version),
            ("contract", self.contract == sealed.contract),
            (
                "effective.from",
                self.effective.from == sealed.effective.from,
            ),
            ("jurisdictions", self.jurisdictions == sealed.jurisdictions),
            ("imports", self.imports == sealed.imports),
        ];
        fields
            .iter()
            .find(|(_, agrees)| !agrees)
            .map(|(field, _)| *field)
    }

    /// Whether it is in force before its publication although manifest or overlay give no basis for that
    /// (T4): no registry takes such a version.
    pub fn lacks_basis(&self, is_retroactive: bool) -> bool {
        self.effective.from < self.published && !is_retroactive
    }
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
