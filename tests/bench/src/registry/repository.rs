//! A repository of many bureaus: every role signed by two officers, every pack sealed, all of it published
//! through the registry with all its checks but the cases, of which these packs have none.

use std::path::Path;
use std::sync::Arc;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::{SecretKey, Signer};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::{NameSpace, NameSpaceClass, TargetPath};
use rulepack_protocol::pack::{self, Bounds, Manifest, Pack};
use rulepack_protocol::tuf::{
    Authority, Channel, Custom, Envelope, Hashes, Payload, RoleName, Root, Target, Targets,
};
use rulepack_registry::failure::NoFailure;
use rulepack_registry::{
    CaseRunner, CasesFailed, KeySigner, Parts, Publication, Registry, SignerKeys,
};

/// The smallest component that is a pack: `prepare` and `evaluate`, which do nothing.
const COMPONENT: &str = "0061736d0d00010001260061736d0100000001040160000003020100050301000107070103\
    72756e00000a040102000b020401000000060901000001000372756e0705014000010008060100000000000b1a020007\
    7072657061726501000000086576616c75617465010000";

/// The day of everything.
#[must_use]
pub fn now() -> Moment {
    "2026-11-22T08:00:00Z"
        .parse()
        .expect("a moment in its one spelling")
}

/// The bureaus: `cn`, 31 provinces, eleven cities of each, and as many vendors as are left.
#[must_use]
pub fn name_spaces(count: usize) -> Vec<NameSpace> {
    const PROVINCES: usize = 31;
    const CITIES: usize = 11;
    let mut names = vec!["cn".to_owned()];
    for province in 11..11 + PROVINCES {
        names.push(province.to_string());
        names.extend((1..=CITIES).map(|city| format!("{province}{city:02}")));
    }
    names.extend((1..=count).map(|vendor| format!("vendor-v{vendor:04}")));
    names.truncate(count);
    let parsed = names.iter().map(|name| name.parse());
    let parsed: Result<_, _> = parsed.collect();
    parsed.expect("names that the protocol allows")
}

/// Accepts every pack: these have no cases.
struct NoCases;

impl CaseRunner for NoCases {
    fn run(&self, _: &Pack, _: &[u8]) -> Result<(), CasesFailed> {
        Ok(())
    }
}

/// Opens the registry in `folder`; its signer lies beside it.
///
/// # Panics
/// Where it cannot be opened: there is nothing to measure then.
#[must_use]
pub fn open(folder: &Path) -> Registry {
    let keys = SignerKeys {
        snapshot: vec![Box::new(key("snapshot", 0))],
        timestamp: vec![Box::new(key("timestamp", 0))],
    };
    let signer = KeySigner::open(&folder.join("signer"), keys).expect("a folder of ours");
    Registry::open(Parts {
        folder: folder.join("repository"),
        signer: Box::new(signer),
        cases: Box::new(NoCases),
        clock: Box::new(now),
        failure_points: Arc::new(NoFailure),
    })
    .expect("a repository of ours")
}

/// The first root.
#[must_use]
pub fn root() -> Vec<u8> {
    let pinner = |role| Authority::new([key(role, 0).public_key().clone()], 1);
    let root = Root::new(
        now().plus_days(365),
        &authority("root"),
        &authority("targets"),
        &pinner("snapshot"),
        &pinner("timestamp"),
    );
    signed(root, "root")
}

/// Installs the root, and delegates all `name_spaces`: vendors, provinces and `cn` by `targets`, cities by
/// their provinces. Each is published in version 1 and lists no pack yet.
///
/// # Panics
/// Where the registry refuses it.
pub fn delegate(registry: &Registry, name_spaces: &[NameSpace]) {
    /// Roles of one upload: fewer than it may have parts.
    const ROLES: usize = 50;
    registry.install_root(&root()).expect("a root of ours");
    let mut top = Targets::new(now().plus_days(365));
    for name_space in name_spaces.iter().filter(|name| name.parent().is_none()) {
        top.delegate(name_space, &authority(&name_space.to_string()));
    }
    publish(
        registry,
        &upload([(RoleName::TARGETS, signed(top, "targets"))], Vec::new()),
    );
    for some in name_spaces.chunks(ROLES) {
        let role_of = |name: &NameSpace| {
            let metadata = role(name, name_spaces, 1, &[]);
            (RoleName::Space(name.clone()), metadata)
        };
        publish(registry, &upload(some.iter().map(role_of), Vec::new()));
    }
}

