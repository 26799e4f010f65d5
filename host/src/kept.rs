//! Settings that a receipt names by digest, kept under it (T10).
//!
//! A hospital edits its grants, its policy and its region file in place. A verdict that was given under yesterday's
//! could not be executed anew today. So each is written to `kept/` as it took effect, before the first verdict
//! that names it is recorded: `grants-DIGEST.json`, `policy-DIGEST.json`, `region-DIGEST.json`. Files there are
//! never changed and never removed, and are read for a replay only. None of them names a patient.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_engine::Grants;
use rulepack_protocol::canonical;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack::manifest::ColumnReference;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{FailurePoint, Failures, NoFailures};
use crate::data::national::Region;
use crate::files;
use crate::policy::Policy;
use crate::settings::HostFolder;

/// Nobody changes what is kept; only its owner reads it.
const READ_ONLY: u32 = 0o400;

/// The settings of a host, by digest.
pub struct KeptSettings {
    folder: PathBuf,
    /// Those that are known to be on the disk.
    known: Mutex<BTreeSet<(Setting, Digest)>>,
    failures: Arc<dyn Failures + Send + Sync>,
}

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The columns that a pack may read.
    Grants,
    /// What the hospital decided itself about rules and faults.
    Policy,
    /// How the region writes requests.
    Region,
}

/// Why a setting cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file system refuses.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Not what is kept there.
    #[error("`{path}` is not as expected: {source}")]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It was altered since.
    #[error("`{path}` was altered: what it says has the digest `{found}`")]
    Other {
        /// The file.
        path: PathBuf,
        /// Of what it says.
        found: Digest,
    },
}

/// Columns by their names: those of later releases may stand at other places.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum GrantedColumns {
    All,
    Only(Vec<ColumnReference>),
}

impl Setting {
    /// What its files begin with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Setting::Grants => "grants",
            Setting::Policy => "policy",
            Setting::Region => "region",
        }
    }

    /// The name of the file of a digest.
    #[must_use]
    pub fn file(self, digest: &Digest) -> String {
        format!("{}-{digest}.json", self.word())
    }
}

/// The digest of a policy or a region, as receipts carry it: of its canonical JSON.
pub fn digest_of(setting: &impl Serialize) -> Digest {
    Digest::of(&bytes_of(setting))
}

fn bytes_of(setting: &impl Serialize) -> Vec<u8> {
    canonical::to_bytes(setting).expect("settings hold texts and integers only")
}

impl KeptSettings {
    /// Those of a host.
    #[must_use]
    pub fn of(host: &HostFolder) -> Self {
        Self::stopped_by(host, Arc::new(NoFailures))
    }

    /// The same, stopped by a test where it says.
    #[must_use]
    pub fn stopped_by(host: &HostFolder, failures: Arc<dyn Failures + Send + Sync>) -> Self {
        KeptSettings {
            folder: host.kept(),
            known: Mutex::default(),
            failures,
        }
    }

    /// Keeps grants; on the disk when this returns.
    ///
    /// # Errors
    /// [`KeptError::Io`]; no verdict may name them then.
    pub fn keep_grants(&self, grants: &Grants) -> Result<(), KeptError> {
        let columns = match grants {
            Grants::All => GrantedColumns::All,
            Grants::Only(columns) => {
                let columns = columns.iter();
                let named = columns.map(|&(table, column)| ColumnReference { table, column });
                GrantedColumns::Only(named.collect())
            }
        };
        self.keep((Setting::Grants, grants.digest()), &columns)
    }

    /// Keeps a policy; on the disk when this returns.
    ///
    /// # Errors
    /// [`KeptError::Io`]; no verdict may name it then.
    pub fn keep_policy(&self, (digest, policy): (Digest, &Policy)) -> Result<(), KeptError> {
        self.keep((Setting::Policy, digest), policy)
    }

    /// Keeps a region; on the disk when this returns.
    ///
    /// # Errors
    /// [`KeptError::Io`]; no verdict may name it then.
    pub fn keep_region(&self, (digest, region): (Digest, &Region)) -> Result<(), KeptError> {
        self.keep((Setting::Region, digest), region)
    }

