//! The officers that a host has accepted for each name space (T8).
//!
//! A province can replace the keys of its cities, the nation those of its provinces. Every update reports
//! that. Where `host.toml` says `hold_rekeyed = true`, it also waits for a person: of a name space whose
//! officers are others than those accepted, nothing new is taken until somebody accepts them. What stops,
//! stops all the same: a withdrawal, a denial, a delegation that is gone.
//!
//! `officers.json` holds, for each name space, the digest of its keys and threshold: those accepted, and
//! those that wait. The first ones that a host meets are accepted; without the setting, all are.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::{NameSpace, PersonId};
use rulepack_protocol::trust::TrustedTargets;
use rulepack_protocol::tuf::Authority;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::settings::HostFolder;

/// `officers.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officers {
    accepted: BTreeMap<NameSpace, Digest>,
    waiting: BTreeMap<NameSpace, Digest>,
}

/// A name space whose new officers wait to be accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldNameSpace {
    /// The name space.
    pub name_space: NameSpace,
    /// Who signs for it now.
    pub officers: Vec<PersonId>,
    /// How many of them must sign.
    pub threshold: u32,
    /// Digest of their keys and threshold: what a person accepts.
    pub fingerprint: Digest,
}

/// Why officers cannot be remembered or accepted.
#[derive(Debug, thiserror::Error)]
pub enum OfficersError {
    /// The file system refuses.
    #[error("`{path}` cannot be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is damaged. It is not replaced by an empty one, which would accept everybody.
    #[error("`{path}` is damaged")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        #[source]
        source: serde_json::Error,
    },
    /// Nobody waits.
    #[error("no officers of `{0}` wait to be accepted")]
    NobodyWaits(NameSpace),
    /// Others wait than those that the person has looked at.
    #[error(
        "the officers of `{name_space}` that wait have the fingerprint `{waiting}`, not `{given}`"
    )]
    Others {
        /// The name space.
        name_space: NameSpace,
        /// Of those that wait.
        waiting: Digest,
        /// What was given.
        given: Digest,
    },
}

impl OfficersError {
    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            OfficersError::Io { .. } => None,
            OfficersError::Damaged { .. } => Some(
                "restore the file from a backup; without one, remove it once the bureau has confirmed \
                 who its officers are: those that are met next are then accepted",
            ),
            OfficersError::NobodyWaits(_) => Some("`sync` lists those that wait"),
            OfficersError::Others { .. } => {
                Some("they were replaced again: ask the bureau who its officers are")
            }
        }
    }
}

impl Officers {
    /// What the host in `folder` has accepted.
    ///
    /// # Errors
    /// Where the file is there and cannot be read.
    pub fn read(folder: &HostFolder) -> Result<Self, OfficersError> {
        let path = path_in(folder);
        match files::read_if_there(&path) {
            Ok(None) => Ok(Self::default()),
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|source| OfficersError::Damaged { path, source }),
            Err(source) => Err(OfficersError::Io { path, source }),
        }
    }

    /// Accepts the officers of a name space that wait, if they are those with this fingerprint: between
    /// the look of a person and the word, others may have come.
    ///
    /// # Errors
    /// Where nobody or somebody else waits, or it cannot be remembered.
    pub fn accept(
        folder: &HostFolder,
        name_space: &NameSpace,
        fingerprint: Digest,
    ) -> Result<(), OfficersError> {
        let mut officers = Self::read(folder)?;
        match officers.waiting.remove(name_space) {
            None => Err(OfficersError::NobodyWaits(name_space.clone())),
            Some(waiting) if waiting != fingerprint => Err(OfficersError::Others {
                name_space: name_space.clone(),
                waiting,
                given: fingerprint,
            }),
            Some(waiting) => {
                officers.accepted.insert(name_space.clone(), waiting);
                officers.write(folder)
            }
        }
    }

    /// Meets the officers of the followed name spaces and remembers them, on the disk before anything
    /// that they signed is taken. Gives those that wait; without `hold` nobody does.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn meet(
        folder: &HostFolder,
        followed: &[NameSpace],
        trusted: &TrustedTargets,
        hold: bool,
    ) -> Result<Vec<HeldNameSpace>, OfficersError> {
        let before = Self::read(folder)?;
        let mut officers = before.clone();
        let mut held = Vec::new();
        for name_space in followed {
            // A name space that cannot be verified gives nothing that could be held.
            let Ok(authority) = trusted.authority(name_space) else {
                continue;
            };
            if officers.is_accepted(name_space, &authority, hold) {
                officers.waiting.remove(name_space);
                officers
                    .accepted
                    .insert(name_space.clone(), authority.digest());
            } else {
                officers
                    .waiting
                    .insert(name_space.clone(), authority.digest());
                held.push(HeldNameSpace::of(name_space, &authority));
            }
        }
        if officers != before {
            officers.write(folder)?;
        }
        Ok(held)
    }

    /// Whether the officers of a name space wait to be accepted.
    #[must_use]
    pub fn wait_for(&self, name_space: &NameSpace) -> bool {
        self.waiting.contains_key(name_space)
    }

    fn is_accepted(&self, name_space: &NameSpace, authority: &Authority, hold: bool) -> bool {
        let accepted = self.accepted.get(name_space);
        !hold || accepted.is_none_or(|accepted| *accepted == authority.digest())
    }

    fn write(&self, folder: &HostFolder) -> Result<(), OfficersError> {
        let path = path_in(folder);
        let bytes = canonical::to_bytes(self).expect("names and digests");
        files::replace(&path, &bytes).map_err(|source| OfficersError::Io { path, source })
    }
}

impl HeldNameSpace {
    fn of(name_space: &NameSpace, authority: &Authority) -> Self {
        let mut officers: Vec<_> = authority.keys().map(|key| key.person().clone()).collect();
        officers.sort();
        Self {
            name_space: name_space.clone(),
            officers,
            threshold: authority.threshold(),
            fingerprint: authority.digest(),
        }
    }
}

impl fmt::Display for HeldNameSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.officers.iter().map(PersonId::as_str).collect();
        let (name_space, threshold) = (&self.name_space, self.threshold);
        write!(
            f,
            "{name_space}: its officers are others than this host accepted: {threshold} of {}; nothing \
             new is taken until a person accepts them with `sync --accept-officers {name_space}={}`",
            names.join(", "),
            self.fingerprint
        )
    }
}

fn path_in(folder: &HostFolder) -> PathBuf {
    Path::new(folder.root()).join("officers.json")
}
