//! Damaged lines of the store: passed over, told, and kept aside for whoever may mend them.

use std::fs;
use std::path::{Path, PathBuf};

use super::FindingsError;
use crate::files;
use crate::sealed_log::{DamagedLine, SealedLogError};
use crate::settings::HostFolder;

/// What the file of damaged lines ends in, in place of `log`.
const ENDING: &str = "damaged";

/// What was damaged when the store was opened.
#[derive(Debug, Default)]
pub(super) struct Damage {
    /// Lines that could be read.
    readable: u64,
    /// The logs with their first damaged line, from 1, and how many there are.
    logs: Vec<(PathBuf, u64, usize)>,
}

impl Damage {
    /// Notes what a month came to, and keeps its damaged lines aside. Where the disk refuses they still stand in the
    /// log itself.
    pub(super) fn note(&mut self, log: &Path, readable: u64, damaged: &[DamagedLine]) {
        self.readable += readable;
        let Some(first) = damaged.first() else {
            return;
        };
        let lines = damaged.len();
        self.logs.push((log.to_owned(), first.number + 1, lines));
        let path = log.display();
        tracing::error!(%path, lines, "damaged lines of findings are passed over");
        let bytes: Vec<u8> = damaged.iter().flat_map(|line| line.bytes.clone()).collect();
        if let Err(error) = files::replace(&log.with_extension(ENDING), &bytes) {
            tracing::error!(%path, %error, "damaged lines cannot be kept aside");
        }
    }

    /// Where nothing at all can be read, not a line is damaged: the secret is another one.
    pub(super) fn refuse_if_all_is_damaged(&self) -> Result<(), FindingsError> {
        match self.logs.first() {
            Some((path, line, _)) if self.readable == 0 => {
                let (path, line) = (path.clone(), *line);
                Err(SealedLogError::Damaged { path, line }.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn told(&self) -> Vec<String> {
        let logs = self.logs.iter().map(|(log, first, lines)| {
            format!(
                "{} has {lines} damaged lines, the first is line {first}",
                name(log)
            )
        });
        logs.collect()
    }
}

/// The files of damaged lines that a host has kept aside, as they are named in its folder.
pub(crate) fn kept_aside(host: &HostFolder) -> Vec<String> {
    let entries = fs::read_dir(host.findings()).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let aside = paths.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
    let mut names: Vec<String> = aside.map(|path| name(&path)).collect();
    names.sort();
    names
}

/// A file of the store, as it is named in the folder of the host.
fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("`findings/{name}`")
}
