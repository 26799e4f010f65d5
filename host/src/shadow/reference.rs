//! How a report names a row without telling whose it is: a keyed digest of its key, which only this host
//! can find again, in its own history.

use std::fmt;
use std::io;

use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

use crate::secret;
use crate::settings::HostFolder;

/// A row: `orders:5f1c09a2b7`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

/// The secret that references of this host are made with.
pub struct References {
    secret: [u8; 32],
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("References")
    }
}

impl References {
    /// Bytes of a digest that are told: short enough to be typed, and no two rows of a hospital meet by chance.
    const BYTES: usize = 5;

    /// The references of a host, whose secret is made where it is missing.
    ///
    /// # Errors
    /// Where it can neither be read nor made.
    pub fn of(folder: &HostFolder) -> io::Result<Self> {
        let path = folder.updates().join("references.secret");
        let secret = match secret::read(&path)? {
            Some(secret) => secret,
            None => secret::make(&path)?,
        };
        Ok(References { secret })
    }

    /// The reference of the row with this key.
    #[must_use]
    pub fn name(&self, table: &str, key: &str) -> Reference {
        let mut hasher = Digest::hasher();
        hasher.update(&self.secret);
        hasher.update(table.as_bytes());
        hasher.update(&[0]);
        hasher.update(key.as_bytes());
        let digest = hasher.finish().to_string();
        let told: String = digest.chars().take(2 * Self::BYTES).collect();
        Reference(format!("{table}:{told}"))
    }
}

impl Reference {
    /// The table of the row; empty where this is no reference.
    #[must_use]
    pub fn table(&self) -> &str {
        self.0.split_once(':').map_or("", |(table, _)| table)
    }
}

impl From<&str> for Reference {
    fn from(text: &str) -> Self {
        Reference(text.to_owned())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_the_same_on_its_host_and_another_one_elsewhere() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let of = |at: usize| References::of(&HostFolder::at(folders[at].path())).unwrap();
        let name = of(0).name("orders", "O1");
        assert_eq!(name, of(0).name("orders", "O1"));
        assert_ne!(name, of(1).name("orders", "O1"));
        assert_ne!(name, of(0).name("orders", "O2"));
        assert_eq!(name.table(), "orders");
        assert_eq!(name.to_string().len(), "orders:".len() + 10);
        assert!(!name.to_string().contains("O1"));
    }
}
