//! What a bureau has seen of each hospital, so that a hospital cannot go back: the newest status of every
//! month, and the heads that the bureau acknowledged.
//!
//! A folder: `<institution>/<month>.json`, a signed status as it came, and `<institution>/heads.json`, the
//! acknowledgements, a list that `rulepack journal verify --heads` reads.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_protocol::moment::Moment;
use serde::Serialize;

use super::code::InstitutionCode;
use super::{SignedStatus, StatusError};
use crate::files;
use crate::journal::{Acknowledgement, Head};

/// The folder.
#[derive(Debug, Clone)]
pub struct Seen {
    folder: PathBuf,
}

/// How a status stands to what was seen before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum Standing {
    /// It goes on from what was seen, or nothing was.
    New,
    /// The very same was seen.
    Known,
    /// A newer one of this month was seen.
    Older {
        /// When that one was made.
        seen: Moment,
    },
    /// Of two statuses the later one has fewer entries in its journal: it was cut short, or set back to an
    /// old copy.
    WentBack {
        /// Entries later.
        count: u64,
        /// Entries before.
        seen: u64,
    },
    /// Its journal has as many entries as one that was seen, and other ones.
    Rewritten {
        /// How many.
        count: u64,
    },
}

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeenError {
    /// The file system.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// Folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A status that was kept is none any more.
    #[error("`{path}` was altered: {source}")]
    Status {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: StatusError,
    },
    /// The list of acknowledgements is none.
    #[error("`{path}` was altered: {source}")]
    Heads {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Standing {
    /// Whether it may be counted and acknowledged.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self, Standing::New | Standing::Known)
    }
}

impl Seen {
    /// The folder at this path, which is made when something is kept.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Seen {
            folder: folder.into(),
        }
    }

    /// Holds a status against all that was seen of its hospital.
    ///
    /// # Errors
    /// [`SeenError`].
    pub fn judge(&self, signed: &SignedStatus) -> Result<Standing, SeenError> {
        let status = signed.status();
        for seen in self.of(&status.institution)? {
            let standing = against(signed, &seen);
            if standing != Standing::New {
                return Ok(standing);
            }
        }
        let count = status.head().count;
        for acknowledged in self.heads(&status.institution)? {
            if acknowledged.host == signed.key().id()
                && status.made.unix() >= acknowledged.seen
                && count < acknowledged.head.count
            {
                let seen = acknowledged.head.count;
                return Ok(Standing::WentBack { count, seen });
            }
        }
        Ok(Standing::New)
    }

    /// Keeps a status that [`Seen::judge`] found good.
    ///
    /// # Errors
    /// [`SeenError`].
    pub fn keep(&self, signed: &SignedStatus) -> Result<(), SeenError> {
        let status = signed.status();
        let folder = self.folder_of(&status.institution);
        let path = folder.join(format!("{}.json", status.month));
        make(&folder)?;
        replace(&path, &signed.to_bytes())
    }

    /// Keeps what the bureau acknowledged, beside what it did before.
    ///
    /// # Errors
    /// [`SeenError`].
    pub fn keep_head(
        &self,
        institution: &InstitutionCode,
        acknowledgement: &Acknowledgement,
    ) -> Result<(), SeenError> {
        let mut heads = self.heads(institution)?;
        let is_known = |known: &Acknowledgement| {
            known.host == acknowledgement.host && known.head == acknowledgement.head
        };
        if heads.iter().any(is_known) {
            return Ok(());
        }
        heads.push(acknowledgement.clone());
        make(&self.folder_of(institution))?;
        let bytes = serde_json::to_vec_pretty(&heads).expect("texts and integers");
        replace(&self.heads_path(institution), &bytes)
    }

    /// Whether the bureau acknowledged this head of a host.
    ///
    /// # Errors
    /// [`SeenError`].
    pub fn acknowledged(&self, signed: &SignedStatus, head: &Head) -> Result<bool, SeenError> {
        let heads = self.heads(&signed.status().institution)?;
        let host = signed.key().id();
        Ok(heads
            .iter()
            .any(|known| known.host == host && known.head == *head))
    }

    /// All that was seen of a hospital.
    fn of(&self, institution: &InstitutionCode) -> Result<Vec<SignedStatus>, SeenError> {
        let folder = self.folder_of(institution);
        let failed = |source| SeenError::Io {
            path: folder.clone(),
            source,
        };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut seen = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if stem.is_none_or(|stem| stem.parse::<super::Month>().is_err()) {
                continue;
            }
            let bytes = fs::read(&path).map_err(failed)?;
            let parsed = SignedStatus::parse(&bytes);
            seen.push(parsed.map_err(|source| SeenError::Status { path, source })?);
        }
        Ok(seen)
    }

    fn heads(&self, institution: &InstitutionCode) -> Result<Vec<Acknowledgement>, SeenError> {
        let path = self.heads_path(institution);
        let bytes = files::read_if_there(&path).map_err(|source| SeenError::Io {
            path: path.clone(),
            source,
        })?;
        let Some(bytes) = bytes else {
            return Ok(Vec::new());
        };
        serde_json::from_slice(&bytes).map_err(|source| SeenError::Heads { path, source })
    }

    fn folder_of(&self, institution: &InstitutionCode) -> PathBuf {
        // Letters and digits alone.
        self.folder.join(institution.to_string())
    }

    fn heads_path(&self, institution: &InstitutionCode) -> PathBuf {
        self.folder_of(institution).join("heads.json")
    }
}

/// How a status stands to one that was seen of the same hospital.
fn against(signed: &SignedStatus, seen: &SignedStatus) -> Standing {
    if signed == seen {
        return Standing::Known;
    }
    let (status, known) = (signed.status(), seen.status());
    let (now, then) = (status.head(), known.head());
    let is_older = (status.made, now.count) <= (known.made, then.count);
    if status.month == known.month && is_older {
        return Standing::Older { seen: known.made };
    }
    // A host that was set up anew has another key, which the bureau enrolled anew.
    if signed.key().id() != seen.key().id() {
        return Standing::New;
    }
    if now.count == then.count && now.hash != then.hash {
        return Standing::Rewritten { count: now.count };
    }
    let (earlier, later) = match status.made < known.made {
        true => (now.count, then.count),
        false => (then.count, now.count),
    };
    match later < earlier {
        true => Standing::WentBack {
            count: later,
            seen: earlier,
        },
        false => Standing::New,
    }
}

fn make(folder: &Path) -> Result<(), SeenError> {
    fs::create_dir_all(folder).map_err(|source| SeenError::Io {
        path: folder.to_owned(),
        source,
    })
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), SeenError> {
    files::replace(path, bytes).map_err(|source| SeenError::Io {
        path: path.to_owned(),
        source,
    })
}
