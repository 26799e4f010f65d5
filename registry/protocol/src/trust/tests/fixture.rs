//! A small repository: root and targets 2 of 3, Shandong (37) and Zibo (3703) 2 of 2, a vendor.

use std::collections::BTreeMap;

use crate::key::{SecretKey, Signer};
use crate::moment::Moment;
use crate::names::{NameSpace, TargetPath};
use crate::trust::{Floors, Freshness, Limits, RootChain, TrustError, TrustedTargets};
use crate::tuf::*;

pub(super) const NOW: &str = "2026-11-22T08:00:00Z";

pub(super) fn now() -> Moment {
    NOW.parse().unwrap()
}

pub(super) fn key(person: &str, seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32], person.parse().unwrap())
}

pub(super) fn authority(keys: &[&SecretKey], threshold: u32) -> Authority {
    Authority::new(keys.iter().map(|key| key.public_key().clone()), threshold)
}

pub(super) fn space(text: &str) -> NameSpace {
    text.parse().unwrap()
}

pub(super) fn path(text: &str) -> TargetPath {
    text.parse().unwrap()
}

pub(super) fn target(path_text: &str, bytes: &[u8]) -> Target {
    let path = path(path_text);
    let pin = FilePin::of(1, bytes);
    Target {
        length: pin.length,
        hashes: pin.hashes,
        custom: Custom {
            name: path.pack().clone(),
            version: path.version().clone(),
            contract: "rulepack:rules@0.1.0".to_owned(),
            effective: Effective {
                from: now().day(),
                to: None,
            },
            jurisdictions: match path.name_space().as_str() {
                vendor if vendor.starts_with("vendor") => Vec::new(),
                area => vec![area.parse().unwrap()],
            },
            channel: Channel::Stable,
            status: Status::Active,
            imports: vec!["orders.item".to_owned()],
            published: now().day(),
            mandatory_by: None,
            reason: None,
            extra: BTreeMap::new(),
        },
    }
}

pub(super) fn signed<T: Payload>(payload: &T, keys: &[&SecretKey]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload.clone()).unwrap();
    for key in keys {
        envelope.sign(*key).unwrap();
    }
    envelope.to_bytes()
}

/// Signs any JSON, as somebody with the keys but another tool would.
pub(super) fn raw_signed(value: &serde_json::Value, keys: &[SecretKey]) -> Vec<u8> {
    let canonical = crate::canonical::encode_value(value).unwrap();
    let signatures: Vec<_> = keys
        .iter()
        .map(|key| {
            let sig = hex::encode(key.sign(&canonical).unwrap());
            serde_json::json!({ "keyid": key.public_key().id(), "sig": sig })
        })
        .collect();
    serde_json::to_vec(&serde_json::json!({ "signatures": signatures, "signed": value })).unwrap()
}

/// All payloads before signing, so that a test changes one and signs as it likes.
pub(super) struct Repository {
    pub(super) root: Root,
    pub(super) targets: Targets,
    pub(super) spaces: BTreeMap<NameSpace, Targets>,
    pub(super) snapshot: Snapshot,
    pub(super) timestamp: Timestamp,
    /// Signatures of a file in place of the ordinary ones.
    pub(super) signers: BTreeMap<RoleName, Vec<SecretKey>>,
    /// Files in place of the ordinary ones, pinned as they are.
    pub(super) files: BTreeMap<RoleName, Vec<u8>>,
}

pub(super) fn root_keys() -> [SecretKey; 3] {
    [key("root.one", 1), key("root.two", 2), key("root.three", 3)]
}

pub(super) fn officers(name_space: &str) -> [SecretKey; 2] {
    let seed = match name_space {
        "37" => 20,
        "3703" => 30,
        _ => 40,
    };
    [key("li.wei", seed), key("wang.fang", seed + 1)]
}

fn ordinary_signers(role: &RoleName) -> Vec<SecretKey> {
    match role {
        RoleName::Top(TopRole::Root | TopRole::Targets) => {
            root_keys().into_iter().take(2).collect()
        }
        RoleName::Top(TopRole::Snapshot) => vec![key("signer", 10)],
        RoleName::Top(TopRole::Timestamp) => vec![key("signer", 11)],
        RoleName::Space(name) => officers(name.as_str()).into(),
    }
}

