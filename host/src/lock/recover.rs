//! A damaged or lost lock, put in its place again by the service: not made anew, but taken from those that this host
//! keeps by digest. `locks/latest` names the one that was put in force last; it is written before the lock itself.

use std::path::PathBuf;

use rulepack_protocol::digest::Digest;

use super::{Lock, LockError};
use crate::client::NoFailures;
use crate::files;
use crate::settings::HostFolder;

/// Where the digest of the lock stands that was put in force last.
pub(super) fn latest(folder: &HostFolder) -> PathBuf {
    folder.locks().join("latest")
}

/// Where a damaged lock is kept for whoever wants to know what became of it.
pub(crate) fn aside(folder: &HostFolder) -> PathBuf {
    folder.root().join("lock.json.damaged")
}

impl Lock {
    /// The lock of a host that serves. Where its file was altered or lost, the one that was put in force last is put
    /// there again, and what was wrong is answered beside it: without it nobody would be judged.
    ///
    /// # Errors
    /// [`LockError`] of the file itself, where the last one is not known or not whole either, as after a release that
    /// did not note it: an earlier one could put a withdrawn version in force again.
    pub fn read_or_recover(folder: &HostFolder) -> Result<(Self, Option<String>), LockError> {
        let error = match Self::read(folder) {
            Ok(lock) => {
                note_where_missing(folder, &lock);
                return Ok((lock, None));
            }
            Err(error @ LockError::Io { .. }) => return Err(error),
            Err(error) => error,
        };
        let _editing = Self::edit(folder)?;
        // Whoever changed the lock meanwhile has mended it.
        if let Ok(lock) = Self::read(folder) {
            return Ok((lock, None));
        }
        let Some(lock) = last(folder) else {
            return Err(error);
        };
        let told = format!("{error}; the lock that was put in force last stands in its place");
        tracing::error!(%error, lock = %lock.digest(), "a lock was put in its place again");
        // On a full disk the service goes on with it all the same, and the next start tries again.
        if let Err(error) = put_back(folder, &lock) {
            tracing::error!(%error, "the lock cannot be written again");
        }
        Ok((lock, Some(told)))
    }
}

/// An earlier release noted none. Where the disk refuses, the next lock that is written notes itself.
fn note_where_missing(folder: &HostFolder, lock: &Lock) {
    let latest = latest(folder);
    if !latest.exists()
        && folder.lock().exists()
        && let Err(error) = files::replace(&latest, lock.digest().to_string().as_bytes())
    {
        tracing::warn!(%error, "which lock is in force cannot be noted");
    }
}

/// The lock that was put in force last, hashed again; `None` where that cannot be told.
fn last(folder: &HostFolder) -> Option<Lock> {
    let name = files::read_if_there(&latest(folder)).ok()??;
    let digest: Digest = std::str::from_utf8(&name).ok()?.trim().parse().ok()?;
    Lock::with_digest(folder, &digest).ok()?
}

fn put_back(folder: &HostFolder, lock: &Lock) -> Result<(), LockError> {
    let path = folder.lock();
    if path.exists() {
        let aside = aside(folder);
        std::fs::copy(&path, &aside).map_err(|source| LockError::Io {
            path: aside,
            source,
        })?;
    }
    lock.write(folder, &NoFailures)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::tests::version;
    use super::*;
    use crate::client::{FailurePoint, Failures};

    fn locked() -> (tempfile::TempDir, HostFolder, Lock) {
        let root = tempfile::tempdir().unwrap();
        let folder = HostFolder::at(root.path());
        let mut lock = Lock::default();
        lock.put(version("1.0.0", "2026-01-01", "2025-12-20"));
        lock.write(&folder, &NoFailures).unwrap();
        lock.put(version("1.1.0", "2026-06-01", "2026-05-20"));
        lock.write(&folder, &NoFailures).unwrap();
        (root, folder, lock)
    }

    #[test]
    fn a_lock_that_was_altered_or_lost_is_the_last_one_again_and_never_an_earlier_one() {
        let (_root, folder, lock) = locked();
        let good = fs::read(folder.lock()).unwrap();
        let text = String::from_utf8(good.clone()).unwrap();
        let dated_back = text.replace("2026-05-20", "2026-01-20");
        for damage in [Some("{"), Some(&*dated_back), None] {
            match damage {
                Some(text) => fs::write(folder.lock(), text).unwrap(),
                None => fs::remove_file(folder.lock()).unwrap(),
            }
            Lock::read(&folder).unwrap_err();
            let (found, told) = Lock::read_or_recover(&folder).unwrap();
            assert_eq!(found, lock, "{damage:?}");
            let end = "; the lock that was put in force last stands in its place";
            assert!(told.unwrap().ends_with(end), "{damage:?}");
            assert_eq!(fs::read(folder.lock()).unwrap(), good);
            assert_eq!(Lock::read_or_recover(&folder).unwrap(), (found, None));
        }
        assert!(aside(&folder).exists());
    }

    #[test]
    fn where_the_last_lock_is_not_known_or_not_whole_nothing_takes_its_place() {
        let (_root, folder, lock) = locked();
        let kept = folder.locks().join(format!("{}.json", lock.digest()));
        let bytes = fs::read(&kept).unwrap();
        fs::write(folder.lock(), "{").unwrap();
        for spoil in [&kept, &latest(&folder)] {
            let good = fs::read(spoil).unwrap();
            for damage in [Some(&b"x"[..]), None] {
                match damage {
                    Some(bytes) => fs::write(spoil, bytes).unwrap(),
                    None => fs::remove_file(spoil).unwrap(),
                }
                let error = Lock::read_or_recover(&folder).unwrap_err().to_string();
                assert!(error.contains("lock.json` is not a lock: "), "{error}");
            }
            fs::write(spoil, good).unwrap();
        }
        assert_eq!(fs::read(&kept).unwrap(), bytes);
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, lock);
    }

    #[test]
    fn a_host_of_an_earlier_release_notes_its_lock_when_it_is_read() {
        let (_root, folder, lock) = locked();
        fs::remove_file(latest(&folder)).unwrap();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, lock);
        fs::write(folder.lock(), "{").unwrap();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, lock);
        // Where nothing was ever locked, nothing is noted.
        let root = tempfile::tempdir().unwrap();
        let new = HostFolder::at(root.path());
        Lock::read_or_recover(&new).unwrap();
        assert!(!latest(&new).exists());
    }

    #[test]
    fn a_stop_between_the_name_of_a_lock_and_the_lock_itself_leaves_the_old_one_in_force() {
        struct Killed;
        impl Failures for Killed {
            fn reach(&self, point: FailurePoint) -> std::io::Result<()> {
                match point {
                    FailurePoint::LockKept => Err(std::io::Error::other("killed")),
                    _ => Ok(()),
                }
            }
        }
        let (_root, folder, lock) = locked();
        let mut next = lock.clone();
        next.put(version("1.2.0", "2026-07-01", "2026-06-20"));
        next.write(&folder, &Killed).unwrap_err();
        assert_eq!(Lock::read_or_recover(&folder).unwrap(), (lock, None));
        // What had been decided is what a damaged lock comes to.
        fs::write(folder.lock(), "{").unwrap();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, next);
    }
}
