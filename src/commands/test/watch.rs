//! `test --watch`: the cases again whenever a file of the source changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::failure::Outcome;

/// How often the folder is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the files of a folder were like.
pub type Files = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Waits until a file differs from what it was like; gives what all are like then.
pub fn wait(folder: &Path, before: &Files) -> Outcome<Files> {
    loop {
        let now = files(folder)?;
        if now != *before {
            return Ok(now);
        }
        std::thread::sleep(INTERVAL);
    }
}

/// What the files of a source are like; those that a build writes are left out.
pub fn files(folder: &Path) -> Outcome<Files> {
    let mut found = Files::new();
    collect(folder, &mut found)?;
    Ok(found)
}

fn collect(folder: &Path, found: &mut Files) -> Outcome {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // `~$` is how Excel marks a workbook that is open.
        if name == "target" || name.starts_with('.') || name.starts_with("~$") {
            continue;
        }
        // A file may go between the listing and the look at it: an editor replaces it.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if metadata.is_dir() {
            collect(&entry.path(), found)?;
        } else if let Ok(modified) = metadata.modified() {
            found.insert(entry.path(), (modified, metadata.len()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen_and_what_a_build_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("tables/a.csv", "a");
        let before = files(folder.path()).unwrap();
        for built in ["target/x", ".git/x", "tables/~$a.xlsx"] {
            write(built, "a");
        }
        assert_eq!(files(folder.path()).unwrap(), before);
        write("tables/a.csv", "ab");
        let after = wait(folder.path(), &before).unwrap();
        assert_eq!(after[&folder.path().join("tables/a.csv")].1, 2);
    }
}
