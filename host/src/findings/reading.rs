//! Reading the store of a host while a service has it open.

use std::fs;
use std::io;

use super::record::Entry;
use super::{FindingsError, is_month};
use crate::sealed_log::SealedLog;
use crate::secret;
use crate::settings::HostFolder;

/// Passes every entry of a month (`2026-11`) and of those after it to `each`, with the month in whose file
/// it stands, the oldest first.
///
/// # Errors
/// [`FindingsError`] where there is something that cannot be read.
pub(crate) fn read_since(
    host: &HostFolder,
    month: &str,
    mut each: impl FnMut(&str, Entry),
) -> Result<(), FindingsError> {
    let folder = host.findings();
    let failed = |source| FindingsError::Io {
        path: folder.clone(),
        source,
    };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed)?,
    };
    let mut months = Vec::new();
    for entry in entries {
        let name = entry.map_err(failed)?.file_name().into_string();
        months.extend(name.ok().filter(|name| is_month(name)));
    }
    months.sort();
    months.retain(|name| name.as_str() >= month);
    if months.is_empty() {
        return Ok(());
    }
    let path = host.data_secret();
    let secret = secret::read(&path).map_err(|source| FindingsError::Io {
        path: path.clone(),
        source,
    })?;
    let secret = secret.ok_or(FindingsError::NoSecret(path))?;
    for name in months {
        let of = name.trim_end_matches(".log");
        SealedLog::look(&folder.join(&name), &secret, |bytes| {
            if let Ok(entry) = serde_json::from_slice(bytes) {
                each(of, entry);
            }
        })?;
    }
    Ok(())
}
