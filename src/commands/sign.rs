//! `rulepack sign`: an officer signs a metadata file, on a machine that needs no network.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::key::{SecretKey, Signer as _};
use rulepack_protocol::names::PersonId;
use rulepack_protocol::tuf::{AnyEnvelope, summary};
use serde::Serialize;

use super::Command;
use super::key::read_secret;
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::output::Report;

/// Sign a metadata file: a file in, the same file with one more signature out. What the file changes is
/// told in plain words first.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The file: a root, or the targets of a name space.
    pub file: PathBuf,
    /// The secret key of the officer.
    #[arg(long)]
    pub key: PathBuf,
    /// The version that it replaces, to tell what changes.
    #[arg(long)]
    pub previous: Option<PathBuf>,
    /// Where the signed file goes; in place where it is left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Who signed what.
#[derive(Debug, Serialize)]
pub struct SignReport {
    file: PathBuf,
    person: PersonId,
    signatures: usize,
    changes: Vec<String>,
}

impl Command for SignArgs {
    type Report = SignReport;

    fn execute(&self) -> Outcome<SignReport> {
        let secret = read_secret(&self.key)?;
        let previous = self.previous.as_deref().map(read_any).transpose()?;
        let mut envelope = read_any(&self.file)?;
        let changes = summary(previous.as_ref(), &envelope);
        let (bytes, signatures) =
            sign(&mut envelope, &secret).context(|| format!("`{}`", self.file.display()))?;
        let file = self.out.clone().unwrap_or_else(|| self.file.clone());
        files::write(&file, &bytes)?;
        Ok(SignReport {
            file,
            person: secret.public_key().person().clone(),
            signatures,
            changes,
        })
    }
}

/// Reads a metadata file of any role.
pub fn read_any(path: &Path) -> Outcome<AnyEnvelope> {
    let bytes = files::read(path)?;
    AnyEnvelope::parse(&bytes).context(|| format!("`{}`", path.display()))
}

fn sign(envelope: &mut AnyEnvelope, secret: &SecretKey) -> Outcome<(Vec<u8>, usize)> {
    macro_rules! sign {
        ($envelope:ident) => {{
            $envelope.sign(secret)?;
            ($envelope.to_bytes(), $envelope.signatures().len())
        }};
    }
    Ok(match envelope {
        AnyEnvelope::Root(envelope) => sign!(envelope),
        AnyEnvelope::Targets(envelope) => sign!(envelope),
        AnyEnvelope::Snapshot(envelope) => sign!(envelope),
        AnyEnvelope::Timestamp(envelope) => sign!(envelope),
    })
}

impl Report for SignReport {}

impl fmt::Display for SignReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "  {change}")?;
        }
        let file = self.file.display();
        let (person, count) = (&self.person, self.signatures);
        write!(f, "{file}: signed by {person}, {count} signatures in all")
    }
}
