use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rulepack_protocol::key::{SecretKey, Signer as _};
use rulepack_protocol::moment::Moment;
use tempfile::TempDir;

use super::*;
use crate::client::{FailurePoint, Failures, NoFailures};
use crate::settings::HostFolder;

/// 2026-11-22 09:31:00, China Standard Time.
const NOW_MS: i64 = 1_795_311_060_000;

fn key() -> SecretKey {
    SecretKey::from_seed([7; 32], "host".parse().unwrap())
}

fn bureau(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32], "bureau-archive".parse().unwrap())
}

fn setup(folder: &Path) -> Setup {
    Setup {
        folder: folder.to_owned(),
        institution: "H37030000001".into(),
        clock: || NOW_MS,
        failures: Arc::new(NoFailures),
    }
}

fn open(folder: &TempDir) -> Result<Journal, JournalError> {
    Journal::open(setup(folder.path()), key())
}

/// An event that says which one it is.
fn event(answer: u64) -> Event {
    Event::Unreviewed {
        answer: format!("{answer:014}"),
        infno: "3101".into(),
        reason: "`infno` is missing".into(),
    }
}

/// A journal with so many entries.
fn journal_of(entries: u64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).unwrap();
    for number in 1..=entries {
        assert_eq!(journal.record(event(number)).unwrap(), number);
    }
    folder
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("000001.jsonl")
}

fn checked(folder: &TempDir, heads: Option<&Heads>) -> Survey {
    verify(folder.path(), heads).unwrap().unwrap()
}

fn acknowledge(folder: &TempDir) -> Acknowledgement {
    let head = head(folder.path()).unwrap().unwrap();
    let bytes = serde_json::to_vec(&head).unwrap();
    let head = SignedHead::parse(&bytes, &key().public_key().id()).unwrap();
    let seen = Moment::from_unix(1_795_400_000).unwrap();
    head.acknowledge(seen, &bureau(9)).unwrap()
}

fn heads(acknowledgement: &Acknowledgement) -> Heads {
    let bytes = serde_json::to_vec(acknowledgement).unwrap();
    Heads::parse(&bytes, bureau(9).public_key()).unwrap()
}

#[test]
fn a_journal_goes_on_where_it_ended_and_verifies() {
    let folder = journal_of(3);
    let journal = open(&folder).unwrap();
    assert_eq!(journal.cut(), None);
    assert_eq!(journal.record(event(4)).unwrap(), 4);
    let verified = checked(&folder, None);
    assert_eq!((verified.head.count, verified.files), (4, 1));
    assert_eq!(verified.key, *key().public_key());
    assert_eq!(verified.unsealed_bytes, 0);
}

