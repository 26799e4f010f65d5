//! A disk on which nothing can be written for a time: what is taken back, and how telling goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const OCTOBER: &str = "2026-10-30";

/// A disk that fails at a point while it is full.
struct Disk {
    point: FailurePoint,
    is_full: AtomicBool,
}

impl Disk {
    fn fill(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::SeqCst);
    }
}

impl Failures for Disk {
    fn reach(&self, point: FailurePoint) -> std::io::Result<()> {
        match point == self.point && self.is_full.load(Ordering::SeqCst) {
            true => Err(std::io::Error::other("no space left")),
            false => Ok(()),
        }
    }
}

/// A history that is served from such a disk.
fn serve(host: &Host, point: FailurePoint) -> (History, Arc<Seen>, Arc<Disk>) {
    let is_full = AtomicBool::new(false);
    let disk = Arc::new(Disk { point, is_full });
    let failures = Arc::clone(&disk);
    let opened = History::open_to_serve(&host.history(), host.settings, failures);
    let (history, seen) = opened.unwrap();
    (history, seen, disk)
}

fn tell(seen: &Seen, encounter: &str, on: &str) -> Result<(), HistoryError> {
    let line = encounter.replace('E', "O");
    let turn = seen.tell(&charged(encounter, &[&line]), day(on), 0)?;
    seen.sync(turn)
}

#[test]
fn telling_goes_on_by_itself_once_there_is_room_and_what_failed_is_not_there() {
    use FailurePoint::{SeenFile, SeenRows, SeenSynced, SeenWritten};
    for (point, before) in [
        (SeenRows, DAY),
        (SeenWritten, DAY),
        (SeenSynced, DAY),
        (SeenRows, OCTOBER),
        (SeenWritten, OCTOBER),
        (SeenSynced, OCTOBER),
        (SeenFile, OCTOBER),
    ] {
        let host = Host::new();
        let (history, seen, disk) = serve(&host, point);
        tell(&seen, "E1", before).unwrap();
        disk.fill(true);
        // A new file is begun once.
        let tries = if point == SeenFile { 1 } else { 2 };
        for _ in 0..tries {
            tell(&seen, "E2", DAY).unwrap_err();
            assert_eq!(lines(&host, &seen, DAY), ["O1"], "{point:?}");
            let view = seen.view(day(DAY));
            assert!(history.survey(Some(&view)).stopped);
        }
        disk.fill(false);
        tell(&seen, "E3", DAY).unwrap();
        assert_eq!(lines(&host, &seen, DAY), ["O1", "O3"], "{point:?}");
        let view = seen.view(day(DAY));
        assert!(!history.survey(Some(&view)).stopped);
        // A receipt of now means the same after a start.
        let state = history.state_in(Some(&view));
        tell(&seen, "E2", DAY).unwrap();
        drop((view, seen));
        let then = History::open_as_of(&host.history(), &state).unwrap();
        let seen_then = recalled(&then, then.view().unwrap());
        assert_eq!(keys(&seen_then), ["O1", "O3"], "{point:?}");
        let (history, seen) = host.serve();
        assert_eq!(lines(&host, &seen, DAY), ["O1", "O2", "O3"], "{point:?}");
        assert!(history.set_aside().is_empty());
    }
}

#[test]
fn whoever_waits_for_what_is_taken_back_is_told_that_it_is_not_kept() {
    let host = Host::new();
    let (_, seen, disk) = serve(&host, FailurePoint::SeenRows);
    let written = |encounter| seen.tell(&charged(encounter, &["O1"]), day(DAY), 0);
    // The second finds it told already, and waits for the same.
    let waiting = [written("E1").unwrap(), written("E1").unwrap()];
    disk.fill(true);
    written("E2").unwrap_err();
    disk.fill(false);
    let third = written("E3").unwrap();
    let expected = format!(
        "what was told could not be kept in the history `{}`",
        host.seen().display()
    );
    for turn in waiting {
        assert_eq!(seen.sync(turn).unwrap_err().to_string(), expected);
    }
    seen.sync(third).unwrap();
    assert_eq!(seen.view(day(DAY)).count().0, 1);
    drop(seen);
    let (_, seen) = host.serve();
    assert_eq!(seen.view(day(DAY)).count().0, 1);
}

#[test]
fn what_is_told_after_a_stop_at_a_new_file_is_on_the_disk_before_it_is_seen() {
    let host = Host::new();
    let (_, seen, disk) = serve(&host, FailurePoint::SeenFile);
    tell(&seen, "E1", OCTOBER).unwrap();
    tell(&seen, "E2", OCTOBER).unwrap();
    disk.fill(true);
    tell(&seen, "E3", DAY).unwrap_err();
    drop(seen);
    assert!(host.seen().join("000002.rows").exists());
    let (_, seen) = host.serve();
    let turn = seen.tell(&charged("E4", &["O4"]), day(DAY), 0).unwrap();
    assert_eq!(lines(&host, &seen, DAY), ["O1", "O2"]);
    seen.sync(turn).unwrap();
    assert_eq!(lines(&host, &seen, DAY), ["O1", "O2", "O4"]);
}

#[test]
fn how_an_encounter_was_told_before_is_remembered_while_somebody_looks() {
    let host = Host::new();
    let (history, seen) = host.serve();
    let tell = |line| host.tell(&seen, &charged("E1", &[line]), DAY);
    tell("O1");
    let before = seen.view(day(DAY));
    for line in ["O2", "O3", "O4", "O5"] {
        tell(line);
    }
    assert_eq!(keys(&recalled(&history, &before)), ["O1"]);
    assert_eq!(seen.index().tellings(), 5);
    drop(before);
    for line in ["O6", "O7"] {
        tell(line);
        // The one that is seen when it is told, and itself.
        assert_eq!(seen.index().tellings(), 2);
    }
    drop(seen);
    let (_, seen) = host.serve();
    assert_eq!(lines(&host, &seen, DAY), ["O7"]);
    assert_eq!(seen.index().tellings(), 1);
}
