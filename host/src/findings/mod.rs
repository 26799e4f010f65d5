//! What was found at the hospital's callers, and what their clinicians decided on it (3103).
//!
//! A folder with one sealed log (`sealed_log.rs`) a month: `2026-11.log`. Findings and reasons name
//! patients, so every line is encrypted under the secret of this host. An index by answer is held in memory,
//! some forty bytes each; the entries stay on the disk. Months that are no longer wanted are removed as files
//! while the service is stopped.

mod overrides;
mod reading;
mod record;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_contract::units;

use crate::sealed_log::{Place, SealedLog};
use crate::secret;
use crate::settings::HostFolder;
use overrides::Tally;

pub use crate::sealed_log::SealedLogError;
pub use overrides::Overrides;
pub(crate) use reading::read_since;
pub(crate) use record::Entry;
pub use record::{Decision, FindingId, FindingIdError, KeptFinding, Way};
pub use wanted::{Decided, Wanted};

/// The store of one host.
#[derive(Debug)]
pub struct Findings {
    folder: PathBuf,
    secret: [u8; 32],
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    months: BTreeMap<String, Arc<SealedLog>>,
    /// By number of the answer.
    answers: BTreeMap<u64, (Arc<SealedLog>, Place)>,
    tally: Tally,
}

/// Why findings cannot be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum FindingsError {
    /// A file of the store cannot be used.
    #[error(transparent)]
    Log(#[from] SealedLogError),
    /// The folder or the secret cannot be used.
    #[error("cannot use `{path}`")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are findings, and nothing to read them with.
    #[error("`{0}` is missing, and what is kept of patients cannot be read without it")]
    NoSecret(PathBuf),
}

impl FindingsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            FindingsError::NoSecret(_) => Some(
                "restore `data.secret` from a backup, or move the folder `findings` away and begin anew",
            ),
            FindingsError::Log(SealedLogError::Damaged { .. }) => {
                Some("restore the file from a backup, or move it away")
            }
            FindingsError::Log(SealedLogError::InUse(_)) => {
                Some("one `rulepack serve` runs on a host's folder at a time")
            }
            FindingsError::Log(SealedLogError::Io { .. }) | FindingsError::Io { .. } => None,
        }
    }
}

