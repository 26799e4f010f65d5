//! Compiled packs on the disk, so that a host that starts does not compile.
//!
//! An entry is a file named after its [`Key`]: 4 bytes `RPC1`, a digest of 32 bytes, and the rest: the key,
//! and the [`Made`]. The digest is that of a secret of this host and the digest of the rest. It finds
//! what a disk got wrong, an entry under another's name, and one that another host wrote or somebody
//! sent: an entry is machine code, and only this host's own is ever loaded (`compiled.rs`). Whoever
//! can read the secret and write the folder is this user, and needs no cache to run code.
//!
//! Truth is elsewhere: the cache may be deleted at any time. Its caller makes anew what it does not have.

use std::fs::{self, DirBuilder, Permissions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack::{Pack, columnar};

use crate::engine::Engine;
use crate::input::{Grants, LoadInput};
use crate::made::Made;
use crate::numbering::Bounds;

/// The compiled packs of one host.
#[derive(Debug)]
pub struct CompiledCache {
    folder: PathBuf,
    secret: [u8; 32],
}

/// What an entry depends on: the sealed pack, what is set for it, the limits, and the engine with its
/// settings and the features of the processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(Digest);

/// Why the cache cannot be used, or an entry is not used. The host goes on without.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The file system.
    #[error("`{path}` cannot be used: {source}")]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others could write machine code into it.
    #[error("`{path}` is not a folder for this user alone (mode {mode:o}, expected 700)")]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Not what this host wrote there.
    #[error("`{0}` is not as this host wrote it")]
    Altered(PathBuf),
}

impl CacheError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            CacheError::NotPrivate { .. } => {
                Some("delete the folder: its content cannot be trusted, and is made anew")
            }
            _ => None,
        }
    }
}

const MAGIC: &[u8; 4] = b"RPC1";
const TAG: usize = 32;
/// More entries than versions that anybody uses side by side; the oldest go.
const ENTRIES_MAX: usize = 400;

impl CompiledCache {
    /// The cache in a folder, which is made where it is missing. `secret` is random, kept by the host
    /// outside this folder, and told to nobody.
    ///
    /// # Errors
    /// Where the folder cannot be made, or is open to others.
    pub fn open(folder: &Path, secret: [u8; 32]) -> Result<Self, CacheError> {
        let failed = |source| CacheError::Io {
            path: folder.to_owned(),
            source,
        };
        let made = DirBuilder::new().mode(0o700).create(folder);
        if let Err(error) = made
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(failed(error));
        }
        let mode = fs::symlink_metadata(folder).map_err(failed)?.permissions();
        let mode = mode.mode();
        if mode & 0o170_777 != 0o040_700 {
            return Err(CacheError::NotPrivate {
                path: folder.to_owned(),
                mode: mode & 0o7777,
            });
        }
        Ok(CompiledCache {
            folder: folder.to_owned(),
            secret,
        })
    }

    /// The entry with this key; none where there is none.
    ///
    /// # Errors
    /// [`CacheError::Altered`] where it is not what was put there, or it cannot be read.
    pub fn get(&self, engine: &Engine, key: &Key) -> Result<Option<Made>, CacheError> {
        let path = self.path(key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(CacheError::Io { path, source }),
        };
        let content = self.content(key, &bytes);
        let made =
            content.and_then(|bytes| Made::from_bytes(bytes, Bounds::new(engine.limits())).ok());
        match made {
            Some(made) => Ok(Some(made)),
            None => Err(CacheError::Altered(path)),
        }
    }

    /// Puts an entry: a temporary file, readable to this user alone, that is renamed. It is not synced: a
    /// power cut leaves an entry that [`CompiledCache::get`] refuses.
    ///
    /// # Errors
    /// [`CacheError::Io`], on a full disk for one; nothing is left behind then.
    pub fn put(&self, key: &Key, made: &Made) -> Result<(), CacheError> {
        let path = self.path(key);
        // A name of its own: another thread or process may be writing the same entry.
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}", std::process::id()));
        let mut content = key.0.as_bytes().to_vec();
        content.extend(made.to_bytes());
        let written = write_private(
            &temporary,
            &[MAGIC, self.tag(&content).as_bytes(), &content],
        );
        let renamed = written.and_then(|()| fs::rename(&temporary, &path));
        if let Err(source) = renamed {
            // Half an entry takes room that is wanted elsewhere.
            let _ = fs::remove_file(&temporary);
            return Err(CacheError::Io { path, source });
        }
        self.remove_oldest();
        Ok(())
    }

    /// What stands behind the tag and the key, once both are right.
    fn content<'a>(&self, key: &Key, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (tag, content) = rest.split_at_checked(TAG)?;
        let is_ours = self.tag(content).as_bytes() == tag;
        let made = content.strip_prefix(key.0.as_bytes())?;
        is_ours.then_some(made)
    }

    /// Both parts have fixed lengths, so neither can be taken for a piece of the other.
    fn tag(&self, content: &[u8]) -> Digest {
        let mut hasher = Digest::hasher();
        hasher.update(&self.secret);
        hasher.update(Digest::of(content).as_bytes());
        hasher.finish()
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(key.0.to_string())
    }

    /// Keeps the number of entries bounded. What cannot be removed is tried again the next time.
    fn remove_oldest(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in entries.flatten() {
            let written = entry.metadata().and_then(|metadata| metadata.modified());
            files.push((written.unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
        }
        files.sort();
        for (_, path) in files.iter().take(files.len().saturating_sub(ENTRIES_MAX)) {
            let _ = fs::remove_file(path);
        }
    }
}

fn write_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    for part in parts {
        file.write_all(part)?;
    }
    file.flush()
}

