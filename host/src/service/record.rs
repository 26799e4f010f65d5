//! What the service records before it answers, and the receipts that it gives of it.

use std::collections::BTreeMap;

use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf;

use super::{Service, findings};
use crate::journal::{self, BrokenPack, Event, JournalError, LockChange, Recording, Verdict};
use crate::lock::{Lock, LockedVersion, State};
use crate::receipt::{self, Receipt};
use crate::review::Report;

/// Digits of an answer's number; a finding's `jr_id` begins with them.
const ANSWER_DIGITS: usize = 14;

/// The answer with this number, as receipts name it.
pub(super) fn answer_id(number: u64) -> String {
    let mut id = findings::id(number, 0);
    id.truncate(ANSWER_DIGITS);
    id
}

/// Begins to record a verdict, and what the hospital softened of it; it may be answered once that is done.
pub(super) fn verdict(
    service: &Service,
    mut verdict: Verdict,
    softened: &Report,
) -> Result<Recording, JournalError> {
    verdict.softened = receipt::softened(softened);
    let event = Event::Verdict(Box::new(verdict));
    service.journal.begin(event)
}

/// Records that a request was answered without a review. Where that fails, the writer has stopped and told
/// why.
pub(super) fn unreviewed(service: &Service, number: u64, infno: &str, reason: &str) {
    service.record(unreviewed_event(number, infno, reason));
}

/// The same of a call that took too long or broke off: nobody waits for a disk that may be the cause.
pub(super) fn unjudged(service: &Service, number: u64, infno: &str, why: &str) {
    service.journal.note(unreviewed_event(number, infno, why));
}

fn unreviewed_event(number: u64, infno: &str, reason: &str) -> Event {
    Event::Unreviewed {
        answer: answer_id(number),
        infno: infno.to_owned(),
        reason: reason.replace(char::is_control, " "),
    }
}

/// The receipt of an answer, by its number or by the `jr_id` of one of its findings.
pub(super) fn receipt(service: &Service, id: &str) -> Result<Option<Receipt>, JournalError> {
    let is_id = id.len() >= ANSWER_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let Some(answer) = id.get(..ANSWER_DIGITS).filter(|_| is_id) else {
        return Ok(None);
    };
    let found = journal::find(&service.folder.journal(), answer)?;
    Ok(found.map(|found| Receipt::new(found, service.journal.salt(answer))))
}

/// What a new lock changes.
pub(super) fn lock_change(before: &Lock, after: &Lock) -> Event {
    let new = after.versions.iter().filter_map(|version| {
        let state = word(version);
        let known = before.version(&version.path);
        let is_same =
            known.is_some_and(|known| known.digest == version.digest && word(known) == state);
        (!is_same).then(|| change(version, state))
    });
    let gone = before.versions.iter().filter_map(|version| {
        let is_gone = after.version(&version.path).is_none();
        is_gone.then(|| change(version, "gone"))
    });
    Event::Lock {
        lock: after.digest(),
        changes: new.chain(gone).collect(),
    }
}

/// Packs in force that cannot be used.
pub(super) fn broken(broken: &BTreeMap<TargetPath, &'static str>) -> Event {
    let packs = broken.iter().map(|(pack, problem)| BrokenPack {
        pack: pack.clone(),
        problem: (*problem).to_owned(),
    });
    Event::Broken {
        packs: packs.collect(),
    }
}

fn change(version: &LockedVersion, state: &str) -> LockChange {
    LockChange {
        pack: version.path.clone(),
        state: state.to_owned(),
    }
}

fn word(version: &LockedVersion) -> &'static str {
    match (&version.state, version.status) {
        (_, tuf::Status::Yanked) => "yanked",
        (State::Refused { .. }, _) => "refused",
        (State::Held { .. }, _) => "held",
        (State::Waiting { .. }, _) => "waiting",
        (State::Unfollowed, _) => "unfollowed",
        (State::Active, _) => "active",
    }
}