impl Findings {
    /// Opens the store of a host; it is empty where nothing was found yet.
    ///
    /// # Errors
    /// [`FindingsError`].
    pub fn open(host: &HostFolder) -> Result<Self, FindingsError> {
        let folder = host.findings();
        let failed = |source| FindingsError::Io {
            path: folder.clone(),
            source,
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.into_string().ok().filter(|name| is_month(name)));
        }
        names.sort();
        let findings = Findings {
            secret: data_secret(&host.data_secret(), names.is_empty())?,
            kept: Mutex::default(),
            folder,
        };
        for name in names {
            findings.open_month(&mut findings.kept(), &name)?;
        }
        Ok(findings)
    }

    /// Keeps the findings of one answer, in its order; durable on return.
    ///
    /// # Errors
    /// [`FindingsError`]; nothing of them is then kept.
    pub fn keep(&self, found: Vec<KeptFinding>) -> Result<(), FindingsError> {
        let Some(first) = found.first() else {
            return Ok(());
        };
        let log = self.month(first.at)?;
        let entry = Entry::Found(found);
        let place = log.append(&to_bytes(&entry))?;
        self.kept().take((&log, place), entry);
        Ok(())
    }

    /// The finding of this id.
    ///
    /// # Errors
    /// [`FindingsError`] where the store cannot be read.
    pub fn get(&self, id: FindingId) -> Result<Option<KeptFinding>, FindingsError> {
        let place = self.kept().answers.get(&id.answer).cloned();
        place.map_or(Ok(None), |(log, place)| read(&log, place, id))
    }

    /// Keeps decisions, each given beside its finding; durable on return. Of several on one finding all are
    /// kept and the last one counts, so that a caller may repeat what it had no answer to.
    ///
    /// # Errors
    /// [`FindingsError`]; none of them is then kept.
    pub fn decide(&self, decisions: Vec<(KeptFinding, Decision)>) -> Result<(), FindingsError> {
        let Some((_, first)) = decisions.first() else {
            return Ok(());
        };
        let log = self.month(first.at)?;
        let (findings, decisions): (Vec<_>, Vec<_>) = decisions.into_iter().unzip();
        let entry = Entry::Decided(decisions.clone());
        log.append(&to_bytes(&entry))?;
        let mut kept = self.kept();
        for (finding, decision) in findings.iter().zip(&decisions) {
            kept.tally.decided(finding, decision);
        }
        Ok(())
    }

    /// By rule version, in the order of packs.
    #[must_use]
    pub fn overrides(&self) -> Vec<Overrides> {
        self.kept().tally.all()
    }

    /// What was last decided on a finding.
    #[must_use]
    pub fn way(&self, id: FindingId) -> Option<Way> {
        self.kept().tally.way(id)
    }

    /// The log of the month of a time.
    fn month(&self, at: i64) -> Result<Arc<SealedLog>, FindingsError> {
        let day = units::format_instant(at);
        let name = format!("{}.log", day.get(..7).unwrap_or("0000-00"));
        let mut kept = self.kept();
        match kept.months.get(&name) {
            Some(log) => Ok(Arc::clone(log)),
            None => self.open_month(&mut kept, &name),
        }
    }

    fn open_month(&self, kept: &mut Kept, name: &str) -> Result<Arc<SealedLog>, FindingsError> {
        let mut entries = Vec::new();
        let log = SealedLog::open(&self.folder.join(name), &self.secret, |place, bytes| {
            if let Ok(entry) = serde_json::from_slice(bytes) {
                entries.push((place, entry));
            }
        })?;
        let log = Arc::new(log);
        for (place, entry) in entries {
            match entry {
                Entry::Found(_) => kept.take((&log, place), entry),
                Entry::Decided(decisions) => {
                    for decision in decisions {
                        if let Some(finding) = kept.finding(decision.finding)? {
                            kept.tally.decided(&finding, &decision);
                        }
                    }
                }
            }
        }
        kept.months.insert(name.to_owned(), Arc::clone(&log));
        Ok(log)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Counts and index change together, without anything in between that could panic.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, (log, place): (&Arc<SealedLog>, Place), entry: Entry) {
        let Entry::Found(found) = entry else {
            return;
        };
        for finding in &found {
            self.tally.found(finding);
            let stands = (Arc::clone(log), place);
            self.answers.insert(finding.id.answer, stands);
        }
    }

    fn finding(&self, id: FindingId) -> Result<Option<KeptFinding>, FindingsError> {
        let place = self.answers.get(&id.answer);
        place.map_or(Ok(None), |(log, place)| read(log, *place, id))
    }
}

/// The finding of this id in the entry at a place.
fn read(
    log: &SealedLog,
    place: Place,
    id: FindingId,
) -> Result<Option<KeptFinding>, FindingsError> {
    let Ok(Entry::Found(found)) = serde_json::from_slice(&log.read(place)?) else {
        return Ok(None);
    };
    Ok(found.into_iter().find(|finding| finding.id == id))
}

/// The secret; a new one where there is none and nothing was written under an old one.
fn data_secret(path: &Path, is_empty: bool) -> Result<[u8; 32], FindingsError> {
    let failed = |source| FindingsError::Io {
        path: path.to_owned(),
        source,
    };
    match secret::read(path).map_err(failed)? {
        Some(secret) => Ok(secret),
        None if is_empty => secret::read_or_make(path).map_err(failed),
        None => Err(FindingsError::NoSecret(path.to_owned())),
    }
}

/// `2026-11.log`
fn is_month(name: &str) -> bool {
    let Some((year, month)) = name
        .strip_suffix(".log")
        .and_then(|name| name.split_once('-'))
    else {
        return false;
    };
    let digits =
        |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    digits(year, 4) && digits(month, 2)
}

fn to_bytes(entry: &Entry) -> Vec<u8> {
    serde_json::to_vec(entry).expect("entries have texts as the names of their fields")
}
