//! The passphrase of a secret key, and what guessing it costs.

use std::fmt;

use zeroize::Zeroizing;

/// A passphrase in memory: overwritten with zeros when dropped, never shown.
pub struct Passphrase(Zeroizing<String>);

/// Why a passphrase is not taken. Never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Nothing was given.
    #[error("the passphrase is empty")]
    Empty,
    /// Easily guessed.
    #[error(
        "the passphrase has {characters} characters, expected at least {}",
        Passphrase::CHARACTERS_MIN
    )]
    Short {
        /// How many it has.
        characters: usize,
    },
}

/// What one guess of a passphrase costs: the parameters of scrypt (RFC 7914) with a block size of 8, so
/// 1 KiB × N of memory, and `parallelization` times that of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub(super) cost_log2: u8,
    pub(super) parallelization: u16,
}

impl Passphrase {
    /// The fewest characters of a new passphrase.
    pub const CHARACTERS_MIN: usize = 12;

    /// A passphrase that unlocks a key, as it was typed.
    ///
    /// # Errors
    /// Where it is empty.
    pub fn new(text: String) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(text);
        match text.is_empty() {
            true => Err(PassphraseError::Empty),
            false => Ok(Self(text)),
        }
    }

    /// The passphrase that is the first line of a file.
    ///
    /// # Errors
    /// Where the line is empty.
    pub fn of_file(text: String) -> Result<Self, PassphraseError> {
        let text = Zeroizing::new(text);
        Self::new(text.lines().next().unwrap_or_default().to_owned())
    }

    /// Checks that it may protect a key from now on.
    ///
    /// # Errors
    /// Where it is too short.
    pub fn check_new(&self) -> Result<(), PassphraseError> {
        let characters = self.0.chars().count();
        match characters < Self::CHARACTERS_MIN {
            true => Err(PassphraseError::Short { characters }),
            false => Ok(()),
        }
    }

    /// Whether two are the same; for a passphrase that is asked for twice.
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Cost {
    /// N = 2¹⁴, r = 8, p = 8: more work than the five lanes that OWASP asks for at this N, in 16 MiB, which
    /// is what OpenSSL is willing to spend on reading a key.
    pub const STRONG: Self = Self {
        cost_log2: 14,
        parallelization: 8,
    };

    /// Worth nothing, and quick: for tests. No command offers it.
    pub const FOR_TESTS: Self = Self {
        cost_log2: 4,
        parallelization: 1,
    };
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Passphrase")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Result<Passphrase, PassphraseError> {
        Passphrase::new(text.to_owned())
    }

    #[test]
    fn empty_and_short_passphrases_are_refused_without_repeating_them() {
        let refusal = passphrase("").unwrap_err().to_string();
        assert_eq!(refusal, "the passphrase is empty");
        let refusal = passphrase("短口令").unwrap().check_new().unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the passphrase has 3 characters, expected at least 12"
        );
        passphrase("twelve chars").unwrap().check_new().unwrap();
        let of_file = Passphrase::of_file("twelve chars\r\nnot this\n".to_owned()).unwrap();
        assert!(of_file.is(&passphrase("twelve chars").unwrap()));
        assert!(Passphrase::of_file("\nx\n".to_owned()).is_err());
        assert_eq!(format!("{:?}", passphrase("secret").unwrap()), "Passphrase");
    }
}
