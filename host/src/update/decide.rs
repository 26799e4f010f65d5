//! Whether a version that passed every step becomes active, or waits for a person.

use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::TargetPath;

use super::UpdateReport;
use super::course::{Came, Course, Stage, Step};
use super::follow::{self, Following};
use crate::lock::{Lock, LockedVersion, State};
use crate::settings::{Decision, HostFolder, Settings};
use crate::shadow;

/// The state of a version that passed every step; `before` is its state in the lock so far. What is
/// mandatory by now is active whatever persons and settings say (T9); what a person held stays so, and what a
/// person approved, unless the settings follow other versions alone.
pub(super) fn decide(
    version: &LockedVersion,
    before: Option<&State>,
    (lock, course): (&Lock, &Course),
    (settings, today): (&Settings, Day),
) -> State {
    let mandatory = version.mandatory_since(today).is_some();
    match before {
        _ if mandatory => State::Active,
        Some(state @ State::Held { .. }) => state.clone(),
        before => match (follow::of_version(version, settings), before) {
            (Following::Outside(reason), _) => State::Waiting { reason },
            (_, Some(State::Active)) => State::Active,
            _ => match waits_for(version, (lock, course), settings) {
                Some(reason) => State::Waiting { reason },
                None => State::Active,
            },
        },
    }
}

/// Tells what came of it: an active version only where it was not active before.
pub(super) fn tell(version: &LockedVersion, before: Option<&State>, report: &mut UpdateReport) {
    match &version.state {
        State::Waiting { reason } => {
            let waiting = (version.path.clone(), reason.clone());
            report.waiting.push(waiting);
        }
        State::Active if before != Some(&State::Active) => {
            report.activated.push(version.path.clone())
        }
        _ => {}
    }
}

/// What is noted of a decision that changes the state of a version; nothing of one that does not.
pub(super) fn stage(
    version: &LockedVersion,
    before: Option<&State>,
    (now, today): (Moment, Day),
) -> Option<Stage> {
    if before == Some(&version.state) {
        return None;
    }
    let (came, told) = match (&version.state, version.mandatory_since(today)) {
        (State::Active, Some(since)) => (Came::Passed, mandatory(since)),
        (State::Active, None) => (Came::Passed, "automatic".to_owned()),
        (State::Waiting { reason } | State::Held { reason }, _) => (Came::Asks, reason.clone()),
        (State::Refused { .. } | State::Unfollowed, _) => return None,
    };
    Some(Stage::at(now, Step::Decision, came, told))
}

/// Notes the switch of every version that was decided to be active, once the lock that says so is in force:
/// also of those whose switch a stopped update left unnoted.
pub(super) fn note_switches(folder: &HostFolder, lock: &Lock, now: Moment) {
    let active = lock
        .versions
        .iter()
        .filter(|version| version.state == State::Active);
    for version in active {
        let mut course = Course::of(folder, version);
        let decided = course.stages.last();
        if decided.is_some_and(|last| last.step == Step::Decision && last.came == Came::Passed) {
            course.put(switch(version, now));
            course.keep(folder, &version.path);
        }
    }
}

/// Notes that these versions became active because their bureau asks for it.
pub(super) fn note_mandatory(
    folder: &HostFolder,
    (lock, obeyed): (&Lock, &[TargetPath]),
    (now, today): (Moment, Day),
) {
    for version in obeyed.iter().filter_map(|path| lock.version(path)) {
        let told = version.mandatory_since(today).map(mandatory);
        let decided = Stage::at(now, Step::Decision, Came::Passed, told.unwrap_or_default());
        Course::note(folder, version, [decided, switch(version, now)]);
    }
}

/// A version that may be used is used for its own rule days.
pub(super) fn switch(version: &LockedVersion, now: Moment) -> Stage {
    let told = format!("for rule days from {}", version.effective.from);
    Stage::at(now, Step::Switch, Came::Passed, told)
}

fn mandatory(since: Day) -> String {
    format!("mandatory since {since}, whatever the shadow run says")
}

fn waits_for(
    version: &LockedVersion,
    (lock, course): (&Lock, &Course),
    settings: &Settings,
) -> Option<String> {
    if let Some(reason) = lock.holds.get(version.path.pack()) {
        return Some(format!("the pack is held: {reason}"));
    }
    if settings.updates.decision == Decision::Approve {
        return Some("`host.toml` asks for approval".to_owned());
    }
    match &course.shadow {
        Some(report) => {
            let asks = shadow::asks_for_a_person(report, &settings.updates.shadow);
            asks.map(|asks| asks.english)
        }
        // A run that could not be made, or was not finished, said nothing in favour of the version.
        None => match course.stage(Step::Shadow) {
            Some(stage) if stage.came == Came::Skipped => None,
            Some(stage) => Some(stage.told.clone()),
            None => Some("it had no shadow run yet".to_owned()),
        },
    }
}
