//! The lock on the disk: replaced whole, each one kept by its digest, and nothing else believed.

use std::fs::File;
use std::path::PathBuf;

use rulepack_protocol::digest::Digest;

use super::{Lock, recover};
use crate::client::{FailurePoint, Failures, NoFailures};
use crate::files;
use crate::settings::HostFolder;

/// Whoever holds it does alone what it is asked for. The system gives it free where a process dies.
#[derive(Debug)]
pub struct Editing {
    _file: File,
}

/// Why a lock cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The file system refuses.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Not a lock.
    #[error("`{path}` is not a lock: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A lock that this host never wrote: each one that it writes is kept by its digest too.
    #[error("`{path}` was altered: its sha256 {digest} is not among those kept in `locks`")]
    Altered {
        /// The file.
        path: PathBuf,
        /// Of what it says now.
        digest: Digest,
    },
    /// There were locks, and the one in force is gone. It is not made anew, which would forget since when
    /// each version is known.
    #[error("`{0}` is missing, although this host has had one")]
    Lost(PathBuf),
    /// A kept lock is not the one that its name says.
    #[error("the lock `{expected}` has the digest `{found}`")]
    Other {
        /// Its name.
        expected: Digest,
        /// What it is.
        found: Digest,
    },
}

impl LockError {
    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            LockError::Io { .. } | LockError::Other { .. } => None,
            LockError::Json { .. } | LockError::Altered { .. } | LockError::Lost(_) => Some(
                "put the newest file of `locks` in its place; the next `sync` brings it up to date",
            ),
        }
    }
}

impl Lock {
    /// The lock of a host; an empty one where nothing was ever locked. What is not among the locks that
    /// this host has kept is not believed: a flipped bit could put a withdrawn version in force, or date
    /// one back.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn read(folder: &HostFolder) -> Result<Self, LockError> {
        let path = folder.lock();
        let bytes = match files::read_if_there(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) if has_had_one(folder) => return Err(LockError::Lost(path)),
            Ok(None) => return Ok(Self::default()),
            Err(source) => return Err(LockError::Io { path, source }),
        };
        let lock: Self = match serde_json::from_slice(&bytes) {
            Ok(lock) => lock,
            Err(source) => return Err(LockError::Json { path, source }),
        };
        let digest = lock.digest();
        match lock.kept(folder).exists() {
            true => Ok(lock),
            false => Err(LockError::Altered { path, digest }),
        }
    }

    /// The lock that was in force with this digest; `None` where the host never had it.
    ///
    /// # Errors
    /// [`LockError`], also where the file is not the one that its name says.
    pub fn with_digest(folder: &HostFolder, digest: &Digest) -> Result<Option<Self>, LockError> {
        let none = Self::default();
        if none.digest() == *digest {
            return Ok(Some(none));
        }
        let path = folder.locks().join(format!("{digest}.json"));
        let bytes = match files::read_if_there(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(source) => return Err(LockError::Io { path, source }),
        };
        let lock: Self = match serde_json::from_slice(&bytes) {
            Ok(lock) => lock,
            Err(source) => return Err(LockError::Json { path, source }),
        };
        match lock.digest() {
            found if found == *digest => Ok(Some(lock)),
            found => Err(LockError::Other {
                expected: *digest,
                found,
            }),
        }
    }

    /// Where it is kept by its digest.
    fn kept(&self, folder: &HostFolder) -> PathBuf {
        folder.locks().join(format!("{}.json", self.digest()))
    }

    /// Keeps all others from changing the lock until this is dropped: an update, and a person who holds or
    /// approves a version meanwhile, must not undo each other's work. Readers do not wait. It is held for
    /// moments only.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn edit(folder: &HostFolder) -> Result<Editing, LockError> {
        Self::alone(folder, folder.lock_editing())
    }

    /// Keeps other updates waiting until this is dropped: it may take as long as shadow runs do.
    ///
    /// # Errors
    /// [`LockError::Io`].
    pub fn updating(folder: &HostFolder) -> Result<Editing, LockError> {
        Self::alone(folder, folder.updating())
    }

    fn alone(folder: &HostFolder, path: PathBuf) -> Result<Editing, LockError> {
        let open = || {
            std::fs::create_dir_all(folder.root())?;
            let file = File::create(&path)?;
            file.lock()?;
            Ok(Editing { _file: file })
        };
        open().map_err(|source| LockError::Io { path, source })
    }

    /// Puts the lock in force. It is kept by its digest too, so that an old verdict finds it.
    ///
    /// # Errors
    /// [`LockError`]; the old lock is then still in force, unless a test stops after it.
    pub fn write(&self, folder: &HostFolder, failures: &dyn Failures) -> Result<(), LockError> {
        let bytes = serde_json::to_vec_pretty(self).expect("a lock holds texts and booleans only");
        let kept = self.kept(folder);
        let path = folder.lock();
        let failed = |path: &PathBuf, source| LockError::Io {
            path: path.clone(),
            source,
        };
        let reach = |point| {
            failures
                .reach(point)
                .map_err(|source| failed(&path, source))
        };
        reach(FailurePoint::BeforeLock)?;
        if *self != Self::default() && !path.exists() && !has_had_one(folder) {
            // So that one that is gone can be told from one that never was. Where there was one, an empty one would
            // be in force for a moment.
            Self::default().write(folder, &NoFailures)?;
        }
        files::replace(&kept, &bytes).map_err(|source| failed(&kept, source))?;
        recover::note(folder, &self.digest())?;
        reach(FailurePoint::LockKept)?;
        files::replace(&path, &bytes).map_err(|source| failed(&path, source))?;
        reach(FailurePoint::AfterLock)
    }
}

