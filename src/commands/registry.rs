//! `rulepack registry`: set up and run a registry.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use rulepack_protocol::key::Signer;
use rulepack_registry::{EmbeddedSigner, Parts, Registry, SignerKeys, failure, http};
use serde::Serialize;
use tokio::net::TcpListener;

use super::Command;
use super::key::{new_key, read_secret};
use crate::clock;
use crate::engine::Cases;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::{self, Report};

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
    },
    /// Serve the repository and accept publications, until Ctrl-C.
    Serve {
        /// The registry's folder.
        #[arg(long, default_value = "registry-data")]
        dir: PathBuf,
        /// The address; loopback only, as the signer's keys are in this process.
        #[arg(long, default_value = "127.0.0.1:8470")]
        listen: SocketAddr,
    },
}

/// What was set up.
#[derive(Debug, Serialize)]
pub struct RegistryReport {
    done: String,
    files: Vec<PathBuf>,
}

impl Command for RegistryArgs {
    type Report = RegistryReport;

    fn execute(&self) -> Outcome<RegistryReport> {
        match &self.action {
            RegistryAction::Keys { dir } => keys(dir),
            RegistryAction::Install { dir, root } => install(dir, root),
            RegistryAction::Serve { dir, listen } => serve(dir, *listen),
        }
    }
}

/// The roles of the signer's keys: the persons' ids in the root.
const SIGNER_ROLES: [&str; 2] = ["registry-snapshot", "registry-timestamp"];

/// Makes the signer's keys.
pub fn keys(dir: &Path) -> Outcome<RegistryReport> {
    let folder = dir.join("signer");
    for role in SIGNER_ROLES {
        new_key(&role.parse()?, &folder)?;
    }
    Ok(RegistryReport {
        done: "made the signer's keys".into(),
        files: SIGNER_ROLES
            .iter()
            .map(|role| folder.join(format!("{role}.pub")))
            .collect(),
    })
}

/// Installs the first root.
pub fn install(dir: &Path, root: &Path) -> Outcome<RegistryReport> {
    let bytes = files::read(root)?;
    open(dir)?.install_root(&bytes)?;
    Ok(RegistryReport {
        done: "installed the root".into(),
        files: vec![dir.join("repository").join("metadata").join("1.root.json")],
    })
}

/// Opens the registry in a folder, with its signer in this process.
pub fn open(dir: &Path) -> Outcome<Registry> {
    let folder = dir.join("signer");
    let key = |role: &str| -> Outcome<Vec<Box<dyn Signer + Send + Sync>>> {
        let path = folder.join(format!("{role}.key"));
        let secret = read_secret(&path).hint("make the keys with `rulepack registry keys`")?;
        let mut keys: Vec<Box<dyn Signer + Send + Sync>> = vec![Box::new(secret)];
        // The key that the next root names, held beside the old one while the root changes.
        let next = folder.join(format!("{role}-2.key"));
        if next.exists() {
            keys.push(Box::new(read_secret(&next)?));
        }
        Ok(keys)
    };
    let [snapshot, timestamp] = SIGNER_ROLES;
    let keys = SignerKeys {
        snapshot: key(snapshot)?,
        timestamp: key(timestamp)?,
    };
    let started = clock::now()?;
    Ok(Registry::open(Parts {
        folder: dir.join("repository"),
        signer: Box::new(EmbeddedSigner::open(&folder, keys)?),
        cases: Box::new(Cases::new()?),
        // A clock that cannot be read stands still, so that what it signs expires early.
        clock: Box::new(move || clock::now().unwrap_or(started)),
        failure_points: Box::new(failure::NoFailure),
    })?)
}

fn serve(dir: &Path, listen: SocketAddr) -> Outcome<RegistryReport> {
    if !listen.ip().is_loopback() {
        return Err(Failure::new(format!(
            "`{listen}` is not loopback, expected an address such as `127.0.0.1:8470`"
        ))
        .hint("the signer's keys are in this process; put a web server before it"));
    }
    let registry = Arc::new(open(dir)?);
    if let Some(notice) = registry.notice() {
        output::line(&notice)?;
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .context(|| format!("cannot listen on `{listen}`"))?;
        output::line(&format!("registry at http://{}", listener.local_addr()?))?;
        let stop = async {
            // Where Ctrl-C cannot be waited for, the server ends with its process.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        http::serve(listener, registry, http::Settings::default(), stop).await?;
        Outcome::Ok(())
    })?;
    Ok(RegistryReport {
        done: "stopped; what was being published is finished".into(),
        files: Vec::new(),
    })
}

impl Report for RegistryReport {}

impl fmt::Display for RegistryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.done)?;
        for file in &self.files {
            writeln!(f, "  {}", file.display())?;
        }
        Ok(())
    }
}
