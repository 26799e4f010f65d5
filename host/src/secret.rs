//! Secrets of this host: 32 random bytes in a file that only its owner reads.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::files;

/// The secret in a file; `None` where there is none, or something else.
///
/// # Errors
/// Where the file is there and cannot be read.
pub(crate) fn read(path: &Path) -> io::Result<Option<[u8; 32]>> {
    let kept = files::read_if_there(path)?;
    Ok(kept.and_then(|bytes| bytes.try_into().ok()))
}

/// Makes a new secret, and keeps it.
///
/// # Errors
/// Where the file cannot be written, or the system has no randomness.
pub(crate) fn make(path: &Path) -> io::Result<[u8; 32]> {
    let secret = random()?;
    // `replace` writes through a temporary file, which is private from its first moment.
    files::replace(path, &secret)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(secret)
}

/// So many random bytes.
///
/// # Errors
/// Where the system has no randomness.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("the system has no randomness"))?;
    Ok(bytes)
}
