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
