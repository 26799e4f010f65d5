//! The order of verification as a chain of types.

use std::collections::BTreeMap;

use super::core::{self, Verifier};
use super::floors::{Floor, Floors};
use super::freshness::Freshness;
use super::verified::Verified;
use super::{Limits, TrustError, policy};
use crate::moment::Moment;
use crate::names::NameSpace;
use crate::tuf::{
    Authority, FilePin, Payload, RoleName, Root, Snapshot, Targets, Timestamp, TopRole,
};

/// Roots, each verified by its predecessor, not yet known to be the last.
#[derive(Debug)]
pub struct RootChain {
    verifier: Box<dyn Verifier>,
    root: Verified<Root>,
    floors: Floors,
    limits: Limits,
    rotations: usize,
}

/// The newest root, in force now.
#[derive(Debug)]
pub struct CurrentRoot(Session);

/// A timestamp on top of it.
#[derive(Debug)]
pub struct CurrentTimestamp {
    session: Session,
    timestamp: Verified<Timestamp>,
}

/// A snapshot on top of that.
#[derive(Debug)]
pub struct CurrentSnapshot {
    session: Session,
    timestamp: Verified<Timestamp>,
    snapshot: Verified<Snapshot>,
}

/// The role `targets` on top of that, and the name spaces verified so far.
#[derive(Debug)]
pub struct TrustedTargets {
    pub(super) session: Session,
    timestamp: Verified<Timestamp>,
    snapshot: Verified<Snapshot>,
    pub(super) roles: BTreeMap<RoleName, Verified<Targets>>,
    pub(super) failed: BTreeMap<NameSpace, TrustError>,
}

/// What every step needs.
#[derive(Debug)]
pub(super) struct Session {
    verifier: Box<dyn Verifier>,
    root: Verified<Root>,
    pub(super) floors: Floors,
    limits: Limits,
    freshness: Freshness,
}

impl RootChain {
    /// Starts from a root that the host holds: the one it was set up with, or the newest it has stored.
    ///
    /// # Errors
    /// Where it lacks its own signatures, or breaks our rules, or contradicts the floors.
    pub fn start(bytes: &[u8], floors: Floors, limits: Limits) -> Result<Self, TrustError> {
        bounded(&RoleName::ROOT, bytes, limits.root_bytes)?;
        let verifier = core::start(bytes)?;
        let (root, floors) = accept_root(bytes, floors, &limits)?;
        Ok(Self {
            verifier,
            root,
            floors,
            limits,
            rotations: 0,
        })
    }

    /// Takes the next root, signed by the officers of the last one and its own. Whether it has expired
    /// does not matter: it may have a successor.
    ///
    /// # Errors
    /// Where it is not the next version, lacks signatures, or breaks our rules.
    pub fn extend(mut self, bytes: &[u8]) -> Result<Self, TrustError> {
        bounded(&RoleName::ROOT, bytes, self.limits.root_bytes)?;
        if self.rotations >= self.limits.root_rotations {
            return Err(TrustError::TooManyRoots(self.limits.root_rotations));
        }
        self.verifier.update_root(bytes)?;
        let (root, floors) = accept_root(bytes, self.floors, &self.limits)?;
        Ok(Self {
            root,
            floors,
            rotations: self.rotations + 1,
            ..self
        })
    }

    /// Says that there is no next root.
    ///
    /// # Errors
    /// Where the root has expired, is valid for too long, or a newer one was seen before.
    pub fn finish(self, freshness: Freshness) -> Result<CurrentRoot, TrustError> {
        let freshness = freshness.not_before(&self.floors);
        let now = freshness.now();
        let root = self.root.signed();
        still_valid(&RoleName::ROOT, root, now)?;
        short_lived(
            &RoleName::ROOT,
            root,
            freshness.lifetimes_from(),
            &self.limits,
        )?;
        let newest = self.floors.check_newest_root(root.version);
        newest.map_err(|source| TrustError::floor(&RoleName::ROOT, source))?;
        let Self {
            verifier,
            root,
            floors,
            limits,
            ..
        } = self;
        Ok(CurrentRoot(Session {
            verifier,
            root,
            floors,
            limits,
            freshness,
        }))
    }

