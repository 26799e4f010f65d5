//! The key with which a host signs its journal.
//!
//! It lies open, in a file for its user alone: the host starts unattended, so a passphrase would lie beside
//! it. Whoever has it can sign what this host never recorded; that is what acknowledged heads are for.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{LockedKey, SecretKey};

use super::JournalError;
use crate::files;
use crate::settings::HostFolder;

/// Makes the key of a host, where it has none.
///
/// # Errors
/// [`JournalError`] where it cannot be written.
pub fn make_key(folder: &HostFolder) -> Result<SecretKey, JournalError> {
    let path = folder.host_key();
    if path.exists() {
        return read_key(folder);
    }
    let failed = |source| JournalError::io(&path, source);
    let random = || io::Error::other("the system has no randomness");
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_| failed(random()))?;
    let person = "host".parse().expect("a word of lower-case letters");
    let key = SecretKey::from_seed(seed, person);
    let write = || {
        std::fs::create_dir_all(folder.root())?;
        let temporary = path.with_extension("key.new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(key.to_open_file().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &path)?;
        files::sync_folder(folder.root())
    };
    write().map_err(failed)?;
    Ok(key)
}

/// The key of a host.
///
/// # Errors
/// [`JournalError`] where there is none, others can read it, or it is not one.
pub fn read_key(folder: &HostFolder) -> Result<SecretKey, JournalError> {
    let path = folder.host_key();
    let failed = |source| JournalError::io(&path, source);
    let mode = std::fs::metadata(&path).map_err(failed)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(JournalError::OpenKey { path, mode });
    }
    let text = std::fs::read_to_string(&path).map_err(failed)?;
    LockedKey::read(text)
        .and_then(|locked| locked.unlock(None))
        .map_err(|source| JournalError::Key { path, source })
}

/// The salt of one answer: derived from the host's key, so that nobody without it can try out which data a
/// digest of the journal is of. A receipt holds the salt of its own answer.
#[must_use]
pub fn salt(key: &SecretKey, answer: &str) -> Digest {
    let file = key.to_open_file();
    let mut hasher = Digest::hasher();
    hasher.update(b"rulepack salt 1\0");
    hasher.update(Digest::of(file.as_bytes()).as_bytes());
    hasher.update(answer.as_bytes());
    hasher.finish()
}

/// The salted digest of bytes.
#[must_use]
pub fn salted(salt: &Digest, bytes: &[u8]) -> Digest {
    let mut hasher = Digest::hasher();
    hasher.update(salt.as_bytes());
    hasher.update(bytes);
    hasher.finish()
}