#[test]
fn nothing_is_in_a_folder_without_a_journal() {
    let folder = tempfile::tempdir().unwrap();
    assert!(verify(folder.path(), None).unwrap().is_none());
    assert!(head(folder.path()).unwrap().is_none());
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_kept_and_recorded_and_no_sealed_entry_is_lost() {
    let folder = journal_of(2);
    let whole = fs::read(file(&folder)).unwrap();
    let sealed = fs::read_to_string(file(&folder)).unwrap();
    // Behind the seal of the first entry.
    let ends: Vec<usize> = sealed.match_indices("{\"seal\"").map(|at| at.0).collect();
    let first = ends[0] + sealed[ends[0]..].find('\n').unwrap() + 1;
    for end in (first..whole.len()).step_by(7).chain([whole.len() - 1]) {
        let torn = tempfile::tempdir().unwrap();
        fs::write(file(&torn), &whole[..end]).unwrap();
        let journal = open(&torn).unwrap();
        if end == first {
            assert_eq!(journal.cut(), None);
            continue;
        }
        let cut = journal.cut().unwrap();
        assert_eq!(cut.bytes, (end - first) as u64);
        let kept = fs::read(cut.kept.as_ref().unwrap()).unwrap();
        assert_eq!(kept, &whole[first..end]);
        drop(journal);
        let verified = checked(&torn, None);
        assert_eq!((verified.head.count, verified.cuts), (2, 1), "at {end}");
    }
}

#[test]
fn a_torn_tail_on_a_full_disk_is_cut_and_the_journal_opens_and_goes_on() {
    struct Full;
    impl Failures for Full {
        fn reach(&self, point: FailurePoint) -> io::Result<()> {
            match point {
                FailurePoint::JournalGroup => Err(io::Error::other("no space left")),
                _ => Ok(()),
            }
        }
    }
    let folder = journal_of(2);
    let tail = b"{\"entry\":{\"torn";
    let whole = [&fs::read(file(&folder)).unwrap(), &tail[..]].concat();
    fs::write(file(&folder), whole).unwrap();
    // Nothing can be kept where a folder stands in its place.
    let kept = format!("cut-{}", rulepack_protocol::digest::Digest::of(tail));
    fs::create_dir(folder.path().join(kept)).unwrap();
    let full = Setup {
        failures: Arc::new(Full),
        ..setup(folder.path())
    };
    let journal = Journal::open(full, key()).unwrap();
    let cut = journal.cut().unwrap();
    assert_eq!((cut.bytes, &cut.kept), (tail.len() as u64, &None));
    assert!(!journal.is_writing());
    drop(journal);
    let journal = open(&folder).unwrap();
    assert_eq!(journal.cut(), None);
    assert_eq!(journal.record(event(3)).unwrap(), 3);
    drop(journal);
    assert_eq!(checked(&folder, None).head.count, 3);
}

#[test]
fn damage_before_the_last_seal_is_never_cut() {
    let folder = journal_of(3);
    let text = fs::read_to_string(file(&folder)).unwrap();
    fs::write(file(&folder), text.replacen("3101", "3102", 1)).unwrap();
    let error = open(&folder).unwrap_err();
    let path = file(&folder).display().to_string();
    assert_eq!(
        error.to_string(),
        format!("the journal `{path}` is damaged at line 3: the seal is of another chain")
    );
    assert!(error.hint().unwrap().starts_with("restore the folder"));
    let same = verify(folder.path(), None).unwrap_err();
    assert_eq!(same.to_string(), error.to_string());
}

#[test]
fn a_line_taken_out_or_put_in_twice_is_found() {
    let folder = journal_of(3);
    let text = fs::read_to_string(file(&folder)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without: Vec<&str> = [&lines[..3], &lines[4..]].concat();
    let twice: Vec<&str> = [&lines[..2], &lines[1..]].concat();
    for other in [without, twice] {
        fs::write(file(&folder), other.join("\n") + "\n").unwrap();
        let error = verify(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("is damaged at line "), "{error}");
    }
}

#[test]
fn a_journal_is_written_by_one_process_and_with_one_key() {
    let folder = journal_of(1);
    let journal = open(&folder).unwrap();
    let busy = open(&folder).unwrap_err();
    assert!(busy.to_string().ends_with("is written by another process"));
    assert_eq!(busy.hint(), Some("stop the other service first"));
    drop(journal);
    let other = Journal::open(setup(folder.path()), bureau(1)).unwrap_err();
    assert!(other.to_string().ends_with("the header names another key"));
}

static CLOCK: AtomicI64 = AtomicI64::new(NOW_MS);

#[test]
fn each_day_has_its_file_and_a_clock_that_goes_back_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let with_clock = Setup {
        clock: || CLOCK.load(Ordering::SeqCst),
        ..setup(folder.path())
    };
    let journal = Journal::open(with_clock, key()).unwrap();
    journal.record(event(1)).unwrap();
    CLOCK.store(NOW_MS + 86_400_000, Ordering::SeqCst);
    journal.record(event(2)).unwrap();
    CLOCK.store(NOW_MS, Ordering::SeqCst);
    journal.record(event(3)).unwrap();
    let verified = checked(&folder, None);
    assert_eq!((verified.files, verified.head.count), (2, 4));
    assert_eq!(verified.clock_back, 1);

    fs::remove_file(file(&folder)).unwrap();
    let gap = verify(folder.path(), None).unwrap_err().to_string();
    assert!(gap.ends_with("does not go on where the file before it ends"));
}

/// Fails at a point.
struct FailAt(FailurePoint);

impl Failures for FailAt {
    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        match point == self.0 {
            true => Err(io::Error::other("disk full")),
            false => Ok(()),
        }
    }
}

#[test]
fn a_journal_that_fails_for_ever_leaves_nothing_torn_to_the_next_start() {
    for point in [FailurePoint::JournalTorn, FailurePoint::JournalSynced] {
        let folder = journal_of(1);
        let failing = Setup {
            failures: Arc::new(FailAt(point)),
            ..setup(folder.path())
        };
        let journal = Journal::open(failing, key()).unwrap();
        for _ in 0..2 {
            let error = journal.record(event(2)).unwrap_err();
            assert_eq!(error.to_string(), "the journal cannot be written");
            assert!(!journal.is_writing());
        }
        drop(journal);
        assert_eq!(open(&folder).unwrap().cut(), None);
        assert_eq!(checked(&folder, None).head.count, 1);
    }
}

/// Fails at a point until there is room.
struct FullAt(FailurePoint, std::sync::atomic::AtomicBool);

impl Failures for FullAt {
    fn reach(&self, point: FailurePoint) -> io::Result<()> {
        match point == self.0 && self.1.load(Ordering::SeqCst) {
            true => Err(io::Error::other("disk full")),
            false => Ok(()),
        }
    }
}

