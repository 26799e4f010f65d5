//! What the service records before it answers, and the receipts that it gives of it.

use std::collections::BTreeMap;

use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf;

use super::metrics::Outcome;
use super::{Service, findings};
use crate::data::national::Response;
use crate::journal::{self, BrokenPack, Event, JournalError, LockChange};
use crate::lock::{Lock, LockedVersion, State};
use crate::receipt::{Basis, Receipt};
use crate::review::Reviewed;

/// Digits of an answer's number; a finding's `jr_id` begins with them.
const ANSWER_DIGITS: usize = 14;

/// The answer with this number, as receipts name it.
pub(super) fn answer_id(number: u64) -> String {
    let mut id = findings::id(number, 0);
    id.truncate(ANSWER_DIGITS);
    id
}

/// Records a verdict; it may be answered once this is done.
pub(super) fn verdict(
    service: &Service,
    basis: &Basis<'_>,
    reviewed: &Reviewed,
) -> Result<(), JournalError> {
    let salt = service.journal.salt(&basis.answer);
    let verdict = basis.verdict(reviewed, &salt);
    let event = Event::Verdict(Box::new(verdict));
    service.journal.record(event).map(|_| ())
}

/// Records that a request was not reviewed, and says so.
pub(super) fn unreviewed(
    service: &Service,
    number: u64,
    infno: &str,
    reason: &str,
    outcome: Outcome,
) -> (Outcome, Response) {
    let event = Event::Unreviewed {
        answer: answer_id(number),
        infno: infno.to_owned(),
        reason: reason.replace(char::is_control, " "),
    };
    match service.journal.record(event) {
        Ok(_) => (outcome, Response::failure(reason)),
        Err(_) => {
            let message = "the answer cannot be recorded by this host";
            (Outcome::Failed, Response::failure(message))
        }
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
        (State::Active, _) => "active",
    }
}
