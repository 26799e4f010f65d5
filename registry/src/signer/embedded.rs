//! The signer within the process of the server, for loopback.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rulepack_protocol::key::Signer;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{Envelope, FilePin, Payload, Root, Snapshot, Timestamp, TopRole};

use super::verify::verify_changed;
use super::{RoleVersion, SNAPSHOT_DAYS, SignerError, Successor, SuccessorSigner, TIMESTAMP_DAYS};
use crate::state::State;
use crate::store::{Tree, create_folder, replace};

/// The keys of the signer. More than one each is of use while the root changes them.
pub struct SignerKeys {
    /// Keys of the role `snapshot`.
    pub snapshot: Vec<Box<dyn Signer + Send + Sync>>,
    /// Keys of the role `timestamp`.
    pub timestamp: Vec<Box<dyn Signer + Send + Sync>>,
}

/// Signs with keys in this process's memory. Its record lies in its own folder, outside of the
/// repository, so that a repository restored from yesterday is noticed.
pub struct EmbeddedSigner {
    folder: PathBuf,
    keys: SignerKeys,
    /// One signature at a time.
    last: Mutex<Option<Successor>>,
}

impl EmbeddedSigner {
    /// Opens the signer's folder, making it where it does not exist.
    ///
    /// # Errors
    /// Where the folder or the record in it cannot be read.
    pub fn open(folder: &Path, keys: SignerKeys) -> Result<Self, SignerError> {
        create_folder(folder)?;
        let last = match fs::read(folder.join(RECORD)) {
            Ok(bytes) => Some(serde_json::from_slice(&bytes).map_err(SignerError::Record)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            folder: folder.to_owned(),
            keys,
            last: Mutex::new(last),
        })
    }

    fn successor(
        &self,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
        last: Option<&Successor>,
    ) -> Result<Successor, SignerError> {
        let state = State::read(tree)?;
        let shown = state.pins.as_ref().map(|pins| pins.timestamp_digest);
        if shown != last.map(Successor::timestamp_digest) {
            return Err(SignerError::Disagrees);
        }
        let pins = verify_changed(tree, &state, changed, now)?;
        let root = state.root.signed();
        let snapshot = self.next_snapshot(&state, pins, now)?;
        let snapshot = match snapshot {
            Some(snapshot) => sign(snapshot, &self.keys.snapshot, root, TopRole::Snapshot)?,
            None => match &state.pins {
                Some(pins) => pins.snapshot.clone(),
                None => return Err(SignerError::Disagrees),
            },
        };
        let pin = FilePin::of(snapshot.signed().version(), &snapshot.to_bytes());
        let timestamp = next_timestamp(&state, pin, now)?;
        let timestamp = sign(timestamp, &self.keys.timestamp, root, TopRole::Timestamp)?;
        Ok(Successor {
            follows: shown,
            snapshot_version: snapshot.signed().version(),
            snapshot: text(&snapshot),
            timestamp: text(&timestamp),
        })
    }

    /// The next snapshot; none where nothing is to be pinned and the present one lasts.
    fn next_snapshot(
        &self,
        state: &State,
        pins: Vec<(RoleVersion, FilePin)>,
        now: Moment,
    ) -> Result<Option<Snapshot>, SignerError> {
        let expires = now.plus_days(SNAPSHOT_DAYS);
        let mut next = match &state.pins {
            None => Snapshot::new(expires),
            Some(present) => {
                let authority = state.root.signed().authority(TopRole::Snapshot);
                let lasts = present.snapshot.signed().expires() > now.plus_days(SNAPSHOT_DAYS / 2);
                // A root that changed the keys makes the present file worthless for new hosts.
                if pins.is_empty() && lasts && authority.check(&present.snapshot).is_ok() {
                    return Ok(None);
                }
                let mut next = present.snapshot.signed().clone();
                next.bump(expires)?;
                next
            }
        };
        for (changed, pin) in pins {
            next.pin(&changed.role, pin);
        }
        Ok(Some(next))
    }
}

impl SuccessorSigner for EmbeddedSigner {
    fn last(&self) -> Result<Option<Successor>, SignerError> {
        Ok(self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }

    fn sign(
        &self,
        tree: &Tree,
        changed: &[RoleVersion],
        now: Moment,
    ) -> Result<Successor, SignerError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let successor = self.successor(tree, changed, now, last.as_ref())?;
        let record = serde_json::to_vec(&successor).map_err(SignerError::Record)?;
        replace(
            &self.folder.join(RECORD),
            &self.folder.join("temporary"),
            &record,
        )?;
        *last = Some(successor.clone());
        Ok(successor)
    }

    fn check_keys(&self, root: &Root) -> Result<(), SignerError> {
        let held = [
            (TopRole::Snapshot, &self.keys.snapshot),
            (TopRole::Timestamp, &self.keys.timestamp),
        ];
        for (role, keys) in held {
            let authority = root.authority(role);
            let held = keys
                .iter()
                .filter(|key| authority.keys().any(|named| named == key.public_key()))
                .count();
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

const RECORD: &str = "successor.json";

fn next_timestamp(state: &State, snapshot: FilePin, now: Moment) -> Result<Timestamp, SignerError> {
    let expires = now.plus_days(TIMESTAMP_DAYS);
    let Some(pins) = &state.pins else {
        return Ok(Timestamp::new(expires, snapshot));
    };
    let mut next = pins.timestamp.signed().clone();
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
