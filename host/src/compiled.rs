//! The host's cache of compiled packs, and the secret under which it knows its own again.

use rulepack_engine::cache::{CacheError, CompiledCache};

use crate::secret;
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
    let secret = match secret::read(&path).map_err(failed)? {
        Some(secret) => secret,
        None => secret::make(&path).map_err(failed)?,
    };
    CompiledCache::open(&folder.compiled(), secret).map(Some)
}
