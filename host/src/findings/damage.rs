//! Damaged lines of the store: passed over, told, and kept aside for whoever may mend them.

use std::fs;
use std::path::{Path, PathBuf};

use super::FindingsError;
use crate::files;
use crate::sealed_log::{DamagedLine, SealedLog, SealedLogError};
use crate::settings::HostFolder;

/// What the file of damaged lines ends in, in place of `log`.
const ENDING: &str = "damaged";

/// What was damaged when logs of the store were opened.
#[derive(Debug, Default)]
pub(super) struct Damage {
    /// Lines that could be read.
    readable: u64,
    /// The logs with their damaged lines, until those are kept aside.
    logs: Vec<(PathBuf, Vec<DamagedLine>)>,
}

impl Damage {
    /// Notes what a month came to.
    pub(super) fn note(&mut self, log: &Path, readable: u64, damaged: Vec<DamagedLine>) {
        self.readable += readable;
        if !damaged.is_empty() {
            self.logs.push((log.to_owned(), damaged));
        }
    }

    /// Where nothing at all can be read, not a line is damaged: the secret is another one.
    pub(super) fn refuse_if_all_is_damaged(&self) -> Result<(), FindingsError> {
        let first = self
            .logs
            .first()
            .and_then(|(path, lines)| Some((path.clone(), lines.first()?.number + 1)));
        match first {
            Some((path, line)) if self.readable == 0 => {
                Err(SealedLogError::Damaged { path, line }.into())
            }
            _ => Ok(()),
        }
    }

    /// Keeps the damaged lines aside. Where the disk refuses they still stand in the logs themselves.
    pub(super) fn keep_aside(&mut self) {
        for (log, lines) in self.logs.drain(..) {
            let bytes: Vec<u8> = lines.into_iter().flat_map(|line| line.bytes).collect();
            if let Err(error) = files::replace(&log.with_extension(ENDING), &bytes) {
                let path = log.display();
                tracing::error!(%path, %error, "damaged lines cannot be kept aside");
            }
        }
    }
}

/// What of a log is damaged, for people; also what was found since it was opened.
pub(super) fn told(log: &SealedLog) -> Option<String> {
    let (first, lines) = log.damage()?;
    let (name, first) = (name(log.path()), first + 1);
    Some(format!(
        "{name} has {lines} damaged lines, the first is line {first}"
    ))
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
