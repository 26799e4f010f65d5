//! What a thief of keys, or a registry in bad hands, makes of a copy of a repository.

use std::fs;
use std::path::Path;

use rulepack_protocol::key::LockedKey;
use rulepack_protocol::tuf::{Envelope, FilePin, Payload, RoleName, Snapshot, Timestamp};

/// Reads a role's file.
pub fn read<T: Payload>(path: &Path) -> Envelope<T> {
    Envelope::parse(&fs::read(path).unwrap()).unwrap()
}

/// The file of a role, signed with these keys.
pub fn signed<T: Payload>(payload: T, keys: &[&Path]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).unwrap();
    for key in keys {
        let text = fs::read_to_string(key).unwrap();
        let key = LockedKey::read(text).unwrap().unlock(None).unwrap();
        envelope.sign(&key).unwrap();
    }
    envelope.to_bytes()
}

/// The next snapshot and timestamp of a repository, changed and signed with the registry's own keys in
/// the folder `signer`, without judging anything.
pub fn sign_anew(
    repository: &Path,
    signer: &Path,
    change: impl FnOnce(&mut Snapshot, &mut Timestamp),
) {
    let metadata = repository.join("metadata");
    let path = metadata.join(RoleName::TIMESTAMP.file());
    let mut timestamp = read::<Timestamp>(&path).signed().clone();
    let old = RoleName::SNAPSHOT.file_of_version(timestamp.meta.snapshot.version);
    let mut snapshot = read::<Snapshot>(&metadata.join(old)).signed().clone();
    snapshot.bump(snapshot.expires).unwrap();
    timestamp.bump(timestamp.expires).unwrap();
    change(&mut snapshot, &mut timestamp);
    let key = |role: &str| signer.join(format!("registry-{role}.key"));
    let bytes = signed(snapshot.clone(), &[&key("snapshot")]);
    let file = RoleName::SNAPSHOT.file_of_version(snapshot.version);
    fs::write(metadata.join(file), &bytes).unwrap();
    timestamp.meta.snapshot = FilePin::of(snapshot.version, &bytes);
    fs::write(path, signed(timestamp, &[&key("timestamp")])).unwrap();
}

/// Puts a role's file in force in a copy of a repository, as a registry in bad hands would.
pub fn put_in_force<T: Payload>(repository: &Path, signer: &Path, role: &RoleName, bytes: &[u8]) {
    let version = Envelope::<T>::parse(bytes).unwrap().signed().version();
    let file = role.file_of_version(version);
    fs::write(repository.join("metadata").join(file), bytes).unwrap();
    sign_anew(repository, signer, |snapshot, _| {
        snapshot.pin(role, FilePin::of(version, bytes));
    });
}
