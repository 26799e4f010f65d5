//! `rulepack host export-status`: the signed status that a person carries to the bureau.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::journal;
use rulepack_host::settings::HostFolder;
use rulepack_host::status_export::{ExportedStatus, Month, SignedStatus};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::KeyId;
use serde::Serialize;

use crate::clock;
use crate::commands::journal::explain;
use crate::failure::{Failure, Outcome};
use crate::files;

#[derive(Debug, Args)]
pub struct ExportStatusArgs {
    /// Where the status goes.
    #[arg(long)]
    out: PathBuf,
    /// The month that is counted, `2026-11`; this one as far as it is over, where it is left out.
    #[arg(long)]
    month: Option<Month>,
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    dir: PathBuf,
}

/// What was written.
#[derive(Debug, Serialize)]
pub struct Exported {
    /// The file.
    file: PathBuf,
    /// Of its bytes.
    sha256: Digest,
    /// Fingerprint of the host's key, as the bureau enrolled it.
    host_key: KeyId,
    /// What it says.
    status: ExportedStatus,
}

impl ExportStatusArgs {
    /// Writes the status.
    pub fn export(&self) -> Outcome<Exported> {
        let folder = HostFolder::at(&self.dir);
        let today = clock::today()?;
        let month = self.month.unwrap_or_else(|| Month::of(today));
        let status = ExportedStatus::gather(&folder, month, (clock::now()?, today));
        let status = status.map_err(|error| {
            let hint = error.hint();
            hint.into_iter().fold(Failure::from(error), Failure::hint)
        })?;
        let signed = SignedStatus::sign(status, &journal::read_key(&folder).map_err(explain)?);
        let bytes = signed.to_bytes();
        files::write(&self.out, &bytes)?;
        Ok(Exported {
            file: self.out.clone(),
            sha256: Digest::of(&bytes),
            host_key: signed.key().id(),
            status: signed.status().clone(),
        })
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = &self.status;
        let (institution, month) = (&status.institution, status.month);
        let file = self.file.display();
        writeln!(f, "status of {institution} for {month} in {file}")?;
        writeln!(f, "  versions {}", status.versions.len())?;
        let journal = status.journal.as_ref();
        let entries = journal.map_or(0, |journal| journal.head.count);
        writeln!(f, "  journal  {entries} entries")?;
        writeln!(f, "  rules    {} counted", status.rules.len())?;
        if !status.decisions_known {
            writeln!(
                f,
                "  WARNING  what clinicians decided cannot be read, and is left out"
            )?;
        }
        writeln!(f, "  host key {}", self.host_key)?;
        writeln!(f, "  sha256   {}", self.sha256)
    }
}
