//! Acknowledgements of the bureau that are handed to a service which writes the journal: as files beside it,
//! `acknowledged-COUNT.json`, which the service records and removes.

use std::fs;
use std::path::{Path, PathBuf};

use rulepack_protocol::key::KeyId;

use super::JournalError;
use super::acknowledgement::Acknowledgement;
use crate::files;

const BEGINNING: &str = "acknowledged-";

/// What lies there to be recorded.
#[derive(Debug)]
pub(crate) struct HandedOver {
    /// The file.
    pub(crate) path: PathBuf,
    /// What stands in it; `None` where that is none of this host's, or nobody signed it.
    pub(crate) acknowledgement: Option<Acknowledgement>,
}

/// Hands an acknowledgement to the service that writes the journal in a folder; answers the file that is gone once
/// it is recorded. Whose signature it is has been looked at.
///
/// # Errors
/// [`JournalError::Io`].
pub fn hand_over(folder: &Path, one: &Acknowledgement) -> Result<PathBuf, JournalError> {
    let path = folder.join(format!("{BEGINNING}{}.json", one.head.count));
    let bytes = serde_json::to_vec(one).expect("it has texts as the names of its fields");
    files::replace(&path, &bytes).map_err(|source| JournalError::io(&path, source))?;
    Ok(path)
}

/// What was handed over to the host with this key.
///
/// # Errors
/// [`JournalError::Io`].
pub(crate) fn handed_over(folder: &Path, host: &KeyId) -> Result<Vec<HandedOver>, JournalError> {
    let failed = |source| JournalError::io(folder, source);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let number = name.and_then(|name| name.strip_prefix(BEGINNING)?.strip_suffix(".json"));
        if number.is_none_or(|number| number.parse::<u64>().is_err()) {
            continue;
        }
        let bytes = fs::read(&path).map_err(|source| JournalError::io(&path, source))?;
        let acknowledgement = serde_json::from_slice::<Acknowledgement>(&bytes).ok();
        let is_good = |one: &Acknowledgement| one.host == *host && one.is_by(&one.by);
        found.push(HandedOver {
            acknowledgement: acknowledgement.filter(is_good),
            path,
        });
    }
    Ok(found)
}
