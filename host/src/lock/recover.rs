//! A damaged or lost lock, put in its place again by the service: not made anew, but taken from those that this host
//! keeps by digest. `locks/latest` names the one that was put in force last; it is written before the lock itself.

use std::path::PathBuf;

use rulepack_protocol::digest::Digest;

use super::{Lock, LockError};
use crate::client::NoFailures;
use crate::files;
use crate::set_aside;
use crate::settings::HostFolder;

/// Where the digest of the lock stands that was put in force last.
fn latest(folder: &HostFolder) -> PathBuf {
    folder.locks().join("latest")
}

/// Notes that the lock of this digest is put in force.
///
/// # Errors
/// [`LockError::Io`].
pub(super) fn note(folder: &HostFolder, digest: &Digest) -> Result<(), LockError> {
    let path = latest(folder);
    let noted = files::replace(&path, digest.to_string().as_bytes());
    noted.map_err(|source| LockError::Io { path, source })
}

/// The names of damaged locks that are kept for whoever wants to know what became of them.
pub(crate) fn kept_aside(folder: &HostFolder) -> Vec<String> {
    let mut names = set_aside::names(folder.root()).unwrap_or_default();
    names.retain(|name| set_aside::original(&folder.root().join(name)) == Some(folder.lock()));
    names
}

impl Lock {
    /// The lock of a host that serves. Where its file was altered or lost, the one that was put in force last is put
    /// there again, and what was wrong is answered beside it: without it nobody would be judged.
    ///
    /// # Errors
    /// [`LockError`] of the file itself, where the last one is not known or not whole either, as after a release that
    /// did not note it: an earlier one could put a withdrawn version in force again.
    pub fn read_or_recover(folder: &HostFolder) -> Result<(Self, Option<String>), LockError> {
        in_force(folder, Self::read(folder))
    }
}

/// The lock in force, by what was read of it.
fn in_force(
    folder: &HostFolder,
    read: Result<Lock, LockError>,
) -> Result<(Lock, Option<String>), LockError> {
    let error = match read {
        Ok(lock) => return Ok((note_in_force(folder, lock), None)),
        Err(error @ LockError::Io { .. }) => return Err(error),
        Err(error) => error,
    };
    let editing = Lock::edit(folder);
    // Whoever changed the lock meanwhile has mended it.
    if let Ok(lock) = Lock::read(folder) {
        return Ok((lock, None));
    }
    let Some(lock) = last(folder) else {
        return Err(error);
    };
    // On a full disk the service goes on with it all the same, and the next reload tries again.
    let put = editing.and_then(|_editing| put_back(folder, &lock));
    let told = match put {
        Ok(()) => {
            tracing::error!(%error, lock = %lock.digest(), "a lock was put in its place again");
            format!("{error}; the lock that was put in force last stands in its place")
        }
        Err(failed) => {
            tracing::error!(%error, %failed, lock = %lock.digest(), "a lock cannot be put in its place again");
            format!(
                "{error}; the lock that was put in force last is in force, and cannot be put in its place: {failed}"
            )
        }
    };
    Ok((lock, Some(told)))
}

/// An earlier release noted none, and one that was gone back to for a while left what it found. Nobody else may change
/// the lock between the look and the note. Answers the lock in force, which is a later one where somebody put it there
/// before.
fn note_in_force(folder: &HostFolder, read: Lock) -> Lock {
    if noted(folder) == Some(read.digest()) || !folder.lock().exists() {
        return read;
    }
    let editing = Lock::edit(folder);
    // What was damaged meanwhile is mended by the next reload.
    let Ok(lock) = Lock::read(folder) else {
        return read;
    };
    let digest = lock.digest();
    let is_noted = editing.and_then(|_editing| match noted(folder) {
        Some(noted) if noted == digest => Ok(()),
        _ => note(folder, &digest),
    });
    if let Err(error) = is_noted {
        tracing::warn!(%error, "which lock is in force cannot be noted");
    }
    lock
}

fn noted(folder: &HostFolder) -> Option<Digest> {
    let name = files::read_if_there(&latest(folder)).ok()??;
    std::str::from_utf8(&name).ok()?.trim().parse().ok()
}

/// The lock that was put in force last, hashed again; `None` where that cannot be told.
fn last(folder: &HostFolder) -> Option<Lock> {
    Lock::with_digest(folder, &noted(folder)?).ok()?
}

