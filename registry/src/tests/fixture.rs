//! A repository with a root, a `targets` role and the name space `37`, and uploads for it.

use std::sync::Arc;

use crate::failure::{FailurePoints, NoFailure};
use crate::publication::Publication;
use crate::publish::{CaseRunner, CasesFailed};
use crate::registry::{Parts, Registry, RegistryError};
use crate::signer::{KeySigner, SignerError, SignerKeys, SuccessorSigner};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{SecretKey, Signer};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::pack::{self, Bounds, Pack};
use rulepack_protocol::tuf::{
    Authority, Channel, Custom, Envelope, Hashes, Payload, RoleName, Root, Target, Targets,
};

#[path = "../../../tests/common/smallest_pack.rs"]
mod smallest_pack;
pub(super) use smallest_pack::{sealed, sealed_with};

/// Fails where the title of the pack says so: the engine is not part of this crate.
pub(super) struct ByTitle;

impl CaseRunner for ByTitle {
    fn run(&self, pack: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        if pack.manifest.pack.title != "坏" {
            return Ok(());
        }
        Err(CasesFailed::Failed {
            failed: 1,
            total: 12,
            first: "hit".to_owned(),
            reason: "expected 1 finding, got 0".to_owned(),
        })
    }
}

pub(super) fn now() -> Moment {
    "2026-11-22T08:00:00Z".parse().unwrap()
}

pub(super) fn key(seed: u8, person: &str) -> SecretKey {
    SecretKey::from_seed([seed; 32], person.parse().unwrap())
}

/// The officers of a role: three keys, of which two must sign.
pub(super) fn officers(first_seed: u8) -> Vec<SecretKey> {
    (0..3)
        .map(|n| key(first_seed + n, &format!("officer-{}", first_seed + n)))
        .collect()
}

pub(super) const ROOT: u8 = 10;
pub(super) const TARGETS: u8 = 20;
pub(super) const SHANDONG: u8 = 30;
pub(super) const ZHEJIANG: u8 = 40;

fn authority(keys: &[SecretKey], threshold: u32) -> Authority {
    Authority::new(keys.iter().map(|key| key.public_key().clone()), threshold)
}

pub(super) fn signed<T: Payload>(payload: T, keys: &[SecretKey]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).unwrap();
    for key in keys {
        envelope.sign(key).unwrap();
    }
    envelope.to_bytes()
}

pub(super) fn root() -> Root {
    let pinner = |seed| authority(&[key(seed, "signer")], 1);
    Root::new(
        now().plus_days(365),
        &authority(&officers(ROOT), 2),
        &authority(&officers(TARGETS), 2),
        &pinner(1),
        &pinner(2),
    )
}

/// `targets`, which delegates two provinces.
pub(super) fn top() -> Targets {
    let mut top = Targets::new(now().plus_days(365));
    top.delegate(&"33".parse().unwrap(), &authority(&officers(ZHEJIANG), 2));
    top.delegate(&"37".parse().unwrap(), &authority(&officers(SHANDONG), 2));
    top
}

/// The target of a sealed pack, with its path.
pub(super) fn target(bytes: &[u8]) -> (rulepack_protocol::names::TargetPath, Target) {
    let pack = pack::open(bytes, &Bounds::NATIVE).unwrap();
    let custom = Custom::of(&pack, Channel::Stable, now().day());
    let path = format!("{}/{}.wasm", custom.name, custom.version);
    let target = Target {
        length: bytes.len() as u64,
        hashes: Hashes {
            sha256: Digest::of(bytes),
        },
        custom,
    };
    (path.parse().unwrap(), target)
}

/// The role of a name space in a version, listing these packs.
pub(super) fn space(version: u64, packs: &[&[u8]]) -> Targets {
    let mut role = Targets::new(now().plus_days(60));
    role.version = version;
    for bytes in packs {
        let (path, target) = target(bytes);
        role.add_target(path, target).unwrap();
    }
    role
}

/// An upload of one role with packs.
pub(super) fn upload(role: &str, metadata: Vec<u8>, packs: &[&[u8]]) -> Publication {
    let targets = packs.iter().map(|bytes| (target(bytes).0, bytes.to_vec()));
    Publication {
        metadata: [(role.parse::<RoleName>().unwrap(), metadata)].into(),
        targets: targets.collect(),
    }
}

/// The first release of Shandong: `37/limits` 1.0.0, signed by two officers.
pub(super) fn first_release() -> Publication {
    let bytes = sealed("37/limits", "1.0.0", "限额");
    let metadata = signed(space(1, &[&bytes]), &officers(SHANDONG)[..2]);
    upload("37", metadata, &[&bytes])
}

/// A folder with repository and signer, which outlives the registry opened on it.
pub(super) struct World {
    pub(super) folder: tempfile::TempDir,
}

impl World {
    /// Root installed, `targets` published.
    pub(super) fn with_delegations() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let registry = world.open();
        registry
            .install_root(&signed(root(), &officers(ROOT)[..2]))
            .unwrap();
        let metadata = signed(top(), &officers(TARGETS)[..2]);
        registry
            .publish(&upload("targets", metadata, &[]).to_bytes())
            .unwrap();
        drop(registry);
        world
    }

    pub(super) fn open(&self) -> Registry {
        self.try_open(Arc::new(NoFailure), now()).unwrap()
    }

    pub(super) fn try_open(
        &self,
        failure_points: Arc<dyn FailurePoints>,
        time: Moment,
    ) -> Result<Registry, RegistryError> {
        let signer = self.signer(&[1], &[2]).unwrap();
        let signer = signer.stopping_at(Box::new(Arc::clone(&failure_points)));
        self.with_signer(Box::new(signer), failure_points, time)
    }

    /// The signer of this folder, with the keys that these seeds make.
    pub(super) fn signer(
        &self,
        snapshot: &[u8],
        timestamp: &[u8],
    ) -> Result<KeySigner, SignerError> {
        let keys = |seeds: &[u8]| -> Vec<Box<dyn Signer + Send + Sync>> {
            let keys = seeds.iter().map(|seed| key(*seed, "signer"));
            keys.map(|key| Box::new(key) as Box<_>).collect()
        };
        let keys = SignerKeys {
            snapshot: keys(snapshot),
            timestamp: keys(timestamp),
        };
        KeySigner::open(&self.folder.path().join("signer"), keys)
    }

    pub(super) fn with_signer(
        &self,
        signer: Box<dyn SuccessorSigner>,
        failure_points: Arc<dyn FailurePoints>,
        time: Moment,
    ) -> Result<Registry, RegistryError> {
        Registry::open(self.parts(signer, Box::new(ByTitle), failure_points, time))
    }

    /// With another runner of cases.
    pub(super) fn with_cases(&self, cases: Box<dyn CaseRunner>) -> Result<Registry, RegistryError> {
        let signer = Box::new(self.signer(&[1], &[2]).unwrap());
        Registry::open(self.parts(signer, cases, Arc::new(NoFailure), now()))
    }

    fn parts(
        &self,
        signer: Box<dyn SuccessorSigner>,
        cases: Box<dyn CaseRunner>,
        failure_points: Arc<dyn FailurePoints>,
        time: Moment,
    ) -> Parts {
        Parts {
            folder: self.folder.path().join("repository"),
            signer,
            cases,
            clock: Box::new(move || time),
            failure_points,
        }
    }

    pub(super) fn shared(&self) -> Arc<Registry> {
        Arc::new(self.open())
    }
}
