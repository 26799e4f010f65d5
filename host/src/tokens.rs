//! Who may ask the service: bearer tokens, each with one role.
//!
//! `tokens.json` in the host's folder holds the digest of each token, never a token, and is read by its owner
//! alone. It is read for every request, so that what is revoked is refused at once. A token has 32 random
//! bytes: nothing is gained by hashing it slowly.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use serde::{Deserialize, Serialize};

use crate::{files, secret};

/// What every token begins with, so that one that leaked is recognised.
const PREFIX: &str = "rulepack_";
/// Bits that users other than the owner may have: none.
const OTHERS: u32 = 0o077;

/// What the bearer of a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Asks before and during care, and tells what was decided: 3101, 3102, 3103.
    His,
    /// Reads what was found, with the patients that it was found at.
    Auditor,
    /// Looks after the host: no patient data.
    Administrator,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 3] = [Role::His, Role::Auditor, Role::Administrator];

    /// As it is written where people name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::His => "his",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }
}

/// A token, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// By which people call it: the first eight digits of the digest.
    pub id: String,
    /// What its bearer may do.
    pub role: Role,
    /// Whom or what it was made for.
    pub holder: String,
    /// When it was made.
    pub made: Day,
    digest: Digest,
}

/// The tokens of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tokens(Vec<Token>);

/// Why tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The file system refuses.
    #[error("cannot use `{path}`")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is something else.
    #[error("`{path}` does not hold tokens")]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// Other users of the machine could add one.
    #[error("`{0}` can be used by other users of this machine")]
    NotPrivate(PathBuf),
    /// No such token.
    #[error("there is no token `{0}`")]
    Unknown(String),
}

impl TokensError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            TokensError::NotPrivate(path) => Some(format!("`chmod 600 {}`", path.display())),
            TokensError::Unknown(_) => {
                Some("`rulepack token list` shows those there are".to_owned())
            }
            TokensError::Io { .. } | TokensError::Json { .. } => None,
        }
    }
}

impl Tokens {
    /// The tokens in this file; none where it is missing.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        let failed = |source| TokensError::Io {
            path: path.to_owned(),
            source,
        };
        let Some(bytes) = files::read_if_there(path).map_err(failed)? else {
            return Ok(Tokens::default());
        };
        let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & OTHERS != 0 {
            return Err(TokensError::NotPrivate(path.to_owned()));
        }
        serde_json::from_slice(&bytes).map_err(|source| TokensError::Json {
            path: path.to_owned(),
            source,
        })
    }

    /// Makes a token and keeps its digest in the file. The token is told this once.
    ///
    /// # Errors
    /// [`TokensError`].
    pub fn make(
        path: &Path,
        role: Role,
        holder: &str,
        made: Day,
    ) -> Result<(Token, String), TokensError> {
        let mut tokens = Tokens::read(path)?;
        let bytes: [u8; 32] = secret::random().map_err(|source| TokensError::Io {
            path: path.to_owned(),
            source,
        })?;
        let text = format!("{PREFIX}{}", hex::encode(bytes));
        let digest = Digest::of(text.as_bytes());
        let token = Token {
            id: digest.to_string().chars().take(8).collect(),
            role,
            holder: holder.to_owned(),
            made,
            digest,
        };
        tokens.0.push(token.clone());
        tokens.write(path)?;
        Ok((token, text))
    }

    /// Takes a token away: its bearer is refused from now on.
    ///
    /// # Errors
    /// [`TokensError::Unknown`], and where the file cannot be used.
    pub fn revoke(path: &Path, id: &str) -> Result<Token, TokensError> {
        let mut tokens = Tokens::read(path)?;
        let place = tokens.0.iter().position(|token| token.id == id);
        let place = place.ok_or_else(|| TokensError::Unknown(id.to_owned()))?;
        let revoked = tokens.0.remove(place);
        tokens.write(path)?;
        Ok(revoked)
    }

    /// The role of whoever shows this text; `None` where it is no token.
    #[must_use]
    pub fn role(&self, text: &str) -> Option<Role> {
        self.bearer(text).map(|token| token.role)
    }

    /// The token that this text is; `None` where it is none. Takes as long for a wrong text as for a right one:
    /// every token is compared, to its end.
    #[must_use]
    pub fn bearer(&self, text: &str) -> Option<&Token> {
        let shown = Digest::of(text.as_bytes());
        let mut bearer = None;
        for token in &self.0 {
            if is_same(&token.digest, &shown) {
                bearer = Some(token);
            }
        }
        bearer
    }

    /// Whether any token has this role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.0.iter().any(|token| token.role == role)
    }

    /// All, in the order in which they were made.
    #[must_use]
    pub fn all(&self) -> &[Token] {
        &self.0
    }

    fn write(&self, path: &Path) -> Result<(), TokensError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|source| TokensError::Json {
            path: path.to_owned(),
            source,
        })?;
        // The temporary file that `replace` writes through is the owner's alone, and stays so.
        files::replace(path, &bytes).map_err(|source| TokensError::Io {
            path: path.to_owned(),
            source,
        })
    }
}

/// Compares all bytes, wherever the first difference is.
fn is_same(one: &Digest, other: &Digest) -> bool {
    let pairs = one.as_bytes().iter().zip(other.as_bytes());
    let differences = pairs.fold(0, |found, (a, b)| found | (a ^ b));
    std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        "2026-11-22".parse().unwrap()
    }

    #[test]
    fn a_token_is_kept_as_its_digest_and_refused_once_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let (his, text) = Tokens::make(&path, Role::His, "HIS", today()).unwrap();
        let (_, auditor) = Tokens::make(&path, Role::Auditor, "张三", today()).unwrap();
        let kept = fs::read_to_string(&path).unwrap();
        assert!(!kept.contains(&text) && !kept.contains(text.strip_prefix(PREFIX).unwrap()));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let tokens = Tokens::read(&path).unwrap();
        assert_eq!(tokens.role(&text), Some(Role::His));
        assert_eq!(tokens.role(&auditor), Some(Role::Auditor));
        for other in [
            "",
            PREFIX,
            &his.id,
            &format!("{text} "),
            &text.to_uppercase(),
        ] {
            assert_eq!(tokens.role(other), None, "{other}");
        }
        Tokens::revoke(&path, &his.id).unwrap();
        let tokens = Tokens::read(&path).unwrap();
        assert_eq!(tokens.role(&text), None);
        assert!(!tokens.has(Role::His) && tokens.has(Role::Auditor));
        let error = Tokens::revoke(&path, &his.id).unwrap_err();
        assert_eq!(error.to_string(), format!("there is no token `{}`", his.id));
        assert_eq!(
            error.hint().unwrap(),
            "`rulepack token list` shows those there are"
        );
    }

    #[test]
    fn tokens_that_others_could_change_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        Tokens::make(&path, Role::His, "HIS", today()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
        let error = Tokens::read(&path).unwrap_err();
        let shown = path.display();
        let expected = format!("`{shown}` can be used by other users of this machine");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.hint().unwrap(), format!("`chmod 600 {shown}`"));
        fs::write(&path, "{").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let error = Tokens::read(&path).unwrap_err();
        assert_eq!(error.to_string(), format!("`{shown}` does not hold tokens"));
    }
}