impl Repository {
    pub(super) fn new() -> Self {
        let [one, two, three] = root_keys();
        let year = now().plus_days(300);
        let top = authority(&[&one, &two, &three], 2);
        let root = Root::new(
            year,
            &top,
            &top,
            &authority(&[&key("signer", 10)], 1),
            &authority(&[&key("signer", 11)], 1),
        );
        let mut targets = Targets::new(year);
        let mut province = Targets::new(now().plus_days(60));
        for (parent, name) in [(&mut targets, "37"), (&mut province, "3703")] {
            let [one, two] = officers(name);
            parent.delegate(&space(name), &authority(&[&one, &two], 2));
        }
        let [one, two] = officers("vendor-acme");
        targets.delegate(&space("vendor-acme"), &authority(&[&one, &two], 2));
        let mut city = Targets::new(now().plus_days(60));
        let mut vendor = city.clone();
        for (role, text) in [
            (&mut province, "37/vbp-quota/1.0.0.wasm"),
            (&mut city, "3703/local/1.0.0.wasm"),
            (&mut vendor, "vendor-acme/check/1.0.0.wasm"),
        ] {
            role.add_target(path(text), target(text, text.as_bytes()))
                .unwrap();
        }
        let spaces = [("37", province), ("3703", city), ("vendor-acme", vendor)];
        Self {
            root,
            targets,
            spaces: spaces
                .into_iter()
                .map(|(name, role)| (space(name), role))
                .collect(),
            snapshot: Snapshot::new(now().plus_days(5)),
            timestamp: Timestamp::new(now().plus_days(1), FilePin::of(1, b"")),
            signers: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    pub(super) fn province(&mut self) -> &mut Targets {
        self.spaces.get_mut(&space("37")).unwrap()
    }

    pub(super) fn sign_with(&mut self, role: &str, keys: Vec<SecretKey>) {
        self.signers.insert(role.parse().unwrap(), keys);
    }

    fn file<T: Payload>(&self, role: &RoleName, payload: &T) -> Vec<u8> {
        if let Some(bytes) = self.files.get(role) {
            return bytes.clone();
        }
        let ordinary = ordinary_signers(role);
        let keys = self.signers.get(role).unwrap_or(&ordinary);
        signed(payload, &keys.iter().collect::<Vec<_>>())
    }

    /// Signs everything, from the leaves to the timestamp.
    pub(super) fn publish(&self) -> BTreeMap<RoleName, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut snapshot = self.snapshot.clone();
        let roles = self
            .spaces
            .iter()
            .map(|(name, role)| (RoleName::Space(name.clone()), role));
        for (role, payload) in roles.chain([(RoleName::TARGETS, &self.targets)]) {
            let bytes = self.file(&role, payload);
            snapshot.pin(&role, FilePin::of(payload.version, &bytes));
            files.insert(role, bytes);
        }
        let bytes = self.file(&RoleName::SNAPSHOT, &snapshot);
        let mut timestamp = self.timestamp.clone();
        timestamp.meta.snapshot = FilePin::of(snapshot.version, &bytes);
        files.insert(RoleName::SNAPSHOT, bytes);
        files.insert(
            RoleName::TIMESTAMP,
            self.file(&RoleName::TIMESTAMP, &timestamp),
        );
        files.insert(RoleName::ROOT, self.file(&RoleName::ROOT, &self.root));
        files
    }

    /// Raises the versions of snapshot and timestamp, as after any publication.
    pub(super) fn next(&mut self) {
        self.snapshot.version += 1;
        self.timestamp.version += 1;
    }
}

pub(super) fn refresh(
    files: &BTreeMap<RoleName, Vec<u8>>,
    floors: Floors,
    freshness: Freshness,
) -> Result<TrustedTargets, TrustError> {
    let chain = RootChain::start(&files[&RoleName::ROOT], floors, Limits::default())?;
    let mut trusted = chain
        .finish(freshness)?
        .timestamp(&files[&RoleName::TIMESTAMP])?
        .snapshot(&files[&RoleName::SNAPSHOT])?
        .targets(&files[&RoleName::TARGETS])?;
    // Parents come before their children in this order: `37` before `3703`.
    for (role, bytes) in files {
        if let RoleName::Space(name_space) = role {
            let _ = trusted.delegated(name_space, bytes);
        }
    }
    Ok(trusted)
}

pub(super) fn verify(repository: &Repository) -> Result<TrustedTargets, TrustError> {
    refresh(
        &repository.publish(),
        Floors::default(),
        Freshness::at(now()),
    )
}

/// The error and its causes as one line.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(super) fn refusal(repository: &Repository) -> String {
    told(&verify(repository).unwrap_err())
}

/// What is said of a name space that does not verify, while the others do.
pub(super) fn refusal_of(repository: &Repository, name_space: &str) -> String {
    let trusted = verify(repository).unwrap();
    let resolution = trusted.resolve(&[space(name_space), space("vendor-acme")]);
    let others = resolution
        .targets
        .iter()
        .any(|found| found.path.name_space() == &space("vendor-acme"));
    assert!(
        others || name_space == "vendor-acme",
        "the vendor is not disturbed"
    );
    told(&resolution.failed[&space(name_space)])
}
