//! `rulepack key`: the signing keys of persons.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rulepack_protocol::key::{PublicKey, SecretKey};
use rulepack_protocol::names::PersonId;
use serde::Serialize;

use super::Command;
use crate::failure::Outcome;
use crate::keys::{self, OPEN_KEY, Protection};
use crate::output::Report;

/// Make, look at and protect the Ed25519 signing keys of persons.
///
/// A secret key lies in a file of PKCS#8, encrypted under a passphrase (PBES2 with scrypt and AES-256).
/// It is never printed, and a file that other users of the machine can read is refused.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Make a key: PERSON.key (secret, under a passphrase, readable by you alone) and PERSON.pub.
    New {
        /// Who will sign with it: an ASCII id such as `li-37`.
        person: PersonId,
        /// The folder where the two files go.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        protection: Protection,
    },
    /// Show whose key a file holds, secret or public; never the secret itself. Asks for no passphrase.
    Show {
        /// A .key or .pub file.
        file: PathBuf,
    },
    /// Protect a secret key with another passphrase, in place.
    ChangePassphrase {
        /// The .key file.
        file: PathBuf,
        /// A file whose first line is the present passphrase; asked for where it is left out.
        #[arg(long)]
        old_passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        protection: Protection,
    },
}

/// Whose key it is.
#[derive(Debug, Serialize)]
pub struct KeyReport {
    person: PersonId,
    key_id: String,
    /// Whether a passphrase protects it; none of a public key.
    protected: Option<bool>,
    files: Vec<PathBuf>,
}

impl Command for KeyArgs {
    type Report = KeyReport;

    fn execute(&self) -> Outcome<KeyReport> {
        match &self.action {
            KeyAction::New {
                person,
                out,
                protection,
            } => {
                let new = keys::create(person, out, protection)?;
                let protected = !protection.no_passphrase;
                Ok(report(&new.public, Some(protected), new.files.into()))
            }
            KeyAction::Show { file } => show(file.clone()),
            KeyAction::ChangePassphrase {
                file,
                old_passphrase_file,
                protection,
            } => {
                let public = keys::protect_anew(file, old_passphrase_file.as_deref(), protection)?;
                let protected = !protection.no_passphrase;
                Ok(report(&public, Some(protected), vec![file.clone()]))
            }
        }
    }
}

fn show(file: PathBuf) -> Outcome<KeyReport> {
    if let Ok(public) = keys::read_public(&file) {
        return Ok(report(&public, None, vec![file]));
    }
    let locked = keys::read_locked(&file)?;
    Ok(KeyReport {
        person: locked.person().clone(),
        key_id: locked.id().to_string(),
        protected: Some(locked.is_encrypted()),
        files: vec![file],
    })
}

/// Makes an open key for a service that starts by itself, such as the registry's signer.
pub fn new_key(person: &PersonId, folder: &Path) -> Outcome<KeyReport> {
    let open = Protection {
        no_passphrase: true,
        ..Protection::default()
    };
    let new = keys::create(person, folder, &open)?;
    Ok(report(&new.public, Some(false), new.files.into()))
}

/// Reads the key of a service; where a passphrase protects it, whoever starts the service is asked.
pub fn read_secret(path: &Path) -> Outcome<SecretKey> {
    keys::read_secret(path, None)
}

fn report(key: &PublicKey, protected: Option<bool>, files: Vec<PathBuf>) -> KeyReport {
    KeyReport {
        person: key.person().clone(),
        key_id: key.id().to_string(),
        protected,
        files,
    }
}

impl Report for KeyReport {}

impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key of {}: {}", self.person, self.key_id)?;
        match self.protected {
            Some(true) => writeln!(f, "  protected by a passphrase")?,
            Some(false) => writeln!(f, "  {OPEN_KEY}")?,
            None => {}
        }
        for file in &self.files {
            writeln!(f, "  {}", file.display())?;
        }
        Ok(())
    }
}
