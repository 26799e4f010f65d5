//! `rulepack tuf`: a plain client of any TUF repository.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::Command;
use crate::failure::{Failure, Outcome};
use crate::output::Report;
use crate::plain_tuf::{self, Artifact, Places, PlainClient, PlainTufError};
use crate::{clock, files};

/// Read any repository of The Update Framework (TUF), ours or a foreign one, by the specification alone:
/// without the rules that a host has beside it, and with ECDSA and RSA keys beside Ed25519.
///
/// For reviewers and for the public conformance suite. Nothing that it verifies reaches a host.
#[derive(Debug, Args)]
pub struct TufArgs {
    /// Folder of the trusted metadata, one file a role, byte for byte as received.
    #[arg(long, value_name = "DIR")]
    metadata_dir: PathBuf,
    /// Address of the repository's metadata; with `refresh` and `download`.
    #[arg(long, value_name = "URL")]
    metadata_url: Option<String>,
    /// An artifact to download, by its name in the repository; may be repeated.
    #[arg(long = "target-name", value_name = "NAME", allow_hyphen_values = true)]
    target_names: Vec<String>,
    /// Address of the repository's artifacts; with `download`.
    #[arg(long, value_name = "URL")]
    target_base_url: Option<String>,
    /// Folder of the downloaded artifacts, each a file with the percent-encoded name; with `download`.
    #[arg(long, value_name = "DIR")]
    target_dir: Option<PathBuf>,
    #[command(subcommand)]
    action: TufAction,
}

#[derive(Debug, Subcommand)]
enum TufAction {
    /// Start to trust a root. Nothing is fetched.
    Init {
        /// The root.
        root: PathBuf,
    },
    /// Bring the trusted metadata up to date.
    Refresh,
    /// Bring the trusted metadata up to date, then download the artifacts in the order given.
    Download,
}

/// What is trusted now, and what was downloaded.
#[derive(Debug, Serialize)]
pub struct TufReport {
    roles: Vec<RoleVersion>,
    artifacts: Vec<Artifact>,
}

/// The trusted version of a role.
#[derive(Debug, Serialize)]
pub struct RoleVersion {
    role: &'static str,
    version: u64,
}

impl Command for TufArgs {
    type Report = TufReport;

    fn execute(&self) -> Outcome<TufReport> {
        match &self.action {
            TufAction::Init { root } => self.init(root),
            TufAction::Refresh => self.refresh(),
            TufAction::Download => self.download(),
        }
    }
}

impl TufArgs {
    fn init(&self, root: &Path) -> Outcome<TufReport> {
        let bytes = files::read(root)?;
        let version = plain_tuf::init(&self.metadata_dir, root, &bytes).map_err(told)?;
        Ok(TufReport {
            roles: vec![RoleVersion {
                role: "root",
                version,
            }],
            artifacts: Vec::new(),
        })
    }

    fn refresh(&self) -> Outcome<TufReport> {
        let mut client = self.client(None)?;
        client.refresh().map_err(told)?;
        Ok(report(&client, Vec::new()))
    }

    fn download(&self) -> Outcome<TufReport> {
        let url = given(self.target_base_url.as_deref(), "--target-base-url")?;
        let folder = given(self.target_dir.as_deref(), "--target-dir")?;
        if self.target_names.is_empty() {
            return Err(missing("--target-name"));
        }
        let mut client = self.client(Some((folder, url)))?;
        client.refresh().map_err(told)?;
        let names = self.target_names.iter();
        let artifacts: Result<Vec<_>, _> = names.map(|name| client.download(name)).collect();
        Ok(report(&client, artifacts.map_err(told)?))
    }

    fn client(&self, artifacts: Option<(&Path, &str)>) -> Outcome<PlainClient> {
        let places = Places {
            metadata: &self.metadata_dir,
            metadata_url: given(self.metadata_url.as_deref(), "--metadata-url")?,
            artifacts,
        };
        PlainClient::new(&places, clock::now()?).map_err(told)
    }
}

fn given<T>(value: Option<T>, flag: &str) -> Outcome<T> {
    value.ok_or_else(|| missing(flag))
}

fn missing(flag: &str) -> Failure {
    Failure::new(format!("`{flag}` is missing")).hint("flags stand before the verb")
}

fn told(error: PlainTufError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn report(client: &PlainClient, artifacts: Vec<Artifact>) -> TufReport {
    let versions = client.versions().into_iter();
    TufReport {
        roles: versions
            .map(|(role, version)| RoleVersion { role, version })
            .collect(),
        artifacts,
    }
}

impl Report for TufReport {}

impl fmt::Display for TufReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for RoleVersion { role, version } in &self.roles {
            writeln!(f, "{role:<10} version {version}")?;
        }
        for artifact in &self.artifacts {
            let how = if artifact.fetched {
                "fetched"
            } else {
                "was there"
            };
            let file = artifact.file.display();
            writeln!(
                f,
                "{} ({} bytes, {how}): {file}",
                artifact.name, artifact.length
            )?;
        }
        Ok(())
    }
}
