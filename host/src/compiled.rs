//! The host's cache of compiled packs, and the secret under which it knows its own again.

use std::io;
use std::path::Path;

use rulepack_engine::cache::{CacheError, CompiledCache};

use crate::files;
use crate::secret;
use crate::settings::HostFolder;

/// Opens the cache; none where no host is set up, for nothing is written there.
pub(crate) fn open(folder: &HostFolder) -> Result<Option<CompiledCache>, CacheError> {
    if !folder.is_set_up() {
        return Ok(None);
    }
    let path = folder.compiled_secret();
    let secret = secret_in(&path).map_err(|source| CacheError::Io { path, source })?;
    CompiledCache::open(&folder.compiled(), secret).map(Some)
}

/// The secret in a file. One that holds none is replaced: entries under the old one are then refused, and made anew
/// too. Of several processes that find no file at the same time the first makes it for all.
fn secret_in(path: &Path) -> io::Result<[u8; 32]> {
    // Looked at once: between two looks another process may have made it.
    match files::read_if_there(path)?.map(<[u8; 32]>::try_from) {
        Some(Ok(secret)) => Ok(secret),
        Some(Err(_)) => secret::make(path),
        None => secret::read_or_make(path),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::*;

    #[test]
    fn all_who_start_at_the_same_time_have_one_secret_and_a_damaged_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..60 {
            let path = folder.path().join(round.to_string());
            let secrets = thread::scope(|scope| {
                let starting = [(); 8].map(|()| scope.spawn(|| secret_in(&path).unwrap()));
                starting.map(|one| one.join().unwrap())
            });
            assert_eq!(secrets, [secrets[0]; 8]);
            fs::write(&path, b"short").unwrap();
            let replaced = secret_in(&path).unwrap();
            assert_ne!(replaced, secrets[0]);
            assert_eq!(secret_in(&path).unwrap(), replaced);
        }
    }
}
