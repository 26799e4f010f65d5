//! What a sealed log keeps, and what a stop or a failed sync leaves of it.

use super::*;

const SECRET: [u8; 32] = [7; 32];

fn entries(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let each = |_: Place, entry: &[u8]| found.push(String::from_utf8(entry.to_vec()).unwrap());
    SealedLog::open(path, &SECRET, each).unwrap();
    found
}

fn with_two(path: &Path) {
    let log = SealedLog::open(path, &SECRET, |_, _| {}).unwrap();
    let first = log.append("张三".as_bytes()).unwrap();
    log.append(b"second").unwrap();
    assert_eq!(log.read(first).unwrap(), "张三".as_bytes());
}

#[test]
fn entries_come_back_and_cannot_be_read_without_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    with_two(&path);
    assert_eq!(entries(&path), ["张三", "second"]);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(6).any(|at| at == "张三".as_bytes()));
    let error = SealedLog::open(&path, &[8; 32], |_, _| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is damaged at line 1, or was written under another secret",
            path.display()
        )
    );
}

#[test]
fn a_stop_at_any_byte_of_an_entry_leaves_those_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    with_two(&path);
    let whole = std::fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for length in first..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(entries(&path), ["张三"], "{length}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), first as u64);
    }
}

#[test]
fn lines_that_change_places_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    with_two(&path);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&path, format!("{}\n{}\n", lines[1], lines[0])).unwrap();
    let error = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap_err();
    assert!(matches!(error, SealedLogError::Damaged { line: 1, .. }));
    let other = folder.path().join("2026-12.log");
    std::fs::write(&other, text).unwrap();
    assert!(SealedLog::open(&other, &SECRET, |_, _| {}).is_err());
}

#[test]
fn a_log_has_one_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let _first = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap();
    let error = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap_err();
    let expected = format!("`{}` is in use by another process", path.display());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn what_could_not_be_synced_is_taken_back_whole_and_the_log_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let log = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap();
    log.append(b"first").unwrap();
    let synced = *lock(&log.synced);
    // Two callers have written, and the sync of one of them fails.
    let waiting = [log.put(b"lost").unwrap(), log.put(b"lost too").unwrap()];
    log.take_back(synced);
    for (_, after) in waiting {
        let error = log.sync(after).unwrap_err();
        assert_eq!(
            error.to_string(),
            "what was written before it could not be synced"
        );
    }
    assert_eq!(std::fs::metadata(&path).unwrap().len(), synced.bytes);
    let second = log.append(b"second").unwrap();
    assert_eq!(log.read(second).unwrap(), b"second");
    drop(log);
    assert_eq!(entries(&path), ["first", "second"]);
}

#[test]
fn what_is_cut_back_to_a_mark_is_gone_for_whoever_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("000001.rows");
    let log = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap();
    log.write(b"first").unwrap();
    let kept = log.mark();
    log.sync_to(kept).unwrap();
    log.write(b"lost").unwrap();
    let waiting = log.mark();
    assert!(waiting.is_of_turn(&kept));
    log.cut_to(kept).unwrap();
    let error = log.sync_to(waiting).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot use `{}`", path.display())
    );
    assert!(!log.mark().is_of_turn(&waiting));
    log.append(b"second").unwrap();
    drop(log);
    assert_eq!(entries(&path), ["first", "second"]);
}

/// Twenty entries, `00` to `19`.
fn with_twenty(path: &Path) -> Vec<u8> {
    let log = SealedLog::open(path, &SECRET, |_, _| {}).unwrap();
    for number in 0..20 {
        log.append(format!("{number:02}").as_bytes()).unwrap();
    }
    std::fs::read(path).unwrap()
}

/// The entries that can be read past damage, with how many lines were passed over.
fn past_damage(path: &Path) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let text = |entry| String::from_utf8(entry).unwrap();
    let each = |_, text| found.push(text);
    let (_, damaged) = SealedLog::open_past_damage(path, &SECRET, text, each).unwrap();
    (found, damaged.len())
}

#[test]
fn past_a_flipped_bit_of_any_byte_at_most_two_entries_are_lost_and_no_order_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let bytes = with_twenty(&path);
    let line = bytes.len() / 20;
    // The ends of two lines, and what surrounds them; a bit of a digit that makes the end of a line is another one.
    for index in (line * 3 - 2..line * 5 + 2).chain([0, bytes.len() - 2]) {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1 << bit;
            std::fs::write(&path, &damaged).unwrap();
            let (found, _) = past_damage(&path);
            assert!(found.len() >= 18, "bit {bit} of byte {index}: {found:?}");
            assert!(found.is_sorted(), "bit {bit} of byte {index}: {found:?}");
        }
    }
}