    /// Whether a setting is on the disk, as far as this process knows.
    #[must_use]
    pub fn is_known(&self, setting: Setting, digest: &Digest) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&(setting, *digest))
    }

    /// The grants of a digest; `None` where they are not kept.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn grants(&self, digest: &Digest) -> Result<Option<Grants>, KeptError> {
        let columns = self.read(Setting::Grants, digest)?;
        let grants = columns.map(|columns| match columns {
            GrantedColumns::All => Grants::All,
            GrantedColumns::Only(columns) => {
                Grants::Only(columns.iter().map(|at| (at.table, at.column)).collect())
            }
        });
        let found = grants.as_ref().map(Grants::digest);
        self.checked((Setting::Grants, digest), grants, found)
    }

    /// The policy of a digest; `None` where it is not kept.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn policy(&self, digest: &Digest) -> Result<Option<Policy>, KeptError> {
        let policy: Option<Policy> = self.read(Setting::Policy, digest)?;
        let found = policy.as_ref().map(digest_of);
        self.checked((Setting::Policy, digest), policy, found)
    }

    /// The region of a digest; `None` where it is not kept.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn region(&self, digest: &Digest) -> Result<Option<Region>, KeptError> {
        let region: Option<Region> = self.read(Setting::Region, digest)?;
        let found = region.as_ref().map(digest_of);
        self.checked((Setting::Region, digest), region, found)
    }

    /// Where a setting lies.
    #[must_use]
    pub fn path(&self, setting: Setting, digest: &Digest) -> PathBuf {
        self.folder.join(setting.file(digest))
    }

    fn keep(&self, key: (Setting, Digest), setting: &impl Serialize) -> Result<(), KeptError> {
        // Held while it is written: whoever needs it meanwhile waits, and does not write it again.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&key) {
            return Ok(());
        }
        let path = self.path(key.0, &key.1);
        let bytes = bytes_of(setting);
        self.write(&path, &bytes)
            .map_err(|source| KeptError::Io { path, source })?;
        known.insert(key);
        Ok(())
    }

    /// Writes a file that is not there as it should be: what was altered is mended by the service that still has it.
    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
        self.failures.reach(FailurePoint::BeforeSetting)?;
        if files::read_if_there(path)?.as_deref() == Some(bytes) {
            // Whoever wrote it may have been stopped before it was on the disk.
            files::sync(path)?;
        } else {
            files::replace(path, bytes)?;
            fs::set_permissions(path, Permissions::from_mode(READ_ONLY))?;
        }
        self.failures.reach(FailurePoint::SettingKept)
    }

    fn read<T: DeserializeOwned>(
        &self,
        setting: Setting,
        digest: &Digest,
    ) -> Result<Option<T>, KeptError> {
        let path = self.path(setting, digest);
        let bytes = files::read_if_there(&path);
        let Some(bytes) = bytes.map_err(|source| KeptError::Io {
            path: path.clone(),
            source,
        })?
        else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some)
            .map_err(|source| KeptError::Json { path, source })
    }

    fn checked<T>(
        &self,
        (setting, digest): (Setting, &Digest),
        read: Option<T>,
        found: Option<Digest>,
    ) -> Result<Option<T>, KeptError> {
        match found.filter(|found| found != digest) {
            None => Ok(read),
            Some(found) => Err(KeptError::Other {
                path: self.path(setting, digest),
                found,
            }),
        }
    }
}

impl KeptError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            KeptError::Io { .. } => None,
            KeptError::Json { .. } | KeptError::Other { .. } => Some(
                "restore the file from a backup of the host's folder; no file there ever changes",
            ),
        }
    }
}

