//! The two secrets of a history: one for rows, one for whose they are.

use std::path::{Path, PathBuf};

use super::HistoryError;
use crate::secret;

/// Beside the folder of the history, as [`HostFolder`](crate::settings::HostFolder) says. Who has one of the two
/// reads rows of nobody, or a list of patients without rows.
#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) rows: [u8; 32],
    pub(super) identities: [u8; 32],
}

impl Secrets {
    /// Those of the history in this folder; new ones are made only where nothing was sealed under old ones.
    ///
    /// # Errors
    /// [`HistoryError::NoSecret`] where there is something to read, and nothing to read it with.
    pub(super) fn of(folder: &Path, is_empty: bool) -> Result<Self, HistoryError> {
        let (rows, identities) = paths(folder);
        let read = |path: &Path| {
            let failed = |source| HistoryError::Io {
                path: path.to_owned(),
                source,
            };
            match secret::read(path).map_err(failed)? {
                Some(secret) => Ok(secret),
                None if is_empty => secret::read_or_make(path).map_err(failed),
                None => Err(HistoryError::NoSecret(path.to_owned())),
            }
        };
        Ok(Secrets {
            rows: read(&rows)?,
            identities: read(&identities)?,
        })
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

fn paths(folder: &Path) -> (PathBuf, PathBuf) {
    let beside = |name| folder.with_file_name(name);
    (beside("data.secret"), beside("identity.secret"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::HostFolder;

    #[test]
    fn the_secrets_lie_where_the_folder_of_a_host_has_them() {
        let host = HostFolder::at("host");
        let expected = (host.data_secret(), host.identity_secret());
        assert_eq!(paths(&host.history()), expected);
    }
}
