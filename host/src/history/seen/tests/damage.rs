//! What a stop, a spoilt or missing file and a failing disk leave of what requests told.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rulepack_contract::data::DataBuilder;

use super::*;

/// Each file of the folder with its bytes.
fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_stop_at_any_byte_of_either_file_leaves_what_was_told_before() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), DAY);
    let before = files_of(&host.seen());
    host.tell(&seen, &charged("E2", &["O2"]), DAY);
    drop(seen);
    let after = files_of(&host.seen());
    for name in ["000001.rows", "000001.identities"] {
        let path = host.seen().join(name);
        let of = |files: &[(PathBuf, Vec<u8>)]| {
            let found = files.iter().find(|(other, _)| *other == path);
            found.unwrap().1.clone()
        };
        let (old, new) = (of(&before), of(&after));
        for length in (old.len()..new.len()).step_by(29) {
            // Rows are written whole before anybody's identity is.
            for (path, bytes) in &before {
                fs::write(path, bytes).unwrap();
            }
            if name == "000001.identities" {
                let rows = host.seen().join("000001.rows");
                let whole = after.iter().find(|(path, _)| *path == rows).unwrap();
                fs::write(&rows, &whole.1).unwrap();
            }
            fs::write(&path, &new[..length]).unwrap();
            let (history, seen) = host.serve();
            assert_eq!(lines(&host, &seen, DAY), ["O1"], "{name} {length}");
            assert!(history.set_aside().is_empty());
            host.tell(&seen, &charged("E3", &["O3"]), DAY);
            drop(seen);
            let (_, seen) = host.serve();
            assert_eq!(lines(&host, &seen, DAY), ["O1", "O3"], "{name} {length}");
        }
    }
}

#[test]
fn a_damaged_file_is_set_aside_and_what_can_be_read_of_it_stays() {
    for (name, line) in [("000001.identities", 1), ("000001.rows", 1)] {
        let host = Host::new();
        let (_, seen) = host.serve();
        for encounter in ["E1", "E2", "E3"] {
            let line = encounter.replace('E', "O");
            host.tell(&seen, &charged(encounter, &[&line]), DAY);
        }
        drop(seen);
        let path = host.seen().join(name);
        let text = fs::read_to_string(&path).unwrap();
        let mut of_file: Vec<String> = text.lines().map(str::to_owned).collect();
        of_file[line].replace_range(0..4, "0000");
        let damaged = of_file.join("\n") + "\n";
        fs::write(&path, &damaged).unwrap();
        if name == "000001.rows" {
            // Found where it is looked up.
            let (history, seen) = host.serve();
            let (mut builder, mut known) = (DataBuilder::new(), HashSet::new());
            let view = seen.view(day(DAY));
            let recalled = history.recall(Some(&view), &["P1"], &mut known, &mut builder);
            assert_eq!(recalled.faults.len(), 1);
            let expected = format!(
                "the history `{}` is damaged at line 2, or was written under another secret",
                path.display()
            );
            assert_eq!(recalled.faults[0].to_string(), expected);
            assert_eq!(keys(&builder.finish().0), ["O1", "O3"]);
            continue;
        }
        // Who only reads is told; the service goes on.
        let error = History::open(&host.history()).unwrap_err();
        assert!(
            error.hint().unwrap().contains("start the service"),
            "{error}"
        );
        let (history, seen) = host.serve();
        assert_eq!(lines(&host, &seen, DAY), ["O1", "O3"]);
        let expected = ["seen/000001.identities.damaged", "seen/000001.rows.damaged"];
        assert_eq!(history.set_aside(), expected);
        let kept = fs::read_to_string(host.seen().join("000001.identities.damaged")).unwrap();
        assert_eq!(kept, damaged);
        host.tell(&seen, &charged("E4", &["O4"]), DAY);
        drop(seen);
        let (history, seen) = host.serve();
        assert_eq!(lines(&host, &seen, DAY), ["O1", "O3", "O4"]);
        assert_eq!(history.set_aside(), expected);
    }
}

#[test]
fn rows_that_were_cut_off_or_are_gone_do_not_stop_the_service() {
    for length in [Some(100), None] {
        let host = Host::new();
        let (_, seen) = host.serve();
        host.tell(&seen, &charged("E1", &["O1"]), DAY);
        host.tell(&seen, &charged("E2", &["O2"]), DAY);
        drop(seen);
        let rows = host.seen().join("000001.rows");
        let bytes = fs::read(&rows).unwrap();
        let first = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        match length {
            Some(more) => fs::write(&rows, &bytes[..first + more]).unwrap(),
            None => fs::remove_file(&rows).unwrap(),
        }
        let (history, seen) = host.serve();
        let left: &[&str] = if length.is_some() { &["O1"] } else { &[] };
        assert_eq!(lines(&host, &seen, DAY), left);
        assert!(!history.set_aside().is_empty());
    }
}

#[test]
fn a_later_telling_elsewhere_is_not_replaced_by_what_is_saved_of_a_damaged_file() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), "2026-10-30");
    host.tell(&seen, &charged("E2", &["O2"]), "2026-10-31");
    host.tell(&seen, &charged("E9", &["O9"]), "2026-10-31");
    host.tell(&seen, &charged("E1", &["O3"]), "2026-11-01");
    drop(seen);
    let path = host.seen().join("000001.identities");
    let text = fs::read_to_string(&path).unwrap();
    let cut: String = text
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(&path, format!("{cut}00\n")).unwrap();
    let (_, seen) = host.serve();
    assert_eq!(lines(&host, &seen, DAY), ["O2", "O3"]);
}

#[test]
fn one_service_writes_at_a_time() {
    let host = Host::new();
    let _first = host.serve();
    let error = History::open_to_serve(&host.history(), host.settings, Arc::new(NoFailures));
    let error = error.unwrap_err();
    let expected = format!(
        "the history `{}` is in use by another process",
        host.seen().display()
    );
    assert_eq!(error.to_string(), expected);
    let hint = "one `rulepack serve` runs on a host's folder at a time";
    assert_eq!(error.hint().as_deref(), Some(hint));
}

#[test]
fn rows_whose_identities_are_gone_are_kept_for_whoever_restores_them() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), DAY);
    host.tell(&seen, &charged("E2", &["O2"]), DAY);
    drop(seen);
    let (rows, identities) = (
        host.seen().join("000001.rows"),
        host.seen().join("000001.identities"),
    );
    let whole = (fs::read(&rows).unwrap(), fs::read(&identities).unwrap());
    fs::remove_file(&identities).unwrap();
    let (history, seen) = host.serve();
    assert_eq!(history.set_aside(), ["seen/000001.rows.damaged"]);
    assert!(lines(&host, &seen, DAY).is_empty());
    drop(seen);
    // An older copy of the identities: the rows behind it stay, and so do new ones behind those.
    let first = whole.1.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    fs::rename(host.seen().join("000001.rows.damaged"), &rows).unwrap();
    fs::write(&identities, &whole.1[..first]).unwrap();
    let (history, seen) = host.serve();
    assert!(history.set_aside().is_empty());
    host.tell(&seen, &charged("E3", &["O3"]), DAY);
    assert_eq!(lines(&host, &seen, DAY), ["O1", "O3"]);
    assert!(fs::read(&rows).unwrap().starts_with(&whole.0));
}