impl Key {
    /// The key of a sealed pack with what is set for it, under an engine.
    #[must_use]
    pub fn new(engine: &Engine, pack: &Pack, input: &LoadInput) -> Self {
        let mut parts = Parts(Digest::hasher());
        parts.put(b"rulepack compiled 1");
        let evaluate = &engine.shared.evaluate;
        evaluate.precompile_compatibility_hash().hash(&mut parts);
        parts.put(format!("{:?}", engine.limits()).as_bytes());
        parts.put(pack.digest.as_bytes());
        parts.put(format!("{:?}", input.parameters).as_bytes());
        for (name, table) in &input.supplied {
            parts.put(name.as_bytes());
            // One that cannot be encoded cannot be prepared with either: nothing is ever put.
            parts.put(&columnar::encode(table).unwrap_or_default());
        }
        match &input.grants {
            Grants::All => parts.put(b"all"),
            Grants::Only(columns) => parts.put(format!("{columns:?}").as_bytes()),
        }
        Key(parts.0.finish())
    }
}

/// Each part with its length before it.
struct Parts(rulepack_protocol::digest::Hasher);

impl Parts {
    fn put(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
}

/// So that wasmtime can say what its compiled forms depend on.
impl Hasher for Parts {
    fn write(&mut self, bytes: &[u8]) {
        self.put(bytes);
    }

    /// Never asked for: the digest is taken instead.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is never loaded, and why a start goes on all the same, is shown in `tests/compiled_cache.rs`.
    #[test]
    fn errors_name_the_file_and_what_to_do() {
        let path = PathBuf::from("compiled");
        let open = CacheError::NotPrivate {
            path: path.clone(),
            mode: 0o755,
        };
        assert_eq!(
            open.to_string(),
            "`compiled` is not a folder for this user alone (mode 755, expected 700)"
        );
        assert!(open.hint().unwrap().starts_with("delete the folder"));
        let altered = CacheError::Altered(path.clone());
        assert_eq!(
            altered.to_string(),
            "`compiled` is not as this host wrote it"
        );
        assert_eq!(altered.hint(), None);
        let source = io::Error::other("no space left");
        let full = CacheError::Io { path, source };
        assert_eq!(full.to_string(), "`compiled` cannot be used: no space left");
    }
}
