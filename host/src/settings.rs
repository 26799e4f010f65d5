//! How a host is set up: `host.toml` in its folder, written by `init`, read at every start.

mod history;
mod updates;

use std::path::{Path, PathBuf};

use rulepack_protocol::names::Division;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::subscription::Subscription;

pub use history::HistorySettings;
pub use updates::{Decision, ShadowSettings, Updates, WatchSettings};

/// `host.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where packs come from: `http://…`, `https://…`, or a folder.
    pub registry: String,
    /// The national code of the institution: `H37030000001`.
    pub institution: String,
    /// Where it lies.
    pub division: Division,
    /// What it follows.
    pub subscriptions: Vec<Subscription>,
    /// Whether it takes part in first waves.
    #[serde(default)]
    pub canary: bool,
    /// Whether a name space whose officers were replaced waits for a person (T8), see [`crate::officers`].
    #[serde(default)]
    pub hold_rekeyed: bool,
    /// Who decides about new versions.
    #[serde(default, skip_serializing_if = "Updates::is_default")]
    pub updates: Updates,
    /// How long what requests tell is kept.
    #[serde(default, skip_serializing_if = "HistorySettings::is_default")]
    pub history: HistorySettings,
    /// Set where the host has no network and is fed from disks: only then may `sync --import` be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub air_gap: Option<AirGap>,
}

/// `[air_gap]` of `host.toml` (物理隔离).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AirGap {
    /// How many days ago timestamp and snapshot of an import may have expired.
    #[serde(default)]
    pub tolerance_days: ToleranceDays,
}

/// A number of days from 1 to [`ToleranceDays::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ToleranceDays(u16);

/// A tolerance that is none, or longer than any name space lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no tolerance in days, expected 1 to {max}", max = ToleranceDays::MAX)]
pub struct ToleranceError(u16);

impl ToleranceDays {
    /// The longest: a name space lives no longer, and is never tolerated beyond its expiry.
    pub const MAX: u16 = 90;

    /// In days.
    #[must_use]
    pub fn days(self) -> u16 {
        self.0
    }
}

impl Default for ToleranceDays {
    fn default() -> Self {
        ToleranceDays(30)
    }
}

impl TryFrom<u16> for ToleranceDays {
    type Error = ToleranceError;

    fn try_from(days: u16) -> Result<Self, ToleranceError> {
        match days {
            1..=ToleranceDays::MAX => Ok(ToleranceDays(days)),
            _ => Err(ToleranceError(days)),
        }
    }
}

impl From<ToleranceDays> for u16 {
    fn from(tolerance: ToleranceDays) -> u16 {
        tolerance.0
    }
}

impl std::fmt::Display for ToleranceDays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The folder of a host and what lies where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFolder {
    root: PathBuf,
}

/// Why a host's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Nothing was set up there.
    #[error("`{0}` is not the folder of a host")]
    NotAHost(PathBuf),
    /// Something is set up there already.
    #[error("`{0}` is the folder of a host already")]
    AlreadyAHost(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The settings are not as they should be.
    #[error("`{path}` is not as expected: {source}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: toml::de::Error,
    },
}

impl SettingsError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            SettingsError::NotAHost(_) => Some("set one up with `rulepack init`"),
            SettingsError::AlreadyAHost(_) => {
                Some("choose another folder, or use this one as it is")
            }
            _ => None,
        }
    }
}

