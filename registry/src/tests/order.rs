//! The order of the steps (threat T11): what an upload has to pass before any byte of a pack is parsed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rulepack_protocol::pack::Pack;
use rulepack_protocol::tuf::{Custom, Hashes, RoleName, Target, Targets};

use super::fixture::*;
use crate::http::problem::causes;
use crate::publication::Publication;
use crate::publish::{CaseRunner, CasesFailed, RefusalKind};
use crate::registry::Registry;

/// Counts the packs that came so far.
struct Counting(Arc<AtomicUsize>);

impl CaseRunner for Counting {
    fn run(&self, pack: &Pack, bytes: &[u8]) -> Result<(), CasesFailed> {
        self.0.fetch_add(1, Ordering::SeqCst);
        ByTitle.run(pack, bytes)
    }
}

/// A registry, and how many packs have reached the runner of cases.
fn counted(world: &World) -> (Registry, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let runner = Box::new(Counting(Arc::clone(&count)));
    let registry = world.with_cases(runner).unwrap();
    (registry, count)
}

/// Bytes that the parser of packs refuses with words of its own.
const NO_PACK: &[u8] = b"\0asm this is no component";

/// A role that lists `bytes` under the path and with the `custom` of a real pack.
fn listing(bytes: &[u8], signers: usize) -> Publication {
    let (path, real) = target(&sealed("37/limits", "1.0.0", "限额"));
    let custom: Custom = real.custom;
    let listed = Target {
        length: bytes.len() as u64,
        hashes: Hashes {
            sha256: rulepack_protocol::digest::Digest::of(bytes),
        },
        custom,
    };
    let mut role = Targets::new(now().plus_days(60));
    role.add_target(path.clone(), listed).unwrap();
    let metadata = signed(role, &officers(SHANDONG)[..signers]);
    Publication {
        metadata: [("37".parse::<RoleName>().unwrap(), metadata)].into(),
        targets: [(path, bytes.to_vec())].into(),
    }
}

fn refused(registry: &Registry, body: &[u8]) -> (RefusalKind, String, Vec<String>) {
    let refusal = registry.publish(body).unwrap_err();
    (refusal.kind(), refusal.to_string(), causes(&refusal))
}

#[test]
fn an_unauthorised_component_never_reaches_the_parser() {
    let world = World::with_delegations();
    let (registry, count) = counted(&world);
    // With two signatures the parser looks at it, and says so.
    let (kind, text, causes) = refused(&registry, &listing(NO_PACK, 2).to_bytes());
    assert_eq!(kind, RefusalKind::PackFormat);
    assert_eq!(text, "`37/limits/1.0.0.wasm` is not an acceptable pack");
    assert_eq!(causes.len(), 1);
    // The same bytes with one signature: nothing of what the parser would say.
    for signers in [0, 1] {
        let (kind, text, causes) = refused(&registry, &listing(NO_PACK, signers).to_bytes());
        assert_eq!(kind, RefusalKind::Signatures);
        assert_eq!(text, "the new `37` is not acceptable");
        assert_eq!(causes, [format!("{signers} of 2 signatures are there")]);
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    registry.publish(&first_release().to_bytes()).unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn each_step_refuses_before_the_next_one_looks() {
    let world = World::with_delegations();
    let (registry, count) = counted(&world);
    let kind = |body: &[u8]| refused(&registry, body).0;
    // Everything is wrong at first; one fault after the other is mended, from the outside in.
    let mut upload = listing(NO_PACK, 1);
    let mut other = NO_PACK.to_vec();
    other[5] ^= 1;
    upload
        .targets
        .values_mut()
        .for_each(|bytes| *bytes = other.clone());
    let mut body = upload.to_bytes();
    body.truncate(body.len() - 1);
    assert_eq!(kind(&body), RefusalKind::MalformedUpload);
    assert_eq!(kind(&upload.to_bytes()), RefusalKind::Signatures);
    upload.metadata = listing(NO_PACK, 2).metadata;
    assert_eq!(kind(&upload.to_bytes()), RefusalKind::PackDigest);
    upload.targets = listing(NO_PACK, 2).targets;
    assert_eq!(kind(&upload.to_bytes()), RefusalKind::PackFormat);
    let bad = sealed("37/limits", "1.0.0", "坏");
    let mut role = space(1, &[&bad]);
    let path = "37/limits/1.0.0.wasm".parse().unwrap();
    role.custom_mut(&path).unwrap().effective.from = "2026-12-02".parse().unwrap();
    let upload_of = |role: Targets| {
        super::fixture::upload("37", signed(role, &officers(SHANDONG)[..2]), &[&bad]).to_bytes()
    };
    assert_eq!(kind(&upload_of(role)), RefusalKind::PackCustom);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(kind(&upload_of(space(1, &[&bad]))), RefusalKind::Cases);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    // Nothing of all this was stored.
    let folder = world.folder.path().join("repository");
    assert!(!folder.join("metadata/1.37.json").exists());
    assert!(!folder.join("targets/37").exists());
    assert_eq!(
        std::fs::read_dir(folder.join("staging")).unwrap().count(),
        0
    );
}
