//! The signer that holds the keys.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::Signer;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, FilePin, Payload, Root, Snapshot, Timestamp, TopRole};

use super::memory::{Memory, Standing};
use super::verify::{verify_as_host, verify_changed};
use super::{RoleVersion, SNAPSHOT_DAYS, SignerError, Successor, SuccessorSigner, TIMESTAMP_DAYS};
use crate::failure::{FailurePoint, FailurePoints, NoFailure};
use crate::state::{State, StateError};
use crate::store::Tree;

/// The keys of the signer. More than one each is of use while the root changes them.
pub struct SignerKeys {
    /// Keys of the role `snapshot`.
    pub snapshot: Vec<Box<dyn Signer + Send + Sync>>,
    /// Keys of the role `timestamp`.
    pub timestamp: Vec<Box<dyn Signer + Send + Sync>>,
}

/// Signs with keys in this process's memory. What it signed lies in its own folder (`memory.rs`).
pub struct KeySigner {
    keys: SignerKeys,
    /// One signature at a time.
    memory: Mutex<Memory>,
    failure_points: Box<dyn FailurePoints>,
}

impl KeySigner {
    /// Opens the signer's folder, making it where it does not exist.
    ///
    /// # Errors
    /// Where the folder or the record in it cannot be read, or another process has it open.
    pub fn open(folder: &Path, keys: SignerKeys) -> Result<Self, SignerError> {
        Ok(Self {
            keys,
            memory: Mutex::new(Memory::open(folder)?),
            failure_points: Box::new(NoFailure),
        })
    }

    /// Has something happen at the named points of a signature.
    #[must_use]
    pub fn stopping_at(mut self, failure_points: Box<dyn FailurePoints>) -> Self {
        self.failure_points = failure_points;
        self
    }

