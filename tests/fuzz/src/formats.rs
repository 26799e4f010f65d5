//! One function for each format whose bytes come from outside: it reads the bytes, and where they are
//! well formed it holds the reader to its promises. It gives whether they were.
//!
//! `cargo fuzz` feeds these functions from `fuzz_targets/`; the test `tests/formats.rs` feeds them the
//! seeds and mutations of them, so that every change is tried without a fuzzer.

use std::str::FromStr;

use rulepack_contract::answer::Answer;
use rulepack_contract::case::Case;
use rulepack_contract::data::DataBuilder;
use rulepack_contract::knowledge::{KnowledgeTable, TableDeclaration};
use rulepack_host::client::FloorsStore;
use rulepack_host::data::Call as _;
use rulepack_host::data::national::{Region, Request, decode};
use rulepack_host::data::native::NativeRequest;
use rulepack_host::journal::{self, Heads, SignedHead};
use rulepack_host::lock::{Choice, Lock, Purpose};
use rulepack_host::officers::Officers;
use rulepack_host::receipt::Receipt;
use rulepack_host::status_export::{Enrolled, SignedStatus};
use rulepack_protocol::canonical;
use rulepack_protocol::key::{LockedKey, PublicKey};
use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{Jurisdiction, NameSpace, PackName, PersonId, TargetPath};
use rulepack_protocol::overlay::Overlay;
use rulepack_protocol::pack::columnar::{self, Allowance};
use rulepack_protocol::pack::{self, Bounds, Manifest};
use rulepack_protocol::trust::{Floors, Limits, RootChain, policy};
use rulepack_protocol::tuf::{
    AnyEnvelope, Envelope, Language, Payload, RoleName, Root, Snapshot, Targets, Timestamp, summary,
};
use rulepack_registry::Publication;

