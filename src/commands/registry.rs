//! `rulepack registry`: set up and run a registry.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use rulepack_engine::worker::Bounds;
use rulepack_registry::{
    Parts, Refusal, Registry, RegistryError, RemoteSigner, SuccessorSigner, http, reindex,
};
use serde::Serialize;
use tokio::net::TcpListener;

use super::Command;
use super::signer;
use crate::clock;
use crate::engine::Cases;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::failure_points;
use crate::files;
use crate::log;
use crate::output::{self, Report};
use crate::shutdown;

/// Set up and run a registry: a folder of signed files that any web server could serve, and a server
/// that verifies what is published into it.
#[derive(Debug, Args)]
pub struct RegistryArgs {
    #[command(subcommand)]
    action: RegistryAction,
}

#[derive(Debug, Subcommand)]
enum RegistryAction {
    /// Make the signer's keys for snapshot and timestamp, whose public parts go into the root.
    Keys {
        /// The registry's folder.
        #[arg(long, default_value = "registry-data")]
        dir: PathBuf,
    },
    /// Install the first, signed root.
    Install {
        /// The registry's folder.
        #[arg(long, default_value = "registry-data")]
        dir: PathBuf,
        /// The root, signed by its keepers.
        #[arg(long)]
        root: PathBuf,
        /// The socket of `rulepack signer run`; without it, the keys in the registry's folder are used.
        #[arg(long)]
        signer: Option<PathBuf>,
    },
    /// Serve the repository and accept publications, until Ctrl-C or SIGTERM; then what is being
    /// published is finished.
    Serve {
        /// The registry's folder.
        #[arg(long, default_value = "registry-data")]
        dir: PathBuf,
        /// The address; loopback only where the signer's keys are in this process.
        #[arg(long, default_value = "127.0.0.1:8470")]
        listen: SocketAddr,
        /// The socket of `rulepack signer run`, which holds the keys under another user.
        #[arg(long)]
        signer: Option<PathBuf>,
        /// How many seconds of processor time the cases of a published pack may take, all of them together.
        #[arg(long, default_value_t = Bounds::default().cpu_seconds, value_parser = clap::value_parser!(u64).range(1..=3600))]
        case_seconds: u64,
    },
    /// Verify a repository from disk: the whole chain of every role, length and digest of every pack,
    /// and that nothing lies around. Ends with 3 where something is not as it should be.
    Check(super::registry_check::CheckRepositoryArgs),
    /// Throw the index away and build it again from the files. The registry must not run.
    Reindex {
        /// The registry's folder.
        #[arg(long, default_value = "registry-data")]
        dir: PathBuf,
    },
}

/// What was done, or found.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RegistryOutcome {
    /// Done.
    Done(RegistryReport),
    /// A repository was looked at.
    Checked(super::registry_check::RepositoryReport),
}

/// What was set up.
#[derive(Debug, Serialize)]
pub struct RegistryReport {
    done: String,
    files: Vec<PathBuf>,
}

impl Command for RegistryArgs {
    type Report = RegistryOutcome;

    fn execute(&self) -> Outcome<RegistryOutcome> {
        let done = match &self.action {
            RegistryAction::Keys { dir } => keys(dir),
            RegistryAction::Install { dir, root, signer } => install(dir, root, signer.as_deref()),
            RegistryAction::Serve {
                dir,
                listen,
                signer,
                case_seconds,
            } => serve(dir, *listen, signer.as_deref(), bounds(*case_seconds)),
            RegistryAction::Reindex { dir } => reindex_in(dir),
            RegistryAction::Check(check) => {
                return Ok(RegistryOutcome::Checked(check.execute()?));
            }
        };
        Ok(RegistryOutcome::Done(done?))
    }
}

/// Makes the signer's keys in the registry's folder, for a signer in the server's process.
pub fn keys(dir: &Path) -> Outcome<RegistryReport> {
    Ok(RegistryReport {
        done: "made the signer's keys".into(),
        files: signer::new_keys(&dir.join("signer"))?,
    })
}

/// Installs the first root.
pub fn install(dir: &Path, root: &Path, signer: Option<&Path>) -> Outcome<RegistryReport> {
    let bytes = files::read(root)?;
    open(dir, signer, Bounds::default())?
        .install_root(&bytes)
        .map_err(refused)?;
    Ok(RegistryReport {
        done: "installed the root".into(),
        files: vec![dir.join("repository").join("metadata").join("1.root.json")],
    })
}

/// Of a worker that tries cases: by the clock it has a minute more, for the machine has other work.
fn bounds(case_seconds: u64) -> Bounds {
    Bounds {
        cpu_seconds: case_seconds,
        wall_seconds: case_seconds.saturating_add(60),
        ..Bounds::default()
    }
}

/// Opens the registry in a folder, with the signer at a socket, or else in this process, and with workers
/// for cases.
fn open(dir: &Path, socket: Option<&Path>, workers: Bounds) -> Outcome<Registry> {
    let signer: Box<dyn SuccessorSigner> = match socket {
        Some(socket) => Box::new(RemoteSigner::at(socket)),
        None => Box::new(signer::open(&dir.join("signer"))?),
    };
    let started = clock::now()?;
    let parts = Parts {
        folder: dir.join("repository"),
        signer,
        cases: Box::new(Cases::new(workers)?),
        // A clock that cannot be read stands still, so that what it signs expires early.
        clock: Box::new(move || clock::now().unwrap_or(started)),
        failure_points: failure_points::of_this_process(),
    };
    Registry::open(parts).map_err(not_opened)
}

fn serve(
    dir: &Path,
    listen: SocketAddr,
    signer: Option<&Path>,
    workers: Bounds,
) -> Outcome<RegistryReport> {
    if signer.is_none() && !listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "`{listen}` is not loopback, and without `--signer` the signer's keys are in this process"
        ))
        .hint("run `rulepack signer run` under another user and give its socket by `--signer`"));
    }
    log::begin();
    let registry = Arc::new(open(dir, signer, workers)?);
    for notice in registry.notices() {
        output::line(&notice)?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .context(|| format!("cannot listen on `{listen}`"))?;
        let asked = shutdown::asked();
        output::line(&format!("registry at http://{}", listener.local_addr()?))?;
        http::serve(listener, registry, http::Settings::default(), asked).await?;
        Outcome::Ok(())
    })?;
    Ok(RegistryReport {
        done: "stopped; what was being published is finished".into(),
        files: Vec::new(),
    })
}

fn reindex_in(dir: &Path) -> Outcome<RegistryReport> {
    let listed = reindex(&dir.join("repository")).map_err(not_opened)?;
    Ok(RegistryReport {
        done: format!("built the index again: {listed} versions of packs"),
        files: Vec::new(),
    })
}

fn not_opened(error: RegistryError) -> Failure {
    let hint = match &error {
        RegistryError::Recovery(refusal) => refusal.hint(),
        _ => None,
    };
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn refused(refusal: Refusal) -> Failure {
    let hint = refusal.hint();
    let failure = Failure::from(refusal);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for RegistryOutcome {
    fn is_good(&self) -> bool {
        match self {
            RegistryOutcome::Done(_) => true,
            RegistryOutcome::Checked(report) => report.is_good(),
        }
    }
}

impl fmt::Display for RegistryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RegistryOutcome::Done(report) => report.fmt(f),
            RegistryOutcome::Checked(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for RegistryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.done)?;
        for file in &self.files {
            writeln!(f, "  {}", file.display())?;
        }
        Ok(())
    }
}
