//! A host that recorded all there is to record, with a canary wherever a text can be.

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::pack::manifest::Action;
use tempfile::TempDir;

use super::super::*;
use crate::client::NoFailures;
use crate::findings::{Decision, FindingId, Findings, KeptFinding, Way};
use crate::journal::{
    self, BrokenPack, Event, FindingRecord, HistoryState, Journal, NoVerdictRecord,
    NotEvaluableRecord, Setup, SoftenedRecord, Verdict, WatchOutcome,
};
use crate::lock::tests::version;
use crate::lock::{Lock, State};
use crate::settings::{HistorySettings, HostFolder, Settings, Updates};
use crate::subscription::Subscription;

/// 2026-11-22 09:31:00, China Standard Time.
pub(super) const NOW_MS: i64 = 1_795_311_060_000;
pub(super) const CANARY: &str = "欧阳金丝雀370303196503081234";
pub(super) const PACK: &str = "37/limits/1.0.0.wasm";
pub(super) const VENDOR: &str = "vendor-acme/checks/1.0.0.wasm";

/// A host that was set up, with versions in every state.
fn host(folder: &TempDir) -> HostFolder {
    let host = HostFolder::at(folder.path());
    let division: rulepack_protocol::names::Division = "370303".parse().unwrap();
    let settings = Settings {
        registry: format!("http://{CANARY}"),
        institution: "H37030000001".into(),
        subscriptions: Subscription::defaults(&division),
        division,
        canary: false,
        updates: Updates::default(),
        history: HistorySettings::default(),
        air_gap: None,
        hold_rekeyed: false,
    };
    host.create(&settings).unwrap();
    let mut lock = Lock::default();
    let reason = CANARY.to_owned();
    for (number, state) in [
        ("1.0.0", State::Active),
        (
            "1.1.0",
            State::Waiting {
                reason: reason.clone(),
            },
        ),
        (
            "1.2.0",
            State::Held {
                reason: reason.clone(),
            },
        ),
        (
            "1.3.0",
            State::Refused {
                reason: reason.clone(),
            },
        ),
    ] {
        let mut version = version(number, "2026-01-01", "2025-12-20");
        version.state = state;
        lock.put(version);
    }
    for path in [VENDOR, "37/vendor-acme.checks/1.0.0.toml"] {
        let mut version = version("1.0.0", "2026-01-01", "2025-12-20");
        version.path = path.parse().unwrap();
        lock.put(version);
    }
    lock.holds
        .insert("37/limits".parse().unwrap(), reason.clone());
    lock.holds
        .insert("vendor-acme/checks".parse().unwrap(), reason);
    lock.write(&host, &NoFailures).unwrap();
    host
}

fn journal(host: &HostFolder) -> Journal {
    let setup = Setup {
        folder: host.journal(),
        institution: "H37030000001".into(),
        clock: || NOW_MS,
        failures: std::sync::Arc::new(NoFailures),
    };
    Journal::open(setup, journal::make_key(host).unwrap()).unwrap()
}

/// A review with one finding of a pack's rule, and all else that a verdict can hold.
fn verdict(pack: &str, rule: &str) -> Event {
    let pack: rulepack_protocol::names::TargetPath = pack.parse().unwrap();
    let rule = rule.to_owned();
    let digest = Digest::of(b"x");
    Event::Verdict(Box::new(Verdict {
        answer: "00000000000001".into(),
        infno: "3101".into(),
        stage: Stage::Before,
        today: 20_779,
        jurisdiction: "370303".into(),
        engine: CANARY.into(),
        region: None,
        policy: None,
        lock: digest,
        history: HistoryState {
            segments: 0,
            digest,
            seen: None,
        },
        data: digest,
        findings_digest: digest,
        packs: Vec::new(),
        findings: vec![FindingRecord {
            pack: pack.clone(),
            rule: rule.clone(),
            certainty: Certainty::Violation,
            action: Action::Review,
            amount: 12_300,
        }],
        softened: vec![SoftenedRecord {
            pack: pack.clone(),
            rule: rule.clone(),
            to: Action::Remind,
        }],
        notices: 0,
        recalled: None,
        not_evaluable: vec![NotEvaluableRecord {
            pack: pack.clone(),
            rule,
            missing: vec!["orders.supply-days".into(), CANARY.into()],
            rows: None,
        }],
        no_verdict: vec![NoVerdictRecord {
            pack: pack.clone(),
            reason: CANARY.into(),
            amount: 777,
        }],
        gaps: Vec::new(),
        broken: vec![BrokenPack {
            pack,
            problem: CANARY.into(),
        }],
        left_out: 0,
        far_rule_days: 1,
    }))
}

/// Every event there is.
fn record_all(host: &HostFolder) {
    let journal = journal(host);
    let digest = Digest::of(b"x");
    for _ in 0..6 {
        journal.record(verdict(PACK, "LIM-01")).unwrap();
    }
    journal.record(verdict(PACK, "LIM-02")).unwrap();
    for _ in 0..9 {
        journal.record(verdict(VENDOR, "V-01")).unwrap();
    }
    let watched = |pack: &str| Event::Watch {
        pack: pack.parse().unwrap(),
        outcome: WatchOutcome::FellBack,
        patients: 9,
        faults: 9,
    };
    for event in [
        Event::Started {
            engine: CANARY.into(),
            lock: digest,
        },
        Event::Unreviewed {
            answer: CANARY.into(),
            infno: CANARY.into(),
            reason: CANARY.into(),
        },
        watched(PACK),
        watched(VENDOR),
        Event::Clock { back_ms: 5_000 },
    ] {
        journal.record(event).unwrap();
    }
}

/// Findings of the rule, all but the last one decided on.
fn decide(host: &HostFolder) {
    let findings = Findings::open(host).unwrap();
    for answer in 1..=6 {
        let finding = KeptFinding {
            id: FindingId { answer, place: 0 },
            at: NOW_MS / 1_000 + 8 * 3_600,
            stage: Stage::Before,
            pack: PACK.parse().unwrap(),
            rule: "LIM-01".into(),
            certainty: Certainty::Violation,
            action: Action::Review,
            softened: None,
            message: CANARY.into(),
            amount: 12_300,
            patient: Some(CANARY.into()),
            encounter: Some(CANARY.into()),
            department: Some(CANARY.into()),
            doctor: Some(CANARY.into()),
        };
        findings.keep(vec![finding.clone()]).unwrap();
        let decision = |way| Decision {
            finding: finding.id,
            way,
            reason: CANARY.into(),
            at: finding.at,
        };
        // Changed first and then continued: the last one counts.
        findings
            .decide(vec![(finding.clone(), decision(Way::Changed))])
            .unwrap();
        if answer < 6 {
            findings
                .decide(vec![(finding.clone(), decision(Way::Continued))])
                .unwrap();
        }
    }
}

pub(super) fn now() -> Moment {
    Moment::from_unix(NOW_MS / 1_000).unwrap()
}

pub(super) fn gathered(host: &HostFolder, made: Moment) -> ExportedStatus {
    let today = "2026-11-22".parse().unwrap();
    let month = "2026-11".parse().unwrap();
    ExportedStatus::gather(host, month, (made, today)).unwrap()
}

pub(super) fn signed(host: &HostFolder, made: Moment) -> SignedStatus {
    SignedStatus::sign(gathered(host, made), &journal::read_key(host).unwrap())
}

pub(super) fn full(folder: &TempDir) -> HostFolder {
    let host = host(folder);
    record_all(&host);
    decide(&host);
    host
}
