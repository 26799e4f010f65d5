//! `rulepack registry check`: a repository verified from disk.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{ExpiryWarning, expiry_warnings};
use rulepack_registry::check;
use rulepack_registry::store::Tree;
use serde::Serialize;

use crate::clock;
use crate::failure::{Failure, Outcome};

/// Which repository, and when.
#[derive(Debug, Args)]
pub struct CheckRepositoryArgs {
    /// The registry's folder, or a repository: a folder with `metadata/`, such as a mirror.
    #[arg(default_value = "registry-data")]
    dir: PathBuf,
    /// Verify as of this time in place of now, as `2026-11-22T08:00:00Z`: for a backup.
    #[arg(long)]
    at: Option<Moment>,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct RepositoryReport {
    repository: PathBuf,
    roles: BTreeMap<String, u64>,
    ended: Vec<String>,
    packs: usize,
    pack_bytes: u64,
    /// Roles whose officers have to sign soon.
    expiring: Vec<ExpiryWarning>,
    faults: Vec<String>,
}

impl CheckRepositoryArgs {
    /// Verifies it.
    pub fn execute(&self) -> Outcome<RepositoryReport> {
        let repository = repository_of(&self.dir)?;
        let now = match self.at {
            Some(at) => at,
            None => clock::now()?,
        };
        let found = check::check(&Tree::new(&repository), now);
        let roles = found.roles.iter();
        Ok(RepositoryReport {
            repository,
            roles: roles
                .map(|(role, version)| (role.to_string(), *version))
                .collect(),
            ended: found.ended.iter().map(ToString::to_string).collect(),
            packs: found.packs,
            pack_bytes: found.pack_bytes,
            expiring: expiry_warnings(found.ends, now),
            faults: found.faults.iter().map(ToString::to_string).collect(),
        })
    }
}

impl RepositoryReport {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }
}

fn repository_of(dir: &Path) -> Outcome<PathBuf> {
    let below = dir.join("repository");
    [dir, &below]
        .into_iter()
        .find(|folder| folder.join("metadata").is_dir())
        .map(Path::to_owned)
        .ok_or_else(|| {
            Failure::new(format!("`{}` holds no repository", dir.display()))
                .hint("name a folder with `metadata/`, or a registry's folder")
        })
}

impl fmt::Display for RepositoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "repository {}", self.repository.display())?;
        for (role, version) in &self.roles {
            writeln!(f, "  {role} version {version}")?;
        }
        for name_space in &self.ended {
            writeln!(f, "  {name_space} is no longer delegated")?;
        }
        writeln!(
            f,
            "  {} packs, {} bytes, as signed",
            self.packs, self.pack_bytes
        )?;
        for warning in &self.expiring {
            writeln!(f, "  warning: {warning}")?;
        }
        match self.faults.len() {
            0 => writeln!(f, "everything is as it should be"),
            count => {
                writeln!(f, "{count} faults:")?;
                let mut faults = self.faults.iter();
                faults.try_for_each(|fault| writeln!(f, "  {fault}"))
            }
        }
    }
}
