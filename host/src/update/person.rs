//! What a person decides about versions: put in force by a new lock, and noted among the steps of the version.
//! The command and the service decide by these functions.

use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{PackName, TargetPath};

use super::course::{Came, Course, Stage, Step};
use super::decide::switch;
use crate::lock::{DecideError, Lock};
use crate::settings::HostFolder;

/// Lets what is in force go on, and versions to come wait. Answers the lock in force now, as all of these do.
///
/// # Errors
/// [`DecideError`].
pub fn hold(folder: &HostFolder, pack: &PackName, reason: &str) -> Result<Lock, DecideError> {
    let ((), lock) = Lock::decide(folder, |lock| lock.hold_pack(pack, reason))?;
    Ok(lock)
}

/// Ends the hold of a pack; a watch that asked for a person is over.
///
/// # Errors
/// [`DecideError`].
pub fn release(folder: &HostFolder, pack: &PackName, now: Moment) -> Result<Lock, DecideError> {
    let ((), lock) = Lock::decide(folder, |lock| lock.release_pack(pack))?;
    let versions = lock.versions.iter();
    for version in versions.filter(|version| version.path.pack() == pack) {
        let course = Course::of(folder, version);
        let watch = course.stage(Step::Watch);
        if watch.is_some_and(|watch| watch.came == Came::Asks) {
            let looked = Stage::at(now, Step::Watch, Came::Passed, "a person has looked");
            Course::note(folder, version, [looked]);
        }
    }
    Ok(lock)
}

/// Puts a version that waits, or that was put aside, in force.
///
/// # Errors
/// [`DecideError`].
pub fn approve(folder: &HostFolder, path: &TargetPath, now: Moment) -> Result<Lock, DecideError> {
    let ((), lock) = Lock::decide(folder, |lock| lock.approve(path))?;
    if let Some(version) = lock.version(path) {
        let told = "approved by a person";
        let decided = Stage::at(now, Step::Decision, Came::Passed, told);
        Course::note(folder, version, [decided, switch(version, now)]);
    }
    Ok(lock)
}

/// Puts the version in force on a day aside, for the next lower one. Answers both, in this order.
///
/// # Errors
/// [`DecideError`].
pub fn roll_back(
    folder: &HostFolder,
    pack: &PackName,
    reason: &str,
    (now, today): (Moment, Day),
) -> Result<([TargetPath; 2], Lock), DecideError> {
    let ((from, to), lock) = Lock::decide(folder, |lock| lock.roll_back(pack, today, reason))?;
    if let Some(version) = lock.version(&from) {
        let told = format!("put aside by a person: {reason}");
        let decided = Stage::at(now, Step::Decision, Came::Asks, told);
        Course::note(folder, version, [decided]);
    }
    Ok(([from, to], lock))
}