    /// The floors so far: a followed root is stored before anything below it is asked for.
    pub fn floors(&self) -> &Floors {
        &self.floors
    }

    /// The newest root so far.
    pub fn root(&self) -> &Verified<Root> {
        &self.root
    }
}

impl CurrentRoot {
    /// Whether this root replaced the officers of `targets`, and those in force have signed nothing that
    /// this host accepted: unless the refresh brings such a file, everything below is revoked.
    pub fn revokes_targets(&self) -> bool {
        let authority = self.0.root.signed().authority(TopRole::Targets);
        self.0.floors.is_revoked(&RoleName::TARGETS, &authority)
    }

    /// Takes the timestamp.
    ///
    /// # Errors
    /// Where it lacks signatures, has expired, is older than one seen before, or breaks our rules.
    pub fn timestamp(mut self, bytes: &[u8]) -> Result<CurrentTimestamp, TrustError> {
        let role = RoleName::TIMESTAMP;
        bounded(&role, bytes, self.0.limits.timestamp_bytes)?;
        let pinning = self.0.freshness.pinning();
        self.0.verifier.update_timestamp(bytes, pinning)?;
        let timestamp: Verified<Timestamp> = self.0.accept(&role, bytes, pinning)?;
        let authority = self.0.root.signed().authority(TopRole::Timestamp);
        self.0.raise(&role, &timestamp, &authority)?;
        Ok(CurrentTimestamp {
            session: self.0,
            timestamp,
        })
    }

    /// The root.
    pub fn root(&self) -> &Verified<Root> {
        &self.0.root
    }
}

impl CurrentTimestamp {
    /// The snapshot to fetch: version (its file is `N.snapshot.json`), length and digest.
    pub fn snapshot_pin(&self) -> &FilePin {
        &self.timestamp.signed().meta.snapshot
    }

    /// Takes the snapshot.
    ///
    /// # Errors
    /// Where it is not the pinned one, lacks signatures, has expired, takes something back, or breaks our
    /// rules.
    pub fn snapshot(mut self, bytes: &[u8]) -> Result<CurrentSnapshot, TrustError> {
        let role = RoleName::SNAPSHOT;
        bounded(&role, bytes, self.session.limits.snapshot_bytes)?;
        let pinning = self.session.freshness.pinning();
        self.session.verifier.update_snapshot(bytes, pinning)?;
        let snapshot: Verified<Snapshot> = self.session.accept(&role, bytes, pinning)?;
        let authority = self.session.root.signed().authority(TopRole::Snapshot);
        self.session.raise(&role, &snapshot, &authority)?;
        let pins = self.session.floors.advance_pins(snapshot.signed());
        pins.map_err(|source| TrustError::floor(&role, source))?;
        Ok(CurrentSnapshot {
            session: self.session,
            timestamp: self.timestamp,
            snapshot,
        })
    }

    /// The timestamp.
    pub fn timestamp(&self) -> &Verified<Timestamp> {
        &self.timestamp
    }
}

impl CurrentSnapshot {
    /// The file of `targets` to fetch.
    ///
    /// # Errors
    /// Where the snapshot pins none.
    pub fn targets_pin(&self) -> Result<&FilePin, TrustError> {
        pin_of(&self.snapshot, &RoleName::TARGETS)
    }