/// A format by the name of its fuzz target and its folder of seeds.
pub type Format = (&'static str, fn(&[u8]) -> bool);

/// Every format.
pub const ALL: &[Format] = &[
    ("canonical_json", canonical_json),
    ("root", root),
    ("targets", targets),
    ("snapshot", snapshot),
    ("timestamp", timestamp),
    ("target_path", target_path),
    ("key", key),
    ("floors", floors),
    ("memory", memory),
    ("lock", lock),
    ("officers", officers),
    ("publication", publication),
    ("manifest_toml", manifest_toml),
    ("manifest_sealed", manifest_sealed),
    ("overlay", overlay),
    ("pack", pack_file),
    ("columnar", columnar_table),
    ("answer", answer),
    ("case", case),
    ("national_json", national_json),
    ("native_json", native_json),
    ("region", region),
    ("table_csv", table_csv),
    ("data_csv", data_csv),
    ("journal", journal_file),
    ("receipt", receipt),
    ("head", head),
    ("heads", heads),
    ("status", status),
    ("enrolled", enrolled),
];

/// The key of the host that made the seeds of `journal`, `receipt`, `head` and `status`.
const HOST: &str = "103a3a0cf88884928f268436a5f61202a025970b7108ee7fa65adf306fc7de2d";
/// The key of the bureau that made those of `heads`.
const BUREAU: &str = "04b873e78e99c961d5d1c01a1ed78c52cb4da9e0b20cc75f75b0bed8a0e758a0";

/// Canonical JSON: what was read is written in one form, which reads as the same value.
pub fn canonical_json(bytes: &[u8]) -> bool {
    let Ok(value) = canonical::parse(bytes) else {
        return false;
    };
    let Ok(written) = canonical::encode_value(&value) else {
        return false;
    };
    // Beyond printable ASCII the canonical form of TUF is not JSON any more, and we sign no such thing.
    if canonical::check_ascii(&value).is_err() {
        return false;
    }
    assert_eq!(canonical::parse(&written).ok(), Some(value));
    true
}

/// `N.root.json`, as the first thing that a host is given.
pub fn root(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let well_formed = envelope::<Root>(bytes, |root| drop(policy::check_root(root, &limits)));
    if let Ok(chain) = RootChain::start(bytes, Floors::default(), limits) {
        assert!(well_formed, "what is trusted is well formed");
        assert_eq!(chain.root().bytes(), bytes);
    }
    well_formed
}

/// `N.targets.json` and `N.<name space>.json`.
pub fn targets(bytes: &[u8]) -> bool {
    let roles = [RoleName::TARGETS, RoleName::Space(NameSpace::national())];
    envelope::<Targets>(bytes, |targets| {
        for role in &roles {
            drop(policy::check_targets(role, targets, &Limits::default()));
        }
    })
}

/// `N.snapshot.json`.
pub fn snapshot(bytes: &[u8]) -> bool {
    envelope::<Snapshot>(bytes, |snapshot| {
        let mut floors = Floors::default();
        assert_eq!(floors.advance_pins(snapshot), Ok(()));
        assert_eq!(
            floors.advance_pins(snapshot),
            Ok(()),
            "it is its own successor"
        );
    })
}

/// `timestamp.json`.
pub fn timestamp(bytes: &[u8]) -> bool {
    envelope::<Timestamp>(bytes, |timestamp| {
        assert!(
            policy::check_version(timestamp).is_ok(),
            "the reader bounds versions"
        );
    })
}

/// The names that stand in paths and addresses: each is written as it was read, and leaves no folder.
pub fn target_path(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    named::<NameSpace>(text);
    named::<PackName>(text);
    named::<PersonId>(text);
    named::<RoleName>(text);
    named::<Jurisdiction>(text);
    named::<Day>(text);
    drop(Moment::from_str(text));
    let Ok(path) = TargetPath::from_str(text) else {
        return false;
    };
    assert_eq!(path.to_string(), text);
    let parts: Vec<_> = text.split('/').collect();
    assert_eq!(parts.len(), 3);
    assert!(
        !parts
            .iter()
            .any(|part| part.is_empty() || part.starts_with('.'))
    );
    true
}

/// Public and secret keys.
pub fn key(bytes: &[u8]) -> bool {
    let public = serde_json::from_slice::<PublicKey>(bytes);
    if let Ok(key) = &public {
        let written = serde_json::to_vec(key).expect("a key is texts");
        let read = serde_json::from_slice::<PublicKey>(&written);
        assert_eq!(read.ok().as_ref(), Some(key), "a key has one spelling");
    }
    let text = std::str::from_utf8(bytes);
    let secret =
        text.is_ok_and(|text| LockedKey::parse(text).is_ok_and(|key| key.unlock(None).is_ok()));
    public.is_ok() || secret
}

/// What a host remembers.
pub fn floors(bytes: &[u8]) -> bool {
    let Ok(floors) = serde_json::from_slice::<Floors>(bytes) else {
        return false;
    };
    let written = serde_json::to_vec(&floors).expect("floors are texts and numbers");
    assert_eq!(serde_json::from_slice(&written).ok(), Some(floors));
    true
}

/// `trust.json`: the same, sealed by its digest, with the files in force.
pub fn memory(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("trust.json"), bytes).expect("a temporary file");
    FloorsStore::new(folder.path()).read().is_ok()
}

/// `lock.json`: the choice of a version is total, and the digest is that of what was read.
pub fn lock(bytes: &[u8]) -> bool {
    let Ok(lock) = serde_json::from_slice::<Lock>(bytes) else {
        return false;
    };
    let written = serde_json::to_vec(&lock).expect("a lock is texts");
    let again: Lock = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, lock);
    assert_eq!(again.digest(), lock.digest());
    for pack in lock.packs() {
        for version in &lock.versions {
            let chosen = lock.choose(pack, version.effective.from, Purpose::Service);
            if let Choice::Version { version, .. } = chosen {
                assert_eq!(version.path.pack(), pack);
            }
        }
    }
    true
}

/// `officers.json`: whose officers a host has accepted.
pub fn officers(bytes: &[u8]) -> bool {
    let Ok(officers) = serde_json::from_slice::<Officers>(bytes) else {
        return false;
    };
    let written = serde_json::to_vec(&officers).expect("officers are texts");
    assert_eq!(serde_json::from_slice(&written).ok(), Some(officers));
    true
}

/// The body of an upload.
pub fn publication(bytes: &[u8]) -> bool {
    let Ok(publication) = Publication::from_bytes(bytes) else {
        return false;
    };
    let again = Publication::from_bytes(&publication.to_bytes());
    let again = again.expect("what was read can be written and read");
    assert_eq!(again.metadata, publication.metadata);
    assert_eq!(again.targets, publication.targets);
    true
}