    fn sign_next(
        &self,
        memory: &mut Memory,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<Successor, SignerError> {
        memory.check_root(tree)?;
        let state = State::read(tree)?;
        match memory.standing(state.pins.as_ref().map(|pins| pins.timestamp_digest)) {
            Standing::Agrees => {}
            Standing::Unreleased(_) => return Err(SignerError::Unreleased),
            Standing::Disagrees => return Err(SignerError::Disagrees),
        }
        let pins = verify_changed(tree, &state, changed, now)?;
        let successor = self.successor(&state, pins, memory.above(), now)?;
        verify_as_host(tree, &successor, changed, now)?;
        self.failure_points
            .reached(FailurePoint::SuccessorVerified)?;
        memory.remember(tree, &state, &successor, self.failure_points.as_ref())?;
        Ok(successor)
    }

    /// Signs the snapshot and timestamp that follow; `pins` are those of the changed roles.
    fn successor(
        &self,
        state: &State,
        pins: Vec<(RoleVersion, FilePin)>,
        above: u64,
        now: Moment,
    ) -> Result<Successor, SignerError> {
        let root = state.root.signed();
        let snapshot = match (next_snapshot(state, pins, above, now)?, &state.pins) {
            (Some(next), _) => sign(next, &self.keys.snapshot, root, TopRole::Snapshot)?,
            (None, Some(present)) => present.snapshot.as_ref().clone(),
            (None, None) => return Err(SignerError::Disagrees),
        };
        let snapshot_version = snapshot.signed().version;
        let pin = FilePin::of(snapshot_version, &snapshot.to_bytes());
        let timestamp = next_timestamp(state, pin, above, now)?;
        let timestamp = sign(timestamp, &self.keys.timestamp, root, TopRole::Timestamp)?;
        Ok(Successor {
            follows: state.pins.as_ref().map(|pins| pins.timestamp_digest),
            snapshot_version,
            timestamp_version: timestamp.signed().version,
            snapshot: text(&snapshot),
            timestamp: text(&timestamp),
        })
    }

    /// A panic of another thread cannot have changed what is remembered: the record is replaced whole.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SuccessorSigner for KeySigner {
    fn unreleased(&self, shown: Option<Digest>) -> Result<Option<Successor>, SignerError> {
        match self.memory().standing(shown) {
            Standing::Agrees => Ok(None),
            Standing::Unreleased(successor) => Ok(Some(successor.clone())),
            Standing::Disagrees => Err(SignerError::Disagrees),
        }
    }

    fn sign(
        &self,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<Successor, SignerError> {
        self.sign_next(&mut self.memory(), tree, changed, now)
    }

    fn renew(&self, tree: &Tree, now: Moment) -> Result<bool, SignerError> {
        let state = match State::read(tree) {
            Err(StateError::NoRoot) => return Ok(false),
            read => read?,
        };
        let mut memory = self.memory();
        if !is_due(&state, memory.above(), now) {
            return Ok(false);
        }
        match self.sign_next(&mut memory, tree, &[], now) {
            // It comes first, and is as fresh as what would be signed now.
            Err(SignerError::Unreleased) => Ok(false),
            signed => signed.map(|_| true),
        }
    }

    fn check_keys(&self, root: &Envelope<Root>) -> Result<(), SignerError> {
        let held = [
            (TopRole::Snapshot, &self.keys.snapshot),
            (TopRole::Timestamp, &self.keys.timestamp),
        ];
        for (role, keys) in held {
            let authority = root.signed().authority(role);
            let named = |key: &dyn Signer| authority.keys().any(|named| named == key.public_key());
            let held = keys.iter().filter(|key| named(key.as_ref())).count();
            if u32::try_from(held).is_ok_and(|held| held < authority.threshold()) {
                return Err(SignerError::Keys(role));
            }
        }
        Ok(())
    }

    fn notice(&self) -> Option<String> {
        Some(
            "the keys of snapshot and timestamp are held by the web server itself: for \
             demonstrations on loopback only"
                .to_owned(),
        )
    }
}

/// Goes on signing from what the repository shows now, with versions above `above` only: after a
/// restored backup of the repository or of the signer's folder. The signer must not run.
///
/// # Errors
/// Where `above` may have been signed already or leaves no room, the root went back, or the repository
/// is not valid.
pub fn resume(folder: &Path, tree: &Tree, above: u64) -> Result<(), SignerError> {
    Memory::open(folder)?.resume(tree, above, &NoFailure)
}

/// Whether timestamp or snapshot are to be signed anew: half of a lifetime is over, the root names other
/// keys, or the versions lie below what an operator resumed above.
fn is_due(state: &State, above: u64, now: Moment) -> bool {
    let Some(pins) = &state.pins else {
        return false;
    };
    let half = |days: i64| days * rulepack_protocol::moment::SECONDS_OF_DAY / 2;
    let left = |expires: Moment| expires.unix() - now.unix();
    let root = state.root.signed();
    let (timestamp, snapshot) = (&pins.timestamp, &pins.snapshot);
    left(timestamp.signed().expires) <= half(TIMESTAMP_DAYS)
        || left(snapshot.signed().expires) <= half(SNAPSHOT_DAYS)
        || timestamp.signed().version <= above
        || root.authority(TopRole::Timestamp).check(timestamp).is_err()
        || root.authority(TopRole::Snapshot).check(snapshot).is_err()
}

/// The next snapshot; none where nothing is to be pinned and the present one lasts.
fn next_snapshot(
    state: &State,
    pins: Vec<(RoleVersion, FilePin)>,
    above: u64,
    now: Moment,
) -> Result<Option<Snapshot>, SignerError> {
    let expires = now.plus_days(SNAPSHOT_DAYS);
    let mut next = match &state.pins {
        None => {
            let mut first = Snapshot::new(expires);
            first.version = above.saturating_add(1);
            first
        }
        Some(present) => {
            let authority = state.root.signed().authority(TopRole::Snapshot);
            let mut next = present.snapshot.signed().clone();
            let lasts = next.expires > now.plus_days(SNAPSHOT_DAYS / 2) && next.version > above;
            // A root that changed the keys makes the present file worthless for new hosts.
            if pins.is_empty() && lasts && authority.check(&present.snapshot).is_ok() {
                return Ok(None);
            }
            next.version = next.version.max(above);
            next.bump(expires)?;
            next
        }
    };
    for (changed, pin) in pins {
        next.pin(&changed.role, pin);
    }
    Ok(Some(next))
}

fn next_timestamp(
    state: &State,
    snapshot: FilePin,
    above: u64,
    now: Moment,
) -> Result<Timestamp, SignerError> {
    let expires = now.plus_days(TIMESTAMP_DAYS);
    let Some(pins) = &state.pins else {
        let mut first = Timestamp::new(expires, snapshot);
        first.version = above.saturating_add(1);
        return Ok(first);
    };
    let mut next = pins.timestamp.signed().clone();
    next.version = next.version.max(above);
    next.bump(expires)?;
    next.meta.snapshot = snapshot;
    Ok(next)
}

/// Signs with all keys that the root names for the role, and checks that they are enough.
fn sign<T: Payload>(
    payload: T,
    keys: &[Box<dyn Signer + Send + Sync>],
    root: &Root,
    role: TopRole,
) -> Result<Envelope<T>, SignerError> {
    let authority = root.authority(role);
    let mut envelope = Envelope::unsigned(payload)?;
    for key in keys {
        let named = authority.keys().any(|named| named == key.public_key());
        if named {
            envelope.sign(key.as_ref())?;
        }
    }
    authority
        .check(&envelope)
        .map_err(|_| SignerError::Keys(role))?;
    Ok(envelope)
}

fn text<T: Payload>(envelope: &Envelope<T>) -> String {
    String::from_utf8(envelope.to_bytes()).expect("metadata is ASCII")
}