/// The role of a name space in a version, with its delegations, listing these packs.
#[must_use]
pub fn role(name_space: &NameSpace, all: &[NameSpace], version: u64, packs: &[Vec<u8>]) -> Vec<u8> {
    let mut role = Targets::new(now().plus_days(60));
    role.version = version;
    let is_child = |other: &&NameSpace| other.parent().as_ref() == Some(name_space);
    for child in all.iter().filter(is_child) {
        role.delegate(child, &authority(&child.to_string()));
    }
    for bytes in packs {
        let (path, target) = target(bytes);
        role.add_target(path, target).expect("each path once");
    }
    signed(role, &name_space.to_string())
}

/// Versions of a few packs of a name space, sealed.
///
/// # Panics
/// Where one cannot be sealed.
#[must_use]
pub fn packs(name_space: &NameSpace, first: usize, count: usize) -> Vec<Vec<u8>> {
    const VERSIONS: usize = 5;
    let component = component();
    // A bureau's packs hold for its own area; a vendor's for none: the hospital decides.
    let place = match name_space.class() {
        NameSpaceClass::Vendor => String::new(),
        _ => format!("\"{name_space}\""),
    };
    let seal = |number: usize| {
        let (name, version) = (number / VERSIONS, number % VERSIONS);
        let manifest = MANIFEST
            .replace("{name}", &format!("{name_space}/limits-{name}"))
            .replace("{place}", &place)
            .replace("{version}", &format!("1.{version}.0"));
        let manifest = Manifest::from_toml(&manifest).expect("a manifest of ours");
        pack::seal(&component, &manifest, &Default::default(), &[]).expect("a pack of ours")
    };
    (first..first + count).map(seal).collect()
}

/// The body of an upload of these roles, and of the packs that they newly list.
#[must_use]
pub fn upload(
    roles: impl IntoIterator<Item = (RoleName, Vec<u8>)>,
    packs: Vec<Vec<u8>>,
) -> Vec<u8> {
    let targets = packs.into_iter().map(|bytes| (target(&bytes).0, bytes));
    let publication = Publication {
        metadata: roles.into_iter().collect(),
        targets: targets.collect(),
    };
    publication.to_bytes()
}

/// Publishes an upload.
///
/// # Panics
/// Where the registry refuses it.
pub fn publish(registry: &Registry, body: &[u8]) {
    let receipt = registry.publish(body).expect("a publication of ours");
    assert!(!receipt.already_published);
}

fn target(bytes: &[u8]) -> (TargetPath, Target) {
    let pack = pack::open(bytes, &Bounds::NATIVE).expect("a pack of ours");
    let custom = Custom::of(&pack, Channel::Stable, now().day());
    let path = format!("{}/{}.wasm", custom.name, custom.version);
    let target = Target {
        length: bytes.len() as u64,
        hashes: Hashes {
            sha256: Digest::of(bytes),
        },
        custom,
    };
    (path.parse().expect("a path of ours"), target)
}

/// The key of an officer, always the same.
fn key(role: &str, officer: u8) -> SecretKey {
    let seed = Digest::of(format!("{role} {officer}").as_bytes());
    let person = format!("{role}-officer-{officer}");
    // A person's id begins with a letter; the names of divisions are digits.
    let person = format!("of-{person}").parse().expect("an id of ours");
    SecretKey::from_seed(*seed.as_bytes(), person)
}

fn authority(role: &str) -> Authority {
    Authority::new(
        (0..3).map(|officer| key(role, officer).public_key().clone()),
        2,
    )
}

fn signed<T: Payload>(payload: T, role: &str) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(payload).expect("metadata of ours is ASCII");
    for officer in 0..2 {
        envelope
            .sign(&key(role, officer))
            .expect("each officer signs once");
    }
    envelope.to_bytes()
}

fn component() -> Vec<u8> {
    let digit = |at: usize| {
        COMPONENT
            .get(at..at + 2)
            .map(|two| u8::from_str_radix(two, 16))
    };
    let bytes = (0..COMPONENT.len()).step_by(2).filter_map(digit);
    let bytes: Result<_, _> = bytes.collect();
    bytes.expect("hexadecimal digits")
}

const MANIFEST: &str = r#"
[pack]
name = "{name}"
version = "{version}"
title = "限额"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = { from = "2026-12-01" }
jurisdictions = [{place}]

[[rule]]
id = "LIM-01"
title = "超限额"
scope = "patient"
stages = ["before", "after"]
behaviour = "项目类"
action = { violation = "review" }
basis = "示例"
needs = ["orders.items"]
messages = { over = "{item}超过 {limit}" }
why = { "orders.items" = "what is counted" }
"#;
