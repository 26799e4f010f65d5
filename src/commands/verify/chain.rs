//! The roles from the root to a pack: who may sign each, and who did.

use rulepack_protocol::key::KeyId;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::PersonId;
use rulepack_protocol::trust::{ResolvedTarget, TrustedTargets};
use rulepack_protocol::tuf::{Authority, Envelope, MetadataError, Payload, RoleName, TopRole};
use rulepack_protocol::tuf::{Root, Snapshot, Targets, Timestamp};
use serde::Serialize;

/// A role on the way to a pack.
#[derive(Debug, Serialize)]
pub struct RoleLine {
    /// The role.
    pub role: RoleName,
    /// Its version.
    pub version: u64,
    /// End of validity.
    pub expires: Moment,
    /// How many of its persons must sign.
    pub threshold: u32,
    /// Who may sign it, and whether they did.
    pub persons: Vec<PersonLine>,
}

/// A person who may sign a role.
#[derive(Debug, Serialize)]
pub struct PersonLine {
    /// The person.
    pub person: PersonId,
    /// Of the key.
    pub key: KeyId,
    /// What stands in the file.
    pub signature: Signed,
}

/// What a file holds of a key's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// A valid one.
    Yes,
    /// None.
    No,
    /// One that does not verify.
    Wrong,
}

/// Root, timestamp, snapshot, and the roles from `targets` down to the pack's own.
pub fn lines(
    trusted: &TrustedTargets,
    target: &ResolvedTarget,
) -> Result<Vec<RoleLine>, MetadataError> {
    let root = trusted.root().signed();
    let of = |role| root.authority(role);
    let mut lines = vec![
        line::<Root>(RoleName::ROOT, trusted.root().bytes(), &of(TopRole::Root))?,
        line::<Timestamp>(
            RoleName::TIMESTAMP,
            trusted.timestamp().bytes(),
            &of(TopRole::Timestamp),
        )?,
        line::<Snapshot>(
            RoleName::SNAPSHOT,
            trusted.snapshot().bytes(),
            &of(TopRole::Snapshot),
        )?,
    ];
    let mut authority = Some(of(TopRole::Targets));
    let mut roles = target.chain.iter().peekable();
    while let Some(role) = roles.next() {
        let (Some(verified), Some(by)) = (trusted.role(role), &authority) else {
            break;
        };
        lines.push(line::<Targets>(role.clone(), verified.bytes(), by)?);
        authority = match roles.peek() {
            Some(RoleName::Space(below)) => verified.signed().authority(below),
            _ => None,
        };
    }
    Ok(lines)
}

fn line<T: Payload>(
    role: RoleName,
    bytes: &[u8],
    authority: &Authority,
) -> Result<RoleLine, MetadataError> {
    let envelope = Envelope::<T>::parse(bytes)?;
    let signed = |id: KeyId| {
        let mut signatures = envelope.signatures().iter();
        signatures.find(|signature| signature.keyid == id)
    };
    let persons = authority.keys().map(|key| PersonLine {
        person: key.person().clone(),
        key: key.id(),
        signature: match signed(key.id()) {
            None => Signed::No,
            Some(found) if key.verifies(envelope.canonical(), found.sig.as_bytes()) => Signed::Yes,
            Some(_) => Signed::Wrong,
        },
    });
    let mut persons: Vec<PersonLine> = persons.collect();
    persons.sort_by(|one, other| one.person.cmp(&other.person));
    Ok(RoleLine {
        role,
        version: envelope.signed().version(),
        expires: envelope.signed().expires(),
        threshold: authority.threshold(),
        persons,
    })
}
