//! Registry and signer as real processes, killed by SIGKILL at every durable step of a publication.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(all(unix, debug_assertions))]

#[path = "common/site.rs"]
mod site;
#[path = "common/smallest_pack.rs"]
mod smallest_pack;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;

use rulepack_protocol::digest::Digest;
use rulepack_registry::failure::FailurePoint;

use site::{Bureau, Site};

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Registry,
    Signer,
}

/// How often a publication of one pack reaches each point, in each process.
const STEPS: [(Victim, FailurePoint, u32); 12] = [
    // The upload, the pack, the role, the snapshot, the timestamp.
    (Victim::Registry, FailurePoint::FileWritten, 5),
    (Victim::Registry, FailurePoint::UploadStaged, 1),
    (Victim::Registry, FailurePoint::TargetStored, 1),
    (Victim::Registry, FailurePoint::RoleStored, 1),
    (Victim::Signer, FailurePoint::SuccessorVerified, 1),
    (Victim::Signer, FailurePoint::SuccessorWritten, 1),
    (Victim::Signer, FailurePoint::SuccessorRecorded, 1),
    (Victim::Registry, FailurePoint::SuccessorReceived, 1),
    (Victim::Registry, FailurePoint::SnapshotStored, 1),
    (Victim::Registry, FailurePoint::TimestampStored, 1),
    (Victim::Registry, FailurePoint::StagingCleared, 1),
    (Victim::Registry, FailurePoint::IndexUpdated, 1),
];

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rulepack"))
}

struct Story {
    site: Site,
    bureau: Bureau,
    seen: BTreeMap<String, Digest>,
}

impl Story {
    fn begin() -> Self {
        let bureau = Bureau::new("37", 30);
        let site = Site::found(program(), &[&bureau]);
        Story {
            site,
            bureau,
            seen: BTreeMap::new(),
        }
    }

    /// Publishes, with the victim killed at the `nth` time it reaches the point; starts both again.
    fn kill_at(&mut self, victim: Victim, point: FailurePoint, nth: u32) {
        let step = format!("{victim:?} at {point:?} {nth}");
        let failure = format!("kill {point:?} {nth}");
        let (signer, registry) = match victim {
            Victim::Signer => (failure.as_str(), ""),
            Victim::Registry => ("", failure.as_str()),
        };
        let signer = self.site.start_signer(signer);
        let registry = self.site.start_registry(registry);
        let (role, publication) = self.bureau.next();
        let failed = registry.client().publish(&publication).unwrap_err();
        let (killed, other) = match victim {
            Victim::Signer => (signer, registry),
            Victim::Registry => (registry, signer),
        };
        let status = killed.ended();
        const SIGKILL: i32 = 9;
        assert_eq!(status.signal(), Some(SIGKILL), "{step}: {failed}");
        self.site.note_versions(&mut self.seen);
        // A repository that hosts can read, at this very moment too.
        self.site.shown(&self.bureau);

        other.kill();
        let _signer = self.site.start_signer("");
        let registry = self.site.start_registry("");
        let happened = point >= FailurePoint::SuccessorRecorded
            || (point == FailurePoint::FileWritten && nth > 3);
        let before = self.bureau.role.version;
        let shown = self.site.shown(&self.bureau);
        assert_eq!(shown, before + u64::from(happened), "{step}");
        self.site.assert_valid();
        self.site.note_versions(&mut self.seen);

        let receipt = registry.client().publish(&publication).unwrap();
        assert_eq!(receipt.already_published, happened, "{step}");
        self.bureau.role = role;
        assert_eq!(self.site.shown(&self.bureau), before + 1, "{step}");
        self.site.assert_valid();
        self.site.note_versions(&mut self.seen);
    }
}

#[test]
fn a_kill_at_any_step_leaves_a_valid_repository_and_a_retry_finishes() {
    let mut story = Story::begin();
    let known: Vec<_> = STEPS.iter().map(|(_, point, _)| *point).collect();
    assert_eq!(known, FailurePoint::ALL);
    for (victim, point, times) in STEPS {
        for nth in 1..=times {
            story.kill_at(victim, point, nth);
        }
    }
    // Twelve points, one of them five times: as many versions, none lost and none twice.
    assert_eq!(story.bureau.role.version, 16);
}
