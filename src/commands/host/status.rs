//! `rulepack host status`: how a host is doing, from its files alone.

mod text;

use std::path::PathBuf;

use clap::Args;
use rulepack_host::host_status::{HostStatus, HostStatusError};
use rulepack_host::settings::HostFolder;
use serde::Serialize;

use crate::clock;
use crate::commands::Language;
use crate::failure::{Failure, Outcome};

/// Which host, and for whom.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
    /// The language of the text. Reasons and warnings are told in English.
    #[arg(long, value_enum, default_value = "en")]
    lang: Language,
}

/// How a host is doing, in the language of its reader.
#[derive(Debug, Serialize)]
pub struct ShownStatus {
    #[serde(skip)]
    lang: Language,
    #[serde(flatten)]
    status: HostStatus,
}

impl StatusArgs {
    /// Reads the files of the host.
    pub fn read(&self) -> Outcome<ShownStatus> {
        let folder = HostFolder::at(&self.dir);
        let status = HostStatus::read(&folder, clock::now()?, clock::today()?);
        let status = status.map_err(|error: HostStatusError| {
            let hint = error.hint();
            hint.into_iter().fold(Failure::from(error), Failure::hint)
        })?;
        Ok(ShownStatus {
            lang: self.lang,
            status,
        })
    }
}

impl ShownStatus {
    /// Whether every pack has a version in force, and nothing is to be looked at.
    pub fn is_good(&self) -> bool {
        self.status.gaps.is_empty() && self.status.warnings.is_empty()
    }
}