    /// Takes the role `targets`.
    ///
    /// # Errors
    /// Where it is not the pinned one, lacks signatures, has expired, or breaks our rules.
    pub fn targets(mut self, bytes: &[u8]) -> Result<TrustedTargets, TrustError> {
        let role = RoleName::TARGETS;
        bounded(&role, bytes, self.session.limits.targets_bytes)?;
        self.session
            .verifier
            .update_targets(bytes, self.session.freshness.pinning())?;
        let authority = self.session.root.signed().authority(TopRole::Targets);
        let targets = self.session.accept_targets(&role, bytes, &authority)?;
        let Self {
            session,
            timestamp,
            snapshot,
        } = self;
        let roles = BTreeMap::from([(role, targets)]);
        Ok(TrustedTargets {
            session,
            timestamp,
            snapshot,
            roles,
            failed: BTreeMap::new(),
        })
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Verified<Snapshot> {
        &self.snapshot
    }
}

impl TrustedTargets {
    /// The file of a name space to fetch; its parent must have been taken before.
    ///
    /// # Errors
    /// Where the name space is not delegated, its parent is not there, or no pin is.
    pub fn pin(&self, name_space: &NameSpace) -> Result<&FilePin, TrustError> {
        self.authority(name_space)?;
        pin_of(&self.snapshot, &RoleName::Space(name_space.clone()))
    }

    /// Takes the file of a name space. A refused one disturbs no other: [`TrustedTargets::resolve`]
    /// reports it.
    ///
    /// # Errors
    /// Where it is not the pinned one, lacks signatures, has expired, or breaks our rules.
    pub fn delegated(&mut self, name_space: &NameSpace, bytes: &[u8]) -> Result<(), TrustError> {
        let taken = self.take(name_space, bytes);
        if let Err(error) = &taken {
            self.failed.insert(name_space.clone(), error.clone());
        }
        taken
    }

    /// A verified role.
    pub fn role(&self, role: &RoleName) -> Option<&Verified<Targets>> {
        self.roles.get(role)
    }

    /// Everything that was verified, by file name in a repository, bytes kept exactly.
    pub fn files(&self) -> BTreeMap<String, &[u8]> {
        fn entry<T: Payload>(role: RoleName, file: &Verified<T>) -> (String, &[u8]) {
            (role.file_of_version(file.signed().version()), file.bytes())
        }
        let roles = self
            .roles
            .iter()
            .map(|(role, file)| entry(role.clone(), file));
        roles
            .chain([
                entry(RoleName::ROOT, &self.session.root),
                entry(RoleName::TIMESTAMP, &self.timestamp),
                entry(RoleName::SNAPSHOT, &self.snapshot),
            ])
            .collect()
    }

    /// The floors after this refresh, to be stored durably before anything of it is used.
    pub fn completed_floors(&self) -> Floors {
        let mut floors = self.session.floors.clone();
        floors.complete(self.session.freshness.now());
        floors
    }

    /// The root.
    pub fn root(&self) -> &Verified<Root> {
        &self.session.root
    }

    /// The timestamp.
    pub fn timestamp(&self) -> &Verified<Timestamp> {
        &self.timestamp
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Verified<Snapshot> {
        &self.snapshot
    }

    fn take(&mut self, name_space: &NameSpace, bytes: &[u8]) -> Result<(), TrustError> {
        let role = RoleName::Space(name_space.clone());
        let authority = self.authority(name_space)?;
        bounded(&role, bytes, self.session.limits.targets_bytes)?;
        let pinning = self.session.freshness.pinning();
        let parent = RoleName::parent_of(name_space);
        self.session
            .verifier
            .update_delegated(bytes, &role, &parent, pinning)?;
        let targets = self.session.accept_targets(&role, bytes, &authority)?;
        self.roles.insert(role, targets);
        self.failed.remove(name_space);
        Ok(())
    }

    /// The keys and threshold that the role above gives a name space.
    ///
    /// # Errors
    /// Where that role was not verified, or does not delegate it.
    pub fn authority(&self, name_space: &NameSpace) -> Result<Authority, TrustError> {
        let parent = RoleName::parent_of(name_space);
        let role = self
            .roles
            .get(&parent)
            .ok_or(TrustError::NotLoaded(parent))?;
        let authority = role.signed().authority(name_space);
        authority.ok_or_else(|| TrustError::NotDelegated(name_space.clone()))
    }
}

impl Session {
    /// Reads verified bytes in our own types, and checks the rules that every role has.
    fn accept<T: Payload>(
        &self,
        role: &RoleName,
        bytes: &[u8],
        now: Moment,
    ) -> Result<Verified<T>, TrustError> {
        let verified = Verified::<T>::read(role, bytes, &self.limits)?;
        let refused = |source| TrustError::policy(role, source);
        policy::check_version(verified.signed()).map_err(refused)?;
        still_valid(role, verified.signed(), now)?;
        short_lived(
            role,
            verified.signed(),
            self.freshness.lifetimes_from(),
            &self.limits,
        )?;
        Ok(verified)
    }