/// `pack.toml`.
pub fn manifest_toml(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    let Some(manifest) = text.ok().and_then(|text| Manifest::from_toml(text).ok()) else {
        return false;
    };
    // A table file that lies beside it is sealed without its place, so only the sealed form repeats.
    if let Ok(sealed) = manifest.to_sealed() {
        drop(Manifest::from_sealed(&sealed));
    }
    true
}

/// The manifest within a pack: one form only.
pub fn manifest_sealed(bytes: &[u8]) -> bool {
    let Ok(manifest) = Manifest::from_sealed(bytes) else {
        return false;
    };
    let sealed = manifest.to_sealed().expect("what was sealed can be sealed");
    assert_eq!(sealed, bytes, "a sealed manifest has one form");
    true
}

/// An overlay: what was read is published in a form that reads as the same, under a path of its own.
pub fn overlay(bytes: &[u8]) -> bool {
    let Ok(overlay) = Overlay::from_published(bytes) else {
        return false;
    };
    // Spelled out, an overlay at the bound may be larger than it was.
    if let Ok(written) = overlay.to_published() {
        let read = Overlay::from_published(&written).expect("what was written can be read");
        assert_eq!(read, overlay, "an overlay is written as it was read");
    }
    if let Ok(Some(path)) = overlay.path() {
        assert_eq!(path.to_string().parse().as_ref(), Ok(&path));
        assert!(path.is_overlay());
    }
    true
}

/// A sealed pack.
pub fn pack_file(bytes: &[u8]) -> bool {
    let Ok(opened) = pack::open(bytes, &Bounds::NATIVE) else {
        return false;
    };
    let component = pack::component_of(bytes).expect("an open pack has a component");
    assert!(bytes.starts_with(component), "stripping is truncation");
    drop(
        opened
            .manifest
            .to_sealed()
            .expect("an open manifest can be sealed"),
    );
    true
}

/// A sealed knowledge table: one form only.
pub fn columnar_table(bytes: &[u8]) -> bool {
    let Ok(table) = columnar::decode(bytes, &mut Allowance::new(&Bounds::NATIVE)) else {
        return false;
    };
    let written = columnar::encode(&table).expect("what was read can be written");
    assert_eq!(written, bytes, "a table has one form");
    true
}

/// An answer as it is kept.
pub fn answer(bytes: &[u8]) -> bool {
    let Ok(mut answer) = serde_json::from_slice::<Answer>(bytes) else {
        return false;
    };
    answer.sort();
    let sorted = answer.clone();
    answer.sort();
    assert_eq!(answer, sorted, "there is one order");
    true
}

/// A case of a pack.
pub fn case(bytes: &[u8]) -> bool {
    let Ok(case) = serde_json::from_slice::<Case>(bytes) else {
        return false;
    };
    case.data().is_ok() && case.review().is_ok()
}

/// The body of a 3101 or 3102.
pub fn national_json(bytes: &[u8]) -> bool {
    let Ok((text, _)) = decode(bytes, None) else {
        return false;
    };
    let Ok(request) = Request::parse(&text, &Region::default()) else {
        return false;
    };
    drop(request.patients());
    let mut builder = DataBuilder::new();
    if request.fill(&mut builder).is_err() {
        return false;
    }
    let (_data, rejected) = builder.finish();
    rejected.is_empty()
}

/// The body of a check under `/api/v1`.
pub fn native_json(bytes: &[u8]) -> bool {
    let request = std::str::from_utf8(bytes).ok();
    let Some(request) = request.and_then(|text| NativeRequest::parse(text).ok()) else {
        return false;
    };
    let mut builder = DataBuilder::new();
    if request.fill(&mut builder).is_err() {
        return false;
    }
    let (_data, rejected) = builder.finish();
    rejected.is_empty()
}

/// The file of a region's renamings.
pub fn region(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    let Some(region) = text.ok().and_then(|text| Region::parse(text).ok()) else {
        return false;
    };
    drop(region.cut("约定量完成"));
    true
}

/// A knowledge table as a bureau writes it.
pub fn table_csv(bytes: &[u8]) -> bool {
    const DECLARATION: &str = r#"{"name": "catalogue", "columns": {"disease": "code", "item": "code",
        "valid_from": "day", "valid_to": "day", "basis": "text"}, "key": ["disease", "item", "valid_from"]}"#;
    let declaration: TableDeclaration = serde_json::from_str(DECLARATION).expect("it is one");
    let Ok(table) = KnowledgeTable::from_csv(&declaration, bytes) else {
        return false;
    };
    columnar::check(&table, &declaration).expect("a table that was read is as declared");
    let written = columnar::encode(&table).expect("a table that was read can be sealed");
    let read = columnar::decode(&written, &mut Allowance::new(&Bounds::NATIVE));
    assert_eq!(read.ok().as_ref(), Some(&table));
    true
}