#[test]
fn a_journal_goes_on_by_itself_once_there_is_room_and_says_what_it_lost() {
    for point in [
        FailurePoint::JournalGroup,
        FailurePoint::JournalTorn,
        FailurePoint::JournalWritten,
        FailurePoint::JournalSynced,
    ] {
        let folder = journal_of(1);
        let disk = Arc::new(FullAt(point, true.into()));
        let failing = Setup {
            failures: disk.clone(),
            ..setup(folder.path())
        };
        let journal = Journal::open(failing, key()).unwrap();
        for number in [2, 3] {
            journal.record(event(number)).unwrap_err();
        }
        // Whoever reads meanwhile finds what was sealed, and nothing torn.
        let meanwhile = checked(&folder, None);
        assert_eq!((meanwhile.head.count, meanwhile.unsealed_bytes), (1, 0));
        disk.1.store(false, Ordering::SeqCst);
        // Behind it stands what says that two are lost, whether this entry is the first or the writer was faster.
        assert_eq!(journal.record(event(4)).unwrap(), 3);
        assert!(journal.is_writing());
        let mut lost = Vec::new();
        entries_in(folder.path(), 0..i64::MAX, |entry| {
            if let Event::Interrupted { since, unrecorded } = entry.event {
                lost.push((entry.number, since, unrecorded));
            }
        })
        .unwrap();
        assert_eq!(lost, [(2, NOW_MS, 2)], "{point:?}");
        drop(journal);
        let verified = checked(&folder, None);
        assert_eq!((verified.head.count, verified.interruptions), (3, 1));
        assert_eq!(open(&folder).unwrap().cut(), None);
    }
}

#[test]
fn a_head_of_a_journal_that_was_altered_is_not_told() {
    let folder = journal_of(3);
    let text = fs::read_to_string(file(&folder)).unwrap();
    fs::write(file(&folder), text.replacen("3101", "3102", 1)).unwrap();
    let error = head(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is damaged at line 3: "), "{error}");
}

#[test]
fn many_that_record_at_once_share_seals_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(&folder).unwrap();
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let record = |thread: u64| {
            let journal = &journal;
            move || -> Vec<u64> {
                let events = (0..25).map(|place| event(thread * 25 + place));
                events.map(|one| journal.record(one).unwrap()).collect()
            }
        };
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(record(thread))).collect();
        threads
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<u64>>());
    assert_eq!(checked(&folder, None).head.count, 200);
}

#[test]
fn a_chain_rewritten_and_signed_again_is_caught_by_the_head_that_the_bureau_acknowledged() {
    let folder = journal_of(3);
    let seen = acknowledge(&folder);
    open(&folder).unwrap().record(event(4)).unwrap();
    let honest = checked(&folder, Some(&heads(&seen)));
    assert_eq!((honest.anchored, honest.head.count), (3, 4));
    assert_eq!(honest.problems, Vec::<String>::new());

    // The host itself writes all of it anew, with its own key: without the bureau nobody could tell.
    let forged = tempfile::tempdir().unwrap();
    let journal = open(&forged).unwrap();
    for number in [1, 99, 3, 4] {
        journal.record(event(number)).unwrap();
    }
    assert_eq!(checked(&forged, None).head.count, 4);
    let caught = checked(&forged, Some(&heads(&seen)));
    assert_eq!(
        caught.problems,
        ["rewritten: the first 3 entries are not those that the bureau acknowledged"]
    );
    assert_eq!(caught.anchored, 0);
}

#[test]
fn a_journal_cut_short_before_an_acknowledged_head_is_caught() {
    let folder = journal_of(3);
    let seen = acknowledge(&folder);
    let short = journal_of(2);
    let caught = checked(&short, Some(&heads(&seen)));
    assert_eq!(
        caught.problems,
        ["truncated: the bureau acknowledged 3 entries, the journal has 2"]
    );
}

#[test]
fn heads_count_only_as_the_host_and_the_bureau_signed_them() {
    let folder = journal_of(1);
    let signed = head(folder.path()).unwrap().unwrap();
    let bytes = serde_json::to_vec(&signed).unwrap();
    let (own, other) = (key().public_key().id(), bureau(1).public_key().id());
    assert_eq!(
        SignedHead::parse(&bytes, &other).unwrap_err().to_string(),
        format!("the head is signed by the key `{own}`, expected `{other}`")
    );
    let mut longer = signed;
    longer.seal.count = 9;
    let bytes = serde_json::to_vec(&longer).unwrap();
    assert_eq!(
        SignedHead::parse(&bytes, &own).unwrap_err().to_string(),
        format!("the head is not signed by the key `{own}` that it names")
    );
    let mut seen = acknowledge(&folder);
    seen.head.count = 9;
    let expected = bureau(9).public_key().id();
    let bytes = serde_json::to_vec(&[seen]).unwrap();
    assert_eq!(
        Heads::parse(&bytes, bureau(9).public_key())
            .unwrap_err()
            .to_string(),
        format!("the acknowledgement of entry 9 is not signed by the bureau's key `{expected}`")
    );
}

#[test]
fn the_key_is_for_its_user_alone_and_salts_differ_by_answer() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let made = make_key(&host).unwrap();
    let read = read_key(&host).unwrap();
    assert_eq!(made.public_key(), read.public_key());
    assert_eq!(salt(&made, "1"), salt(&read, "1"));
    assert_ne!(salt(&made, "1"), salt(&made, "2"));
    assert_ne!(salt(&made, "1"), salt(&key(), "1"));
    let path = host.host_key();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = read_key(&host).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the host key `{}` can be read by other users of this machine (mode 644)",
            path.display()
        )
    );
}
