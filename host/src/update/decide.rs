//! Whether a version that passed every step becomes active, or waits for a person.

use rulepack_protocol::moment::Day;

use super::UpdateReport;
use crate::lock::{Lock, LockedVersion, State};
use crate::settings::{Decision, Settings};

/// The state of a version that passed every step; `before` is its state in the lock so far. What is
/// mandatory by now is active whatever persons and settings say (T9); what a person approved or held stays so.
pub(super) fn decide(
    version: &LockedVersion,
    before: Option<&State>,
    lock: &Lock,
    (settings, today): (&Settings, Day),
) -> State {
    let mandatory = version.mandatory_since(today).is_some();
    match before {
        Some(state @ (State::Active | State::Held { .. })) if !mandatory => state.clone(),
        _ if mandatory => State::Active,
        _ => match waits_for(version, lock, settings) {
            Some(reason) => State::Waiting { reason },
            None => State::Active,
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

fn waits_for(version: &LockedVersion, lock: &Lock, settings: &Settings) -> Option<String> {
    if let Some(reason) = lock.holds.get(version.path.pack()) {
        return Some(format!("the pack is held: {reason}"));
    }
    let asks = settings.updates.decision == Decision::Approve;
    asks.then(|| "`host.toml` asks for approval".to_owned())
}