/// A table of the hospital's data.
pub fn data_csv(bytes: &[u8]) -> bool {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("patients.csv");
    std::fs::write(&path, bytes).expect("a temporary file");
    rulepack_host::data::read_file(&path).is_ok()
}

/// A file of a host's journal. Whatever is changed in it, its head is one that the host signed, or none: the end
/// may be cut, nothing may be put in its place.
pub fn journal_file(bytes: &[u8]) -> bool {
    /// The heads of the seed: before the first entry, after the first, after the second.
    const SIGNED: [&str; 3] = [
        "1f81b3fa136146a4cabcbf0ba7f62068010a5a011ed995a46f25a94f1a1741ff",
        "dafd8bf6d72ce0e246c27b1b3b2c230e2f4a6938eb1fa5ee905569023ecd6e90",
        "3108dea1dea1b49b937b0bdc2d4cdb031559ea6b59cb3108494b31bfc382a4d9",
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("000001.jsonl"), bytes).expect("a temporary file");
    let Ok(Some(survey)) = journal::verify(folder.path(), None) else {
        return false;
    };
    if survey.key.id().to_string() == HOST {
        let head = survey.head.hash.to_string();
        assert!(SIGNED.contains(&head.as_str()), "{head}");
    }
    survey.head.count > 0
}

/// A receipt: what passes as the host's says what the host said.
pub fn receipt(bytes: &[u8]) -> bool {
    let host = HOST.parse().expect("a fingerprint");
    let Ok(receipt) = Receipt::parse(bytes, Some(&host)) else {
        drop(Receipt::parse(bytes, None));
        return false;
    };
    let verdict = receipt.verdict().expect("a receipt is of a verdict");
    assert_eq!(verdict.answer, "01795427006795");
    true
}

/// The head of a journal, as a host exports it.
pub fn head(bytes: &[u8]) -> bool {
    let Ok(head) = SignedHead::parse(bytes, &HOST.parse().expect("a fingerprint")) else {
        return false;
    };
    assert_eq!(head.seal.head().count, 7, "the host signed one head");
    true
}

/// What a bureau acknowledged.
pub fn heads(bytes: &[u8]) -> bool {
    let mut key = [0; 32];
    hex::decode_to_slice(BUREAU, &mut key).expect("a key in hexadecimal");
    let person = "shandong-li".parse().expect("a person");
    let bureau = PublicKey::from_bytes(&key, person).expect("a key");
    Heads::parse(bytes, &bureau).is_ok()
}

/// A status, as a host exports it: what passes names the head that the host signed.
pub fn status(bytes: &[u8]) -> bool {
    let Ok(signed) = SignedStatus::parse(bytes) else {
        return false;
    };
    let host = HOST.parse().expect("a fingerprint");
    if signed.key().id() == host {
        let head = signed.head().expect("that status has a head");
        let head = serde_json::to_vec(&head).expect("a head is JSON");
        SignedHead::parse(&head, &host).expect("it was checked");
    }
    true
}

/// The list of hosts that a bureau knows.
pub fn enrolled(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes);
    text.is_ok_and(|text| Enrolled::parse(text).is_ok())
}

/// An envelope: the same content and signatures have one form, which reads as the same.
fn envelope<T: Payload>(bytes: &[u8], check: impl FnOnce(&T)) -> bool {
    let Ok(read) = Envelope::<T>::parse(bytes) else {
        return false;
    };
    let written = read.to_bytes();
    let again = Envelope::<T>::parse(&written).expect("what was read can be written and read");
    assert_eq!(again.canonical(), read.canonical());
    assert_eq!(again.signatures(), read.signatures());
    let any = AnyEnvelope::parse(&written).expect("an envelope is of one of four kinds");
    assert!(
        !summary(None, None, &any, Language::English).is_empty(),
        "an officer is told something"
    );
    check(read.signed());
    true
}

/// A name is written as it was read.
fn named<N: FromStr + ToString>(text: &str) {
    if let Ok(name) = N::from_str(text) {
        assert_eq!(name.to_string(), text);
    }
}