/// Whether any lock but the empty one is kept: that one is in force before any other is written.
fn has_had_one(folder: &HostFolder) -> bool {
    let empty = Lock::default().digest();
    let names = std::fs::read_dir(folder.locks()).into_iter().flatten();
    let mut digests = names.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.strip_suffix(".json")?.parse::<Digest>().ok()
    });
    digests.any(|digest| digest != empty)
}

#[cfg(test)]
mod tests {
    use super::super::tests::version;
    use super::*;

    /// A host with two versions in its lock, and the bytes of `lock.json`.
    fn locked() -> (tempfile::TempDir, HostFolder, Vec<u8>) {
        let root = tempfile::tempdir().unwrap();
        let folder = HostFolder::at(root.path());
        assert_eq!(Lock::read(&folder).unwrap(), Lock::default());
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        lock.put(version("1.1.0", "2026-06-01", "2026-05-20"));
        lock.write(&folder, &NoFailures).unwrap();
        assert_eq!(Lock::read(&folder).unwrap(), lock);
        let bytes = std::fs::read(folder.lock()).unwrap();
        (root, folder, bytes)
    }

    #[test]
    fn no_mutated_byte_of_a_lock_changes_what_is_in_force() {
        let (_root, folder, bytes) = locked();
        let lock = Lock::read(&folder).unwrap();
        for index in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[index] ^= 1 << bit;
                std::fs::write(folder.lock(), &changed).unwrap();
                // White space between two fields may be another one.
                let read = Lock::read(&folder);
                assert!(
                    read.is_err() || read.is_ok_and(|read| read == lock),
                    "bit {bit} of byte {index}"
                );
            }
        }
        let text = String::from_utf8(bytes).unwrap();
        std::fs::write(folder.lock(), text.replace("2026-05-20", "2026-01-20")).unwrap();
        let error = Lock::read(&folder).unwrap_err();
        let LockError::Altered { digest, .. } = &error else {
            panic!("{error}")
        };
        let path = folder.lock();
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` was altered: its sha256 {digest} is not among those kept in `locks`",
                path.display()
            )
        );
        // What the hint says helps.
        assert!(
            error
                .hint()
                .unwrap()
                .starts_with("put the newest file of `locks`")
        );
        let kept = folder.locks().join(format!("{}.json", lock.digest()));
        std::fs::copy(kept, &path).unwrap();
        assert_eq!(Lock::read(&folder).unwrap(), lock);
    }

    #[test]
    fn a_lock_that_is_gone_is_told_and_not_made_anew() {
        let (_root, folder, _) = locked();
        std::fs::remove_file(folder.lock()).unwrap();
        let path = folder.lock();
        assert_eq!(
            Lock::read(&folder).unwrap_err().to_string(),
            format!(
                "`{}` is missing, although this host has had one",
                path.display()
            )
        );
    }

    #[test]
    fn a_first_lock_that_was_stopped_at_any_point_is_written_by_the_next_update() {
        struct StopAt(FailurePoint);
        impl Failures for StopAt {
            fn reach(&self, point: FailurePoint) -> std::io::Result<()> {
                match point == self.0 {
                    true => Err(std::io::Error::other("killed")),
                    false => Ok(()),
                }
            }
        }
        for point in [FailurePoint::BeforeLock, FailurePoint::LockKept] {
            let root = tempfile::tempdir().unwrap();
            let folder = HostFolder::at(root.path());
            let mut lock = Lock::default();
            lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
            lock.write(&folder, &StopAt(point)).unwrap_err();
            assert_eq!(Lock::read(&folder).unwrap(), Lock::default(), "{point:?}");
            lock.write(&folder, &NoFailures).unwrap();
            assert_eq!(Lock::read(&folder).unwrap(), lock);
        }
    }
}
