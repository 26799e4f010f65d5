//! `rulepack key`: the signing keys of persons.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rulepack_protocol::key::{PublicKey, SecretKey, Signer as _};
use rulepack_protocol::names::PersonId;
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::output::Report;

/// Make and look at the Ed25519 signing keys of persons.
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    action: KeyAction,
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Make a key: PERSON.key (secret, readable by you alone) and PERSON.pub.
    New {
        /// Who will sign with it: an ASCII id such as `li-37`.
        person: PersonId,
        /// Where the two files go.
        #[arg(long, default_value = ".")]
        out: PathBuf,
    },
    /// Show whose key a file holds, secret or public; never the secret itself.
    Show {
        /// A .key or .pub file.
        file: PathBuf,
    },
}

/// Whose key it is.
#[derive(Debug, Serialize)]
pub struct KeyReport {
    person: PersonId,
    key_id: String,
    files: Vec<PathBuf>,
}

impl Command for KeyArgs {
    type Report = KeyReport;

    fn execute(&self) -> Outcome<KeyReport> {
        match &self.action {
            KeyAction::New { person, out } => new_key(person, out),
            KeyAction::Show { file } => {
                let key = match read_secret(file) {
                    Ok(secret) => secret.public_key().clone(),
                    Err(_) => read_public(file)?,
                };
                Ok(KeyReport {
                    person: key.person().clone(),
                    key_id: key.id().to_string(),
                    files: vec![file.clone()],
                })
            }
        }
    }
}

/// Makes a key and writes its two files.
pub fn new_key(person: &PersonId, folder: &Path) -> Outcome<KeyReport> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context(|| "cannot get random bytes".into())?;
    let secret = SecretKey::from_seed(seed, person.clone());
    let public = secret.public_key();
    let secret_path = folder.join(format!("{person}.key"));
    let public_path = folder.join(format!("{person}.pub"));
    files::write_secret(&secret_path, &secret.to_file())
        .hint("a key is never overwritten; choose another folder or person")?;
    files::write(&public_path, &serde_json::to_vec_pretty(public)?)?;
    Ok(KeyReport {
        person: person.clone(),
        key_id: public.id().to_string(),
        files: vec![secret_path, public_path],
    })
}

/// Reads a secret key file.
pub fn read_secret(path: &Path) -> Outcome<SecretKey> {
    let text = files::read_text(path)?;
    SecretKey::from_file(&text).context(|| format!("`{}` is no secret key", path.display()))
}

/// Reads a public key file.
pub fn read_public(path: &Path) -> Outcome<PublicKey> {
    let bytes = files::read(path)?;
    serde_json::from_slice(&bytes)
        .context(|| format!("`{}` is no public key", path.display()))
        .hint("give the .pub file that `rulepack key new` wrote")
}

impl Report for KeyReport {}

impl fmt::Display for KeyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "key of {}: {}", self.person, self.key_id)?;
        for file in &self.files {
            writeln!(f, "  {}", file.display())?;
        }
        Ok(())
    }
}
