//! What a power cut leaves in the middle of writing, and a kill hardly ever: a part of the next line at the end of a file.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rulepack_host::settings::HostFolder;

use crate::chance::Chance;

/// The ends that were torn.
pub struct Tear {
    journal: u32,
    logs: u32,
}

impl Tear {
    /// Adds the first bytes of an earlier line to the last file of the journal, of the findings and of the history.
    /// None of them is a whole line.
    pub fn at_ends_in(folder: &Path, chance: &mut Chance) -> Self {
        let host = HostFolder::at(folder);
        let mut torn = |folder: &Path, ending: &str| match last_file(folder, ending) {
            Some(file) => u32::from(tear(&file, chance)),
            None => 0,
        };
        let journal = torn(&host.journal(), "jsonl");
        let seen = host.history().join("seen");
        let logs = torn(&host.findings(), "log") + torn(&seen, "rows") + torn(&seen, "identities");
        Tear { journal, logs }
    }

    /// Of the journal, and of history and findings.
    pub fn files(&self) -> [u32; 2] {
        [self.journal, self.logs]
    }
}

/// Whether anything was added: what a kill tore already is cut as one with it.
fn tear(file: &Path, chance: &mut Chance) -> bool {
    let bytes = fs::read(file).expect("a file of the host");
    let ends_whole = bytes.last() == Some(&b'\n');
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.rfind(|line| !line.is_empty());
    let Some(line) = line.filter(|line| ends_whole && line.len() > 1) else {
        return false;
    };
    let length = 1 + usize::try_from(chance.below(line.len() as u64 - 1)).unwrap_or(0);
    let torn = line.get(..length).unwrap_or_default();
    let file = OpenOptions::new().append(true).open(file);
    let written = file.and_then(|mut file| file.write_all(torn));
    written.expect("a file of the host");
    true
}

fn last_file(folder: &Path, ending: &str) -> Option<PathBuf> {
    let files = fs::read_dir(folder).ok()?;
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .max()
}
