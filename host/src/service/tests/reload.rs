//! What changed on the disk is taken up by one at a time, and by the day.

use std::sync::atomic::AtomicI64;
use std::thread;
use std::time::{Duration, Instant};

use rulepack_protocol::tuf;
use tempfile::TempDir;

use super::super::*;
use super::lock_with;
use super::server::{NOW_MS, open, set_up};
use crate::lock::{LockedVersion, State};
use crate::update::course::{Came, Course, Stage, Step};

/// The service of a host that somebody prepared.
fn service(prepare: impl FnOnce(&HostFolder), clock: fn() -> i64) -> (TempDir, Service) {
    let folder = tempfile::tempdir().unwrap();
    let host = set_up(&folder);
    prepare(&host);
    let service = open(host, Arc::new(NoFailures), clock).unwrap();
    (folder, service)
}

/// Two versions, of which the later one is in force.
fn two_versions() -> Lock {
    let mut lock = lock_with("1.0.0", State::Active);
    lock.put(lock_with("1.1.0", State::Active).versions.remove(0));
    lock
}

/// Somebody else changes the lock while `work` waits for it. Answers what that one wrote.
fn changed_while(
    (service, work): (&Service, impl FnOnce() + Send),
    change: impl FnOnce(&mut Lock),
) -> Lock {
    let editing = Lock::edit(&service.folder).unwrap();
    thread::scope(|scope| {
        let working = scope.spawn(work);
        let started = Instant::now();
        while !service.lock.is_being_replaced() {
            let is_late = working.is_finished() || started.elapsed() > Duration::from_secs(20);
            assert!(!is_late, "nobody else is kept from replacing the lock");
            thread::yield_now();
        }
        let mut lock = Lock::read(&service.folder).unwrap();
        change(&mut lock);
        lock.write(&service.folder, &NoFailures).unwrap();
        drop(editing);
        working.join().unwrap();
        lock
    })
}

#[test]
fn t4_a_reload_that_waits_for_a_decision_does_not_go_back_behind_it() {
    let prepare = |host: &HostFolder| two_versions().write(host, &NoFailures).unwrap();
    let (_folder, service) = service(prepare, || NOW_MS);
    // As an earlier release left it: a reload has to note which lock is in force.
    std::fs::remove_file(service.folder.locks().join("latest")).unwrap();
    let (pack, today) = ("37/limits".parse().unwrap(), service.today().unwrap());
    let reload = || assert!(service.reload_lock().unwrap());
    let decided = changed_while((&service, reload), |lock| {
        lock.roll_back(&pack, today, "误报").unwrap();
    });
    assert_eq!(*service.lock.get(), decided);
    assert!(!service.lock.is_being_replaced());
}

/// The version in force is watched, and finds something at ten times as many patients as the one before.
fn watched(host: &HostFolder) {
    let lock = two_versions();
    lock.write(host, &NoFailures).unwrap();
    let at = "2026-11-21T01:30:00Z".parse().unwrap();
    let switch = Stage::at(at, Step::Switch, Came::Passed, "in force");
    Course::note(host, &lock.versions[1], [switch]);
    let counts = serde_json::json!({
        "37/limits/1.0.0.wasm": {"patients": 1_000, "with_findings": 50, "faults": 0},
        "37/limits/1.1.0.wasm": {"patients": 1_000, "with_findings": 500, "faults": 0},
    });
    let path = host.updates().join("watch.json");
    crate::files::replace(&path, counts.to_string().as_bytes()).unwrap();
}

#[test]
fn t9_what_a_watch_puts_in_force_no_reload_puts_there_beside_it() {
    let (_folder, service) = service(watched, || NOW_MS);
    let turn = || watching::turn(&service);
    let decided = changed_while((&service, turn), |lock| {
        let refused = State::Refused {
            reason: "it differs".into(),
        };
        lock.put(lock_with("1.2.0", refused).versions.remove(0));
    });
    let lock = Lock::read(&service.folder).unwrap();
    assert_eq!(lock.versions, decided.versions);
    assert!(
        lock.holds
            .values()
            .next()
            .unwrap()
            .starts_with("abnormal rate of findings: ")
    );
    assert_eq!(*service.lock.get(), lock);
    assert!(!service.reload_lock().unwrap());
}

/// One version is in force until a day, and the other from the next one on; both can be read, and are no packs.
fn followed(host: &HostFolder) {
    let [(first, until), (second, from)] = [("1.0.0", "2026-11-22"), ("1.1.0", "2026-11-23")];
    let mut lock = lock_with(first, State::Active);
    lock.versions[0].effective.to = Some(until.parse().unwrap());
    let version = lock_with(second, State::Active).versions.remove(0);
    let (from, to) = (from.parse().unwrap(), None);
    lock.put(LockedVersion {
        effective: tuf::Effective { from, to },
        ..version
    });
    lock.write(host, &NoFailures).unwrap();
    for version in [first, second] {
        let file = format!("{}.wasm", Digest::of(version.as_bytes()));
        crate::files::replace(&host.packs().join(file), version.as_bytes()).unwrap();
    }
}

#[test]
fn what_comes_into_force_by_its_day_is_made_ready_by_the_first_reload_of_that_day_in_china() {
    /// One millisecond before midnight in China.
    static NOW: AtomicI64 = AtomicI64::new(1_795_363_199_999);
    let (_folder, service) = service(followed, || NOW.load(Ordering::SeqCst));
    let tried = |number: &str| {
        let path: TargetPath = format!("37/limits/{number}.wasm").parse().unwrap();
        assert_eq!(
            *service.broken.get(),
            BTreeMap::from([(path, "not-a-pack")])
        );
    };
    service.warm();
    assert!(!service.reload_lock().unwrap());
    tried("1.0.0");
    NOW.fetch_add(1, Ordering::SeqCst);
    assert!(!service.reload_lock().unwrap());
    tried("1.1.0");
}
