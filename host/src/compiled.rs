//! The host's cache of compiled packs, and the secret under which it knows its own again.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rulepack_engine::cache::{CacheError, CompiledCache};

use crate::files;
use crate::settings::HostFolder;

/// Opens the cache; none where no host is set up, for nothing is written there. A secret that is missing, or
/// not one, is made anew: entries under the old one are then refused, and made anew too.
pub(crate) fn open(folder: &HostFolder) -> Result<Option<CompiledCache>, CacheError> {
    if !folder.is_set_up() {
        return Ok(None);
    }
    let path = folder.compiled_secret();
    let failed = |source| CacheError::Io {
        path: path.clone(),
        source,
    };
    let kept = files::read_if_there(&path).map_err(failed)?;
    let secret = match kept.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        Some(secret) => secret,
        None => make_secret(&path).map_err(failed)?,
    };
    CompiledCache::open(&folder.compiled(), secret).map(Some)
}

fn make_secret(path: &Path) -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|_| io::Error::other("the system has no randomness"))?;
    // `replace` writes through a temporary file, which is private from its first moment.
    files::replace(path, &secret)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(secret)
}