impl std::fmt::Debug for KeptSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("KeptSettings");
        shown.field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use rulepack_contract::schema::ids;

    use super::*;

    struct StopAt(FailurePoint);

    impl Failures for StopAt {
        fn reach(&self, point: FailurePoint) -> io::Result<()> {
            match point == self.0 {
                true => Err(io::Error::other("killed")),
                false => Ok(()),
            }
        }
    }

    fn host() -> (tempfile::TempDir, HostFolder) {
        let folder = tempfile::tempdir().unwrap();
        let host = HostFolder::at(folder.path());
        (folder, host)
    }

    fn some() -> Grants {
        Grants::Only([(ids::ORDERS, 0), (ids::ORDERS, 2), (ids::PATIENTS, 1)].into())
    }

    #[test]
    fn each_setting_comes_back_by_the_digest_that_receipts_carry() {
        let (_folder, host) = host();
        let kept = KeptSettings::of(&host);
        for grants in [Grants::All, Grants::Only([].into()), some()] {
            assert_eq!(kept.grants(&grants.digest()).unwrap(), None);
            kept.keep_grants(&grants).unwrap();
            assert!(kept.is_known(Setting::Grants, &grants.digest()));
            assert_eq!(kept.grants(&grants.digest()).unwrap(), Some(grants));
        }
        let policy: Policy = toml::from_str("[failing]\nbefore = \"closed\"\n").unwrap();
        let region = Region::parse("[request]\npatn_id = \"psn_no\"\n").unwrap();
        let digests = (digest_of(&policy), digest_of(&region));
        kept.keep_policy((digests.0, &policy)).unwrap();
        kept.keep_region((digests.1, &region)).unwrap();
        assert_eq!(kept.policy(&digests.0).unwrap(), Some(policy));
        assert_eq!(kept.region(&digests.1).unwrap(), Some(region));
        let path = kept.path(Setting::Policy, &digests.0);
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, READ_ONLY);
    }

    #[test]
    fn no_altered_byte_of_a_kept_setting_is_taken_for_it() {
        let (_folder, host) = host();
        let kept = KeptSettings::of(&host);
        kept.keep_grants(&some()).unwrap();
        let digest = some().digest();
        let path = kept.path(Setting::Grants, &digest);
        let good = fs::read(&path).unwrap();
        for index in 0..good.len() {
            let mut altered = good.clone();
            altered[index] ^= 1;
            files::replace(&path, &altered).unwrap();
            let read = kept.grants(&digest);
            assert!(read.is_err(), "byte {index}");
        }
        files::replace(&path, b"\"all\"").unwrap();
        let error = kept.grants(&digest).unwrap_err();
        let (shown, found) = (path.display(), Grants::All.digest());
        let expected = format!("`{shown}` was altered: what it says has the digest `{found}`");
        assert_eq!(error.to_string(), expected);
        let hint =
            "restore the file from a backup of the host's folder; no file there ever changes";
        assert_eq!(error.hint(), Some(hint));
        files::replace(&path, b"{").unwrap();
        let error = kept.grants(&digest).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("`{shown}` is not as expected: ")),
            "{error}"
        );
        // A service that starts has them still, and mends the file.
        KeptSettings::of(&host).keep_grants(&some()).unwrap();
        assert_eq!(kept.grants(&digest).unwrap(), Some(some()));
    }

    #[test]
    fn what_was_stopped_is_kept_by_the_next_one_and_nothing_else_stays_behind() {
        for point in [FailurePoint::BeforeSetting, FailurePoint::SettingKept] {
            let (_folder, host) = host();
            let stopped = KeptSettings::stopped_by(&host, Arc::new(StopAt(point)));
            let error = stopped.keep_grants(&some()).unwrap_err();
            let path = stopped.path(Setting::Grants, &some().digest());
            assert_eq!(
                error.to_string(),
                format!("cannot use `{}`: killed", path.display())
            );
            // It does not count as kept.
            assert!(!stopped.is_known(Setting::Grants, &some().digest()));
            KeptSettings::of(&host).keep_grants(&some()).unwrap();
            let names = fs::read_dir(host.kept()).unwrap().count();
            assert_eq!(names, 1, "{point:?}");
        }
    }
}