impl HostFolder {
    /// The folder at this path, whether set up or not.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        HostFolder { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether a host is set up there.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.settings_path().exists()
    }

    /// What the host remembers of trust.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust")
    }

    /// Packs by digest.
    #[must_use]
    pub fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    /// The lock in force.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock.json")
    }

    /// Locked by whoever changes the lock; empty.
    #[must_use]
    pub fn lock_editing(&self) -> PathBuf {
        self.root.join("lock.editing")
    }

    /// Locked by whoever brings the packs up to date; empty.
    #[must_use]
    pub fn updating(&self) -> PathBuf {
        self.root.join("updates.editing")
    }

    /// What came of every step of an update, and what was counted of versions that are watched.
    #[must_use]
    pub fn updates(&self) -> PathBuf {
        self.root.join("updates")
    }

    /// Every lock that was ever in force, by digest.
    #[must_use]
    pub fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// What packs may read, by name space.
    #[must_use]
    pub fn grants(&self) -> PathBuf {
        self.root.join("grants.toml")
    }

    /// What was imported and seen of patients and institutions.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.root.join("history")
    }

    /// What this host answered, and what that rested on.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// The key with which it signs its journal.
    #[must_use]
    pub fn host_key(&self) -> PathBuf {
        self.root.join("host.key")
    }

    /// Compiled packs: nothing but a saving of time, may be deleted.
    #[must_use]
    pub fn compiled(&self) -> PathBuf {
        self.root.join("compiled")
    }

    /// The secret under which this host knows its own compiled packs again.
    #[must_use]
    pub fn compiled_secret(&self) -> PathBuf {
        self.root.join("compiled.secret")
    }

    /// Digests of the tokens of those who ask the service.
    #[must_use]
    pub fn tokens(&self) -> PathBuf {
        self.root.join("tokens.json")
    }

    /// What the hospital decides itself about rules and faults.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    /// What was found at the hospital's callers, and what they decided: a file a month, encrypted.
    #[must_use]
    pub fn findings(&self) -> PathBuf {
        self.root.join("findings")
    }

    /// The secret under which patient data of this host is encrypted. Without it that data is lost.
    #[must_use]
    pub fn data_secret(&self) -> PathBuf {
        self.root.join("data.secret")
    }

    /// The secret under which is encrypted whose the rows of the history are.
    #[must_use]
    pub fn identity_secret(&self) -> PathBuf {
        self.root.join("identity.secret")
    }

    /// What others and the hospital set for packs, by digest: overlays as `<digest>.toml`, and knowledge
    /// tables that were imported here as `<digest>.csv`. None is ever removed, so that an old verdict finds
    /// what it rested on.
    #[must_use]
    pub fn overlays(&self) -> PathBuf {
        self.root.join("overlays")
    }

    /// Grants, policies and regions as they were when verdicts were given, by digest. None is ever removed.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.root.join("kept")
    }

    /// Writes the settings of a new host.
    ///
    /// # Errors
    /// Where one is set up there already, or the file cannot be written.
    pub fn create(&self, settings: &Settings) -> Result<(), SettingsError> {
        let path = self.settings_path();
        if path.exists() {
            return Err(SettingsError::AlreadyAHost(self.root.clone()));
        }
        let text = toml::to_string_pretty(settings)
            .expect("settings are texts, lists of texts and booleans");
        self.write(&path, text.as_bytes())
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        let path = self.settings_path();
        let bytes = files::read_if_there(&path).map_err(|source| SettingsError::Io {
            path: path.clone(),
            source,
        })?;
        let bytes = bytes.ok_or_else(|| SettingsError::NotAHost(self.root.clone()))?;
        let text = String::from_utf8_lossy(&bytes);
        toml::from_str(&text).map_err(|source| SettingsError::Toml { path, source })
    }

    fn settings_path(&self) -> PathBuf {
        self.root.join("host.toml")
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), SettingsError> {
        files::replace(path, bytes).map_err(|source| SettingsError::Io {
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let division: Division = "370303".parse().unwrap();
        Settings {
            registry: "http://127.0.0.1:8470".into(),
            institution: "H37030000001".into(),
            subscriptions: Subscription::defaults(&division),
            division,
            canary: false,
            hold_rekeyed: false,
            updates: Updates::default(),
            history: HistorySettings::default(),
            air_gap: None,
        }
    }

    #[test]
    fn settings_read_back_and_a_host_is_set_up_once() {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFolder::at(folder.path());
        let missing = host.settings().unwrap_err();
        assert_eq!(
            missing.to_string(),
            format!("`{}` is not the folder of a host", folder.path().display())
        );
        assert_eq!(missing.hint(), Some("set one up with `rulepack init`"));
        host.create(&settings()).unwrap();
        assert_eq!(host.settings().unwrap(), settings());
        assert_eq!(
            host.create(&settings()).unwrap_err().to_string(),
            format!(
                "`{}` is the folder of a host already",
                folder.path().display()
            )
        );
        files::replace(&host.root().join("host.toml"), b"registry = 1").unwrap();
        let broken = host.settings().unwrap_err().to_string();
        assert!(
            broken.contains("host.toml` is not as expected: "),
            "{broken}"
        );
    }

    #[test]
    fn an_air_gap_tolerates_thirty_days_unless_told_otherwise_and_ninety_at_most() {
        let read = |text: &str| toml::from_str::<AirGap>(text);
        assert_eq!(read("").unwrap().tolerance_days.days(), 30);
        assert_eq!(
            read("tolerance_days = 90").unwrap().tolerance_days.days(),
            90
        );
        for refused in ["0", "91"] {
            let error = read(&format!("tolerance_days = {refused}")).unwrap_err();
            let expected = format!("`{refused}` is no tolerance in days, expected 1 to 90");
            assert_eq!(error.message(), expected);
        }
        let of_a_host = Settings {
            air_gap: Some(AirGap::default()),
            ..settings()
        };
        let text = toml::to_string_pretty(&of_a_host).unwrap();
        assert!(text.ends_with("[air_gap]\ntolerance_days = 30\n"), "{text}");
        assert_eq!(toml::from_str::<Settings>(&text).unwrap(), of_a_host);
    }
}