#[test]
fn past_a_block_of_zeros_the_log_goes_on_and_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let mut bytes = with_twenty(&path);
    let line = bytes.len() / 20;
    bytes[line * 4 + 7..line * 9 + 3].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let (log, damaged) = SealedLog::open_past_damage(&path, &SECRET, drop, |_, ()| {}).unwrap();
    assert_eq!(damaged.len(), 1);
    let place = log.append(b"20").unwrap();
    assert_eq!(log.read(place).unwrap(), b"20");
    let mut within = Vec::new();
    log.entries(|_, entry| within.push(String::from_utf8(entry.to_vec()).unwrap()))
        .unwrap();
    drop(log);
    let (found, _) = past_damage(&path);
    let expected = (0..4).chain(10..21).map(|number| format!("{number:02}"));
    assert_eq!(found, expected.collect::<Vec<_>>());
    assert_eq!(within, found);
}

#[test]
fn entries_of_several_readings_come_in_their_order_and_past_damage_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let log = SealedLog::open(&path, &SECRET, |_, _| {}).unwrap();
    // Of a line of two MiB two are read at once.
    let entry = |number: u8| vec![b'a' + number; 1 << 20];
    let places: Vec<Place> = (0..7).map(|it| log.append(&entry(it)).unwrap()).collect();
    drop(log);
    let first_of_each = |found: Vec<String>| found.iter().map(|it| it.as_bytes()[0]).collect();
    let whole: Vec<u8> = first_of_each(entries(&path));
    assert_eq!(whole, b"abcdefg");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    // The end of the second line, by which the third is one with it, and a digit of the last.
    file.write_all_at(b"0", places[2].offset - 1).unwrap();
    file.write_all_at(b"-", places[6].offset + 9).unwrap();
    let (found, damaged) = past_damage(&path);
    let readable: Vec<u8> = first_of_each(found);
    assert_eq!((&readable[..], damaged), (&b"adef"[..], 2));
}

#[test]
fn what_another_process_is_writing_is_no_line_yet() {
    let mut lines = lines::Lines::default();
    let mut reader = &b"one\ntwo\nthr"[..];
    assert!(lines.read(&mut reader, 1).unwrap());
    assert_eq!(lines.all(), [b"one\n"]);
    assert!(!lines.read(&mut reader, 9).unwrap());
    assert_eq!(lines.all(), [b"two\n"]);
    assert!(!lines.read(&mut reader, 9).unwrap() && lines.all().is_empty());
}

#[test]
fn past_damage_lines_that_were_moved_or_repeated_are_still_no_entries() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let bytes = with_twenty(&path);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let moved = [&["00"][..], &lines[1..], &lines[..1], &lines[5..6]].concat();
    std::fs::write(&path, moved.join("\n") + "\n").unwrap();
    let (found, damaged) = past_damage(&path);
    assert_eq!((found.len(), damaged), (19, 3));
    assert!(found.is_sorted());
}

#[test]
fn a_last_line_that_lost_its_end_is_handed_out_and_kept_and_the_log_goes_on_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let bytes = with_twenty(&path);
    let line = bytes.len() / 20;
    let mut zeros = bytes.clone();
    zeros[line * 18 + 7..].fill(0);
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for (damaged, whole) in [(zeros, 18), (flipped, 19)] {
        std::fs::write(&path, &damaged).unwrap();
        let (log, lines) = SealedLog::open_past_damage(&path, &SECRET, drop, |_, ()| {}).unwrap();
        let tail = [&damaged[line * whole..], b"\n"].concat();
        assert_eq!(
            lines.into_iter().map(|l| l.bytes).collect::<Vec<_>>(),
            [tail]
        );
        assert_eq!(log.damage(), Some((whole as u64, 1)));
        log.append(b"20").unwrap();
        drop(log);
        // Nothing was taken away, and nothing is made of it a second time.
        assert!(std::fs::read(&path).unwrap().starts_with(&damaged));
        let (found, passed) = past_damage(&path);
        assert_eq!((found.len(), passed), (whole + 1, 1));
        assert_eq!(found.last().unwrap(), "20");
    }
    // What a stop in the middle of writing leaves is still cut off, and no damage.
    std::fs::write(&path, &bytes[..line * 19 + 5]).unwrap();
    let (found, passed) = past_damage(&path);
    assert_eq!((found.len(), passed), (19, 0));
    assert_eq!(std::fs::read(&path).unwrap(), bytes[..line * 19]);
}

#[test]
fn damage_that_appears_while_a_log_is_open_is_known_once_somebody_meets_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11.log");
    let bytes = with_twenty(&path);
    let line = bytes.len() / 20;
    let mut places = Vec::new();
    let each = |place, ()| places.push(place);
    let (log, _) = SealedLog::open_past_damage(&path, &SECRET, drop, each).unwrap();
    assert_eq!(log.damage(), None);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"-", (line * 5 + 9) as u64).unwrap();
    log.entries_within((places[0], 3), |_, _| {}).unwrap();
    assert_eq!(log.damage(), None);
    for _ in 0..2 {
        log.entries_within((places[4], 7), |_, _| {}).unwrap();
        assert_eq!(log.damage(), Some((5, 1)));
    }
    log.entries(|_, _| {}).unwrap();
    assert_eq!(log.damage(), Some((5, 1)));
}