/// What was damaged is kept aside, where that can be done: it is evidence, and nobody's verdict waits for it.
fn put_back(folder: &HostFolder, lock: &Lock) -> Result<(), LockError> {
    if let Err(error) = set_aside::rename(&folder.lock()) {
        tracing::error!(%error, "a damaged lock cannot be kept aside");
    }
    lock.write(folder, &NoFailures)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::{fs, io};

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

    /// Does something between the name of a lock and the lock itself.
    struct Between<F>(F);

    impl<F: Fn() -> io::Result<()>> Failures for Between<F> {
        fn reach(&self, point: FailurePoint) -> io::Result<()> {
            match point {
                FailurePoint::LockKept => (self.0)(),
                _ => Ok(()),
            }
        }
    }

    fn killed() -> io::Result<()> {
        Err(io::Error::other("killed"))
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
        // A second damage leaves what is known of the first.
        assert_eq!(
            kept_aside(&folder),
            ["lock.json.damaged", "lock.json.damaged-2"]
        );
        let first = fs::read(folder.root().join("lock.json.damaged")).unwrap();
        assert_eq!(first, b"{");
    }

    #[test]
    fn where_a_lock_cannot_be_put_in_its_place_it_is_in_force_all_the_same_and_that_is_told() {
        let (_root, folder, lock) = locked();
        fs::write(folder.lock(), "{").unwrap();
        // Nobody can hold a folder as a file.
        fs::remove_file(folder.lock_editing()).unwrap_or_default();
        fs::create_dir(folder.lock_editing()).unwrap();
        let (found, told) = Lock::read_or_recover(&folder).unwrap();
        assert_eq!(found, lock);
        let told = told.unwrap();
        let expected = "; the lock that was put in force last is in force, and cannot be put in its place: cannot use `";
        assert!(
            told.contains("lock.json` is not a lock: ") && told.contains(expected),
            "{told}"
        );
        assert_eq!(fs::read(folder.lock()).unwrap(), b"{");
        assert_eq!(kept_aside(&folder), Vec::<String>::new());
    }

    #[test]
    fn a_lock_that_is_gone_is_never_an_empty_one_on_the_way_back() {
        let (_root, folder, lock) = locked();
        fs::remove_file(folder.lock()).unwrap();
        lock.write(&folder, &Between(killed)).unwrap_err();
        Lock::read(&folder).unwrap_err();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, lock);
    }

    #[test]
    fn t4_what_an_earlier_release_put_in_force_is_what_a_damaged_lock_comes_to() {
        let (_root, folder, lock) = locked();
        let earlier = lock.digest();
        let mut withdrawn = lock.clone();
        withdrawn.put(version("1.2.0", "2026-07-01", "2026-06-20"));
        withdrawn.write(&folder, &NoFailures).unwrap();
        // An earlier release writes a lock without its name.
        note(&folder, &earlier).unwrap();
        assert_eq!(
            Lock::read_or_recover(&folder).unwrap(),
            (withdrawn.clone(), None)
        );
        fs::write(folder.lock(), "{").unwrap();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, withdrawn);
    }

    #[test]
    fn t4_whoever_read_a_lock_before_another_was_put_in_force_notes_and_answers_the_new_one() {
        let (_root, folder, lock) = locked();
        let mut next = lock.clone();
        next.put(version("1.2.0", "2026-07-01", "2026-06-20"));
        let editing = Lock::edit(&folder).unwrap();
        std::thread::scope(|scope| {
            let reading = Cell::new(None);
            let begin = Between(|| {
                let read = Lock::read(&folder);
                assert_eq!(read.as_ref().unwrap(), &lock);
                reading.set(Some(scope.spawn(|| in_force(&folder, read))));
                Ok(())
            });
            next.write(&folder, &begin).unwrap();
            drop(editing);
            let found = reading.take().unwrap().join().unwrap();
            assert_eq!(found.unwrap(), (next.clone(), None));
        });
        assert_eq!(noted(&folder), Some(next.digest()));
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
        let (_root, folder, lock) = locked();
        let mut next = lock.clone();
        next.put(version("1.2.0", "2026-07-01", "2026-06-20"));
        next.write(&folder, &Between(killed)).unwrap_err();
        assert_eq!(
            Lock::read_or_recover(&folder).unwrap(),
            (lock.clone(), None)
        );
        // What was never in force is not what a damaged lock comes to.
        fs::write(folder.lock(), "{").unwrap();
        assert_eq!(Lock::read_or_recover(&folder).unwrap().0, lock);
    }
}
