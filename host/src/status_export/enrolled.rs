//! Whose key is whose: what a bureau wrote down when a hospital told it the fingerprint of its host.

use std::collections::BTreeMap;

use rulepack_protocol::key::KeyId;

use super::SignedStatus;
use super::code::InstitutionCode;

/// Fingerprints by institution, as `H37030000001 = "…"` in TOML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled(BTreeMap<InstitutionCode, KeyId>);

/// Why a key is not believed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolledError {
    /// The file is not such a list.
    #[error("not a list of hosts: {0}")]
    Toml(#[from] toml::de::Error),
    /// One host cannot speak for two hospitals.
    #[error("`{first}` and `{second}` have the same key")]
    Twice {
        /// An institution.
        first: InstitutionCode,
        /// Another one.
        second: InstitutionCode,
    },
    /// Nobody enrolled it.
    #[error("no key is enrolled for `{0}`")]
    Unknown(InstitutionCode),
    /// Another one is enrolled.
    #[error("the status of `{institution}` is signed by the key `{found}`, expected `{expected}`")]
    OtherKey {
        /// Who it says that it is of.
        institution: InstitutionCode,
        /// Of the file.
        found: KeyId,
        /// As enrolled.
        expected: KeyId,
    },
}

impl EnrolledError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            EnrolledError::Toml(_) => Some(
                "write a line for each hospital: `H37030000001 = \"FINGERPRINT\"`, as `rulepack init` showed it \
                 there",
            ),
            EnrolledError::Twice { .. } => {
                Some("ask both hospitals for the fingerprint of their host")
            }
            EnrolledError::Unknown(_) => {
                Some("ask the hospital, by another way than the file came, and add the line")
            }
            EnrolledError::OtherKey { .. } => Some(
                "somebody else signed it, or the host was set up anew: ask the hospital before you enrol another \
                 key",
            ),
        }
    }
}

impl Enrolled {
    /// Reads the list.
    ///
    /// # Errors
    /// [`EnrolledError`].
    pub fn parse(text: &str) -> Result<Self, EnrolledError> {
        let hosts: BTreeMap<InstitutionCode, KeyId> = toml::from_str(text)?;
        let mut known: BTreeMap<KeyId, &InstitutionCode> = BTreeMap::new();
        for (institution, key) in &hosts {
            if let Some(first) = known.insert(*key, institution) {
                return Err(EnrolledError::Twice {
                    first: first.clone(),
                    second: institution.clone(),
                });
            }
        }
        Ok(Enrolled(hosts))
    }

    /// Whether the key that signed a status is that of the hospital which it names.
    ///
    /// # Errors
    /// [`EnrolledError`].
    pub fn check(&self, signed: &SignedStatus) -> Result<(), EnrolledError> {
        let institution = &signed.status().institution;
        match self.0.get(institution) {
            None => Err(EnrolledError::Unknown(institution.clone())),
            Some(expected) if *expected != signed.key().id() => Err(EnrolledError::OtherKey {
                institution: institution.clone(),
                found: signed.key().id(),
                expected: *expected,
            }),
            Some(_) => Ok(()),
        }
    }
}