    fn accept_targets(
        &mut self,
        role: &RoleName,
        bytes: &[u8],
        authority: &Authority,
    ) -> Result<Verified<Targets>, TrustError> {
        // The real time, whatever is tolerated of the pinning roles.
        let now = self.freshness.now();
        let targets: Verified<Targets> = self.accept(role, bytes, now)?;
        let rules = policy::check_targets(role, targets.signed(), &self.limits);
        rules.map_err(|source| TrustError::policy(role, source))?;
        let mut floors = self.floors.clone();
        let contradicts = |source| TrustError::floor(role, source);
        let floor = self.floor_of(&targets, authority);
        floors.advance_role(role, floor).map_err(contradicts)?;
        floors
            .advance_targets(role, targets.signed(), now.day_in_china())
            .map_err(contradicts)?;
        self.floors = floors;
        Ok(targets)
    }

    fn raise<T: Payload>(
        &mut self,
        role: &RoleName,
        file: &Verified<T>,
        authority: &Authority,
    ) -> Result<(), TrustError> {
        let floor = self.floor_of(file, authority);
        let raised = self.floors.advance_role(role, floor);
        raised.map_err(|source| TrustError::floor(role, source))
    }

    fn floor_of<T: Payload>(&self, file: &Verified<T>, authority: &Authority) -> Floor {
        Floor::of(file, authority, self.root.signed())
    }
}

fn accept_root(
    bytes: &[u8],
    mut floors: Floors,
    limits: &Limits,
) -> Result<(Verified<Root>, Floors), TrustError> {
    let role = RoleName::ROOT;
    let root = Verified::<Root>::read(&role, bytes, limits)?;
    policy::check_root(root.signed(), limits)
        .map_err(|source| TrustError::policy(&role, source))?;
    floors
        .advance_root(root.signed(), root.digest())
        .map_err(|source| TrustError::floor(&role, source))?;
    Ok((root, floors))
}

/// A role expires at the very second.
fn still_valid<T: Payload>(role: &RoleName, payload: &T, now: Moment) -> Result<(), TrustError> {
    if payload.expires() <= now {
        return Err(TrustError::Expired {
            role: role.clone(),
            expires: payload.expires(),
        });
    }
    Ok(())
}

/// The longest lifetime, always against the real time.
fn short_lived<T: Payload>(
    role: &RoleName,
    payload: &T,
    now: Moment,
    limits: &Limits,
) -> Result<(), TrustError> {
    policy::check_lifetime(role, payload, now, &limits.lifetimes)
        .map_err(|source| TrustError::policy(role, source))
}

pub(super) fn bounded(role: &RoleName, bytes: &[u8], bound: usize) -> Result<(), TrustError> {
    if bytes.len() > bound {
        return Err(TrustError::TooLarge {
            role: role.clone(),
            length: bytes.len(),
            bound,
        });
    }
    Ok(())
}

fn pin_of<'a>(
    snapshot: &'a Verified<Snapshot>,
    role: &RoleName,
) -> Result<&'a FilePin, TrustError> {
    snapshot
        .signed()
        .pin_of(role)
        .ok_or_else(|| TrustError::Pin {
            role: role.clone(),
            detail: format!("snapshot.json does not pin {}", role.file()),
        })
}
