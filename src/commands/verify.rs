//! `rulepack verify`: who vouches for a sealed pack, from the national root down.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_host::client::{FloorsStore, NoFailures, refresh};
use rulepack_host::settings::HostFolder;
use rulepack_host::update::transport;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::{PersonId, TargetPath};
use rulepack_protocol::trust::{Freshness, ResolvedTarget, Standing, TrustedTargets};
use rulepack_protocol::tuf::Status;
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::packs::{self, SealedPack};
use crate::{clock, files};

/// Show who vouches for a sealed pack: the root, the roles below it, the persons who sign, until when,
/// and that the signed entry speaks of exactly this file. Nothing is stored.
///
/// Fails with the reason where nobody vouches for it.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The sealed pack.
    pub pack: PathBuf,
    /// The root to start from; with `--registry`.
    #[arg(long, requires = "registry", required_unless_present = "dir")]
    pub root: Option<PathBuf>,
    /// A registry's address, or a folder that holds a copy of it (`metadata/`).
    #[arg(long, value_name = "ADDRESS")]
    pub registry: Option<String>,
    /// A host's folder: its root, its floors, its registry.
    #[arg(long, value_name = "HOST", conflicts_with_all = ["root", "registry"])]
    pub dir: Option<PathBuf>,
}

/// Who vouches for a pack.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
    path: TargetPath,
    digest: Digest,
    root_version: u64,
    chain: Vec<RoleLine>,
    persons: Vec<PersonId>,
    threshold: u32,
    published: String,
    status: Status,
    reads: Vec<String>,
}

/// A role on the way to a pack.
#[derive(Debug, Serialize)]
pub struct RoleLine {
    role: String,
    version: u64,
    expires: Moment,
}

impl Command for VerifyArgs {
    type Report = VerifyReport;

    fn execute(&self) -> Outcome<VerifyReport> {
        let sealed = packs::open(&self.pack)?;
        // Verification moves floors; those of a host are moved by the host alone.
        let copy = tempfile::tempdir().context(|| "cannot make a temporary folder".into())?;
        let store = FloorsStore::new(copy.path());
        let registry = match (&self.dir, &self.root, &self.registry) {
            (Some(dir), _, _) => {
                let host = HostFolder::at(dir);
                copy_files(&host.trust(), copy.path())?;
                host.settings()?.registry
            }
            (None, Some(root), Some(registry)) => {
                let bytes = files::read(root)?;
                let stored = store.init(&bytes);
                stored.context(|| format!("`{}`", root.display()))?;
                registry.clone()
            }
            _ => {
                return Err(Failure::new(
                    "neither a host nor a root and a registry is given",
                ));
            }
        };
        verify(&sealed, &registry, &store)
    }
}

/// Verifies a pack against a registry, from the root and the floors of a store.
fn verify(sealed: &SealedPack, registry: &str, store: &FloorsStore) -> Outcome<VerifyReport> {
    let header = &sealed.pack.manifest.pack;
    let name_space = header.name.name_space();
    let path = TargetPath::new(header.name.clone(), header.version.clone())?;
    let followed = [name_space.clone()];
    let freshness = Freshness::at(clock::now()?);
    let refreshed = refresh(
        transport(registry).as_ref(),
        store,
        &followed,
        freshness,
        &NoFailures,
    )?;
    if let Some(error) = refreshed.unreachable.into_values().next() {
        return Err(error.into());
    }
    if let Some(error) = refreshed.resolution.failed.into_values().next() {
        let hint = error.hint();
        let failure = Failure::from(error);
        return Err(match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        });
    }
    let mut targets = refreshed.resolution.targets.into_iter();
    let Some(target) = targets.find(|target| target.path == path) else {
        return Err(Failure::new(format!(
            "role `{name_space}` signed no pack `{path}`"
        )));
    };
    check(sealed, &target)?;
    Ok(report(target, &refreshed.trusted))
}

/// The signed entry speaks of these bytes, and nobody forbids them.
fn check(sealed: &SealedPack, target: &ResolvedTarget) -> Outcome {
    let (path, signed, found) = (&target.path, target.digest, sealed.pack.digest);
    let refusal = if found != signed {
        format!("pack `{path}` has sha256 {found}, signed was {signed}")
    } else if let Some(field) = target.custom.differs_from(&sealed.pack) {
        format!("pack `{path}` says another `{field}` than what was signed of it")
    } else {
        match &target.standing {
            Standing::Good => return Ok(()),
            Standing::Denied { by } => format!("pack `{path}` is denied by role `{by}`"),
            Standing::BelowMinimum { by, minimum } => {
                format!(
                    "pack `{path}` is below `{minimum}`, the lowest version that role `{by}` allows"
                )
            }
        }
    };
    Err(Failure::new(refusal))
}

fn report(target: ResolvedTarget, trusted: &TrustedTargets) -> VerifyReport {
    let line = |role| {
        let signed = trusted.role(role)?.signed();
        Some(RoleLine {
            role: role.to_string(),
            version: signed.version,
            expires: signed.expires,
        })
    };
    VerifyReport {
        root_version: trusted.root().signed().version,
        chain: target.chain.iter().filter_map(line).collect(),
        persons: target.persons.into_iter().collect(),
        threshold: target.threshold,
        published: target.custom.published.to_string(),
        status: target.custom.status,
        reads: target.custom.imports,
        digest: target.digest,
        path: target.path,
    }
}

fn copy_files(from: &Path, to: &Path) -> Outcome {
    let failed = || format!("cannot read `{}`", from.display());
    for entry in std::fs::read_dir(from).context(failed)? {
        let path = entry.context(failed)?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() {
            copy_files(&path, &to.join(name))?;
        } else {
            files::write(&to.join(name), &files::read(&path)?)?;
        }
    }
    Ok(())
}

impl Report for VerifyReport {
    fn is_good(&self) -> bool {
        self.status != Status::Yanked
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.path, self.digest)?;
        writeln!(f, "  root       version {}", self.root_version)?;
        for line in &self.chain {
            let RoleLine {
                role,
                version,
                expires,
            } = line;
            writeln!(f, "  {role:<9}  version {version}, until {expires}")?;
        }
        let persons: Vec<String> = self.persons.iter().map(ToString::to_string).collect();
        writeln!(
            f,
            "  signed by  {} of {}",
            self.threshold,
            persons.join(", ")
        )?;
        writeln!(f, "  published  {}", self.published)?;
        if !self.is_good() {
            writeln!(f, "  yanked: its bureau withdrew it")?;
        }
        writeln!(f, "  may read   {}", self.reads.join(", "))
    }
}
