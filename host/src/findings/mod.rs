//! What was found at the hospital's callers, and what their clinicians decided on it (3103).
//!
//! A folder with one sealed log (`sealed_log.rs`) a month: `2026-11.log`. Findings and reasons name
//! patients, so every line is encrypted under the secret of this host. In memory is an index by answer of less than a
//! byte each (`blocks.rs`), counts by rule, and the last decision on each finding; the entries stay on the disk. Months that are no longer wanted are removed as files
//! while the service is stopped.

mod blocks;
mod damage;
mod overrides;
mod reading;
mod record;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rulepack_contract::units;

use crate::sealed_log::{Place, SealedLog};
use crate::secret;
use crate::settings::HostFolder;
use blocks::{Month, Part};
use damage::Damage;
use overrides::Tally;
use record::CountedFinding;

pub use crate::sealed_log::SealedLogError;
pub(crate) use damage::kept_aside;
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
    /// By name of the file.
    months: BTreeMap<String, Month>,
    tally: Tally,
    /// Answers that were never given: their findings are none.
    withdrawn: BTreeSet<u64>,
    damage: Damage,
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
    /// Opens the store of a host; it is empty where nothing was found yet. Damaged lines are passed over and told
    /// ([`Findings::damage`]): one that cannot be read must not keep all other patients from being judged.
    ///
    /// # Errors
    /// [`FindingsError`]; where not one line can be read, the secret is another one.
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
        let mut places = Places::default();
        for name in names {
            findings.open_month(&mut findings.kept(), &name, &mut places)?;
        }
        let mut kept = findings.kept();
        kept.damage.refuse_if_all_is_damaged()?;
        kept.damage.keep_aside();
        drop(kept);
        Ok(findings)
    }

    /// What of the store is damaged, for people; nothing where all can be read.
    #[must_use]
    pub fn damage(&self) -> Vec<String> {
        let kept = self.kept();
        let logs = kept.months.values().map(|month| &month.log);
        logs.filter_map(|log| damage::told(log)).collect()
    }

    /// Keeps the findings of one answer, in its order; durable on return.
    ///
    /// # Errors
    /// [`FindingsError`]; nothing of them is then kept.
    pub fn keep(&self, found: Vec<KeptFinding>) -> Result<(), FindingsError> {
        let Some(first) = found.first() else {
            return Ok(());
        };
        let (answer, month) = (first.id.answer, month_of(first.at));
        let log = self.month(&month)?;
        let place = log.append(&to_bytes(&Entry::Found(found.iter().collect())))?;
        let mut kept = self.kept();
        if let Some(month) = kept.months.get_mut(&month) {
            month.note(answer, place);
        }
        for finding in found {
            kept.tally.found(finding.pack, finding.rule);
        }
        Ok(())
    }

    /// The finding of this id.
    ///
    /// # Errors
    /// [`FindingsError`] where the store cannot be read.
    pub fn get(&self, id: FindingId) -> Result<Option<KeptFinding>, FindingsError> {
        let parts = self.kept().parts_with(id.answer);
        Ok(one_of(look(parts, id.answer)?, id))
    }

    /// Takes back what was kept of an answer that was not given after all.
    ///
    /// # Errors
    /// [`FindingsError`]; it is then forgotten until the store is opened anew.
    pub fn withdraw(&self, answer: u64, at: i64) -> Result<(), FindingsError> {
        let parts = self.kept().parts_with(answer);
        let found = look(parts, answer)?;
        if found.is_empty() {
            return Ok(());
        }
        self.kept().withdraw(answer, &found);
        let log = self.month(&month_of(at))?;
        log.append(&to_bytes(&Entry::Withdrawn(answer)))?;
        Ok(())
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
        let log = self.month(&month_of(first.at))?;
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

    /// The log of a month.
    fn month(&self, name: &str) -> Result<Arc<SealedLog>, FindingsError> {
        let mut kept = self.kept();
        match kept.months.get(name) {
            Some(month) => Ok(Arc::clone(&month.log)),
            None => {
                let log = self.open_month(&mut kept, name, &mut Places::default())?;
                kept.damage.keep_aside();
                Ok(log)
            }
        }
    }

    /// Opens a month, and adds to the places where findings stand.
    fn open_month(
        &self,
        kept: &mut Kept,
        name: &str,
        places: &mut Places,
    ) -> Result<Arc<SealedLog>, FindingsError> {
        let (mut found, mut later) = (Vec::new(), Vec::new());
        let path = self.folder.join(name);
        let mut readable = 0;
        let parse = |entry: Vec<u8>| serde_json::from_slice::<Entry<CountedFinding>>(&entry).ok();
        let (log, damaged) =
            SealedLog::open_past_damage(&path, &self.secret, parse, |place, entry| {
                readable += 1;
                match entry {
                    Some(Entry::Found(counted)) => {
                        found.extend(counted.first().map(|first| (first.id.answer, place)));
                        for finding in counted {
                            kept.tally.found(finding.pack, finding.rule);
                        }
                    }
                    Some(entry) => later.push(entry),
                    None => {}
                }
            })?;
        kept.damage.note(&path, readable, damaged);
        let log = Arc::new(log);
        let mut month = Month::new(Arc::clone(&log));
        for (answer, place) in found {
            month.note(answer, place);
            places.insert(answer, (Arc::clone(&log), place));
        }
        kept.months.insert(name.to_owned(), month);
        for entry in later {
            kept.take_later(entry, places)?;
        }
        Ok(log)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Counts and index change together, without anything in between that could panic.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the findings of each answer stand, while a store is opened.
type Places = HashMap<u64, (Arc<SealedLog>, Place)>;

impl Kept {
    /// Where the findings of an answer may stand, the latest months first; nowhere where it was never given.
    fn parts_with(&self, answer: u64) -> Vec<Part> {
        if self.withdrawn.contains(&answer) {
            return Vec::new();
        }
        let months = self.months.values().rev();
        months.flat_map(|month| month.parts_with(answer)).collect()
    }

    fn withdraw(&mut self, answer: u64, found: &[KeptFinding]) {
        if self.withdrawn.insert(answer) {
            self.tally.withdraw(found);
        }
    }

    /// Takes up what was said of earlier findings.
    fn take_later(
        &mut self,
        entry: Entry<CountedFinding>,
        places: &Places,
    ) -> Result<(), FindingsError> {
        match entry {
            Entry::Found(_) => {}
            Entry::Decided(decisions) => {
                for decision in decisions {
                    let id = decision.finding;
                    let found = self.of(id.answer, places)?;
                    if let Some(finding) = one_of(found, id) {
                        self.tally.decided(&finding, &decision);
                    }
                }
            }
            Entry::Withdrawn(answer) => {
                let found = self.of(answer, places)?;
                self.withdraw(answer, &found);
            }
        }
        Ok(())
    }

    /// The findings of an answer.
    fn of(&self, answer: u64, places: &Places) -> Result<Vec<KeptFinding>, FindingsError> {
        match places
            .get(&answer)
            .filter(|_| !self.withdrawn.contains(&answer))
        {
            Some((log, place)) => match serde_json::from_slice(&log.read(*place)?) {
                Ok(Entry::Found(found)) => Ok(found),
                _ => Ok(Vec::new()),
            },
            None => look(self.parts_with(answer), answer),
        }
    }
}

/// The findings of an answer in any of these.
fn look(parts: Vec<Part>, answer: u64) -> Result<Vec<KeptFinding>, FindingsError> {
    for part in parts {
        let found = part.find(answer)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

fn one_of(found: Vec<KeptFinding>, id: FindingId) -> Option<KeptFinding> {
    found.into_iter().find(|finding| finding.id == id)
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

/// The file of the month of a time.
fn month_of(at: i64) -> String {
    let day = units::format_instant(at);
    format!("{}.log", day.get(..7).unwrap_or("0000-00"))
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

fn to_bytes(entry: &Entry<&KeptFinding>) -> Vec<u8> {
    serde_json::to_vec(entry).expect("entries have texts as the names of their fields")
}
