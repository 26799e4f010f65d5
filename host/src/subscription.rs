//! What a hospital follows: name spaces, packs and ranges of versions.

use std::fmt;
use std::str::FromStr;

use rulepack_protocol::names::{Division, NameSpace, NameSpaceClass, PackName, TargetPath};
use semver::VersionReq;
use serde::{Deserialize, Serialize};

/// `<name space>/<pack or *>` with a range of versions: `37/*`, `37/vbp-quota@^1.2`. `37/*` never covers
/// `3703/*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subscription {
    name_space: NameSpace,
    /// `None` is every pack of the name space.
    pack: Option<PackName>,
    versions: VersionReq,
}

/// Why a text is not a subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionError {
    /// Not of the form.
    #[error("subscription `{0}` is not of the form `<name space>/<pack or *>[@<versions>]`")]
    Malformed(String),
    /// Overlays come with the packs that they are for.
    #[error("subscription `{0}` names an overlay, expected a pack: its overlays come with it")]
    Overlay(String),
    /// Not a range of versions.
    #[error(
        "subscription `{0}` has no range of versions behind the `@`, expected one such as `^1.2`"
    )]
    Versions(String),
    /// A vendor's packs are granted one by one (T2).
    #[error("subscription `{0}` takes all packs of a vendor, expected one pack by name")]
    VendorWildcard(String),
}

impl Subscription {
    /// All packs of a name space, any version.
    #[must_use]
    pub fn all_of(name_space: NameSpace) -> Self {
        Subscription {
            name_space,
            pack: None,
            versions: VersionReq::STAR,
        }
    }

    /// What a host of this division follows unless told otherwise: `cn`, its province and its city.
    #[must_use]
    pub fn defaults(division: &Division) -> Vec<Self> {
        division
            .name_spaces()
            .into_iter()
            .map(Self::all_of)
            .collect()
    }

    /// The name space whose role must be followed for it.
    #[must_use]
    pub fn name_space(&self) -> &NameSpace {
        &self.name_space
    }

    /// Whether any version of a pack is meant.
    #[must_use]
    pub fn covers_pack(&self, pack: &PackName) -> bool {
        match &self.pack {
            Some(meant) => pack == meant,
            None => pack.name_space() == &self.name_space,
        }
    }

    /// Whether this version of a pack is meant. A pre-release is meant only where the range names one.
    #[must_use]
    pub fn covers(&self, path: &TargetPath) -> bool {
        self.covers_pack(path.pack()) && self.versions.matches(path.version())
    }
}

impl FromStr for Subscription {
    type Err = SubscriptionError;

    fn from_str(text: &str) -> Result<Self, SubscriptionError> {
        let malformed = || SubscriptionError::Malformed(text.to_owned());
        let (name, versions) = match text.split_once('@') {
            None => (text, VersionReq::STAR),
            Some((name, versions)) => {
                let parsed = versions
                    .parse()
                    .map_err(|_| SubscriptionError::Versions(text.to_owned()))?;
                (name, parsed)
            }
        };
        let (name_space, pack) = name.split_once('/').ok_or_else(malformed)?;
        let name_space: NameSpace = name_space.parse().map_err(|_| malformed())?;
        let pack = match pack {
            "*" if name_space.class() == NameSpaceClass::Vendor => {
                return Err(SubscriptionError::VendorWildcard(text.to_owned()));
            }
            "*" => None,
            _ => Some(name.parse::<PackName>().map_err(|_| malformed())?),
        };
        if pack.as_ref().is_some_and(PackName::is_overlay) {
            return Err(SubscriptionError::Overlay(text.to_owned()));
        }
        Ok(Subscription {
            name_space,
            pack,
            versions,
        })
    }
}

impl fmt::Display for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pack {
            Some(pack) => write!(f, "{pack}")?,
            None => write!(f, "{}/*", self.name_space)?,
        }
        match self.versions == VersionReq::STAR {
            true => Ok(()),
            false => write!(f, "@{}", self.versions),
        }
    }
}

impl TryFrom<String> for Subscription {
    type Error = SubscriptionError;

    fn try_from(text: String) -> Result<Self, SubscriptionError> {
        text.parse()
    }
}

impl From<Subscription> for String {
    fn from(subscription: Subscription) -> String {
        subscription.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(subscription: &str, path: &str) -> bool {
        let subscription: Subscription = subscription.parse().unwrap();
        assert_eq!(
            subscription.to_string().parse::<Subscription>().unwrap(),
            subscription
        );
        subscription.covers(&path.parse().unwrap())
    }

    #[test]
    fn a_province_is_not_its_cities() {
        assert!(covers("37/*", "37/vbp-quota/1.2.0.wasm"));
        assert!(!covers("37/*", "3703/vbp-quota/1.2.0.wasm"));
        assert!(!covers("3703/*", "37/vbp-quota/1.2.0.wasm"));
        assert!(covers("37/vbp-quota@^1.2", "37/vbp-quota/1.3.0.wasm"));
        assert!(!covers("37/vbp-quota@^1.2", "37/vbp-quota/2.0.0.wasm"));
        assert!(!covers("37/vbp-quota@^1.2", "37/drg-checks/1.3.0.wasm"));
        assert!(!covers("37/*", "37/vbp-quota/1.3.0-draft.1.wasm"));
    }

    #[test]
    fn a_host_follows_its_nation_its_province_and_its_city() {
        let division: Division = "370303".parse().unwrap();
        let names: Vec<String> = Subscription::defaults(&division)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["cn/*", "37/*", "3703/*"]);
    }

    #[test]
    fn what_is_no_subscription_is_refused() {
        let refusal = |text: &str| text.parse::<Subscription>().unwrap_err().to_string();
        assert_eq!(
            refusal("37"),
            "subscription `37` is not of the form `<name space>/<pack or *>[@<versions>]`"
        );
        assert_eq!(
            refusal("37/x@new"),
            "subscription `37/x@new` has no range of versions behind the `@`, expected one such as `^1.2`"
        );
        assert_eq!(
            refusal("3703/37.limits"),
            "subscription `3703/37.limits` names an overlay, expected a pack: its overlays come with it"
        );
        assert_eq!(
            refusal("vendor-acme/*"),
            "subscription `vendor-acme/*` takes all packs of a vendor, expected one pack by name"
        );
    }
}
