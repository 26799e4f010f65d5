//! Secret keys of officers: their files, and the passphrases that protect them.

use std::io::{IsTerminal as _, stdin};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::key::{Cost, LockedKey, Passphrase, PublicKey, SecretKey, Signer as _};
use rulepack_protocol::names::PersonId;

use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output;

/// How a new key is protected.
#[derive(Debug, Clone, Default, Args)]
pub struct Protection {
    /// A file whose first line is the passphrase; asked for on the terminal where it is left out.
    #[arg(long, conflicts_with = "no_passphrase")]
    pub passphrase_file: Option<PathBuf>,
    /// Leave the key OPEN: whoever reads the file can sign. For tests and demonstrations only.
    #[arg(long)]
    pub no_passphrase: bool,
}

/// Said of every key that no passphrase protects.
pub const OPEN_KEY: &str = "OPEN: no passphrase protects it, whoever reads the file can sign";

/// The two files of a new key.
#[derive(Debug)]
pub struct NewKey {
    /// The public half.
    pub public: PublicKey,
    /// PERSON.key and PERSON.pub.
    pub files: [PathBuf; 2],
}

/// Makes a key and writes its two files.
pub fn create(person: &PersonId, folder: &Path, protection: &Protection) -> Outcome<NewKey> {
    let secret_path = folder.join(format!("{person}.key"));
    let public_path = folder.join(format!("{person}.pub"));
    if secret_path.exists() {
        return Err(Failure::new(format!("`{}` exists", secret_path.display()))
            .hint("a key is never overwritten; choose another folder or person"));
    }
    let passphrase = new_passphrase(person, protection)?;
    let secret = SecretKey::from_seed(random()?, person.clone());
    files::write_secret(&secret_path, &text_of(&secret, passphrase.as_ref())?)?;
    let public = secret.public_key().clone();
    files::write(&public_path, &serde_json::to_vec_pretty(&public)?)?;
    Ok(NewKey {
        public,
        files: [secret_path, public_path],
    })
}

/// Reads a secret key file as far as that goes without its passphrase. One that other users of the
/// machine can read is refused.
pub fn read_locked(path: &Path) -> Outcome<LockedKey> {
    check_private(path)?;
    LockedKey::read(files::read_text(path)?).context(|| format!("`{}`", path.display()))
}

/// The option that names the file of a passphrase.
const PASSPHRASE_FILE: &str = "--passphrase-file";

/// Reads a secret key: where a passphrase protects it, from `passphrase_file` or the terminal.
pub fn read_secret(path: &Path, passphrase_file: Option<&Path>) -> Outcome<SecretKey> {
    unlocked(path, passphrase_file, PASSPHRASE_FILE)
}

fn unlocked(path: &Path, passphrase_file: Option<&Path>, option: &str) -> Outcome<SecretKey> {
    let locked = read_locked(path)?;
    let passphrase = match (locked.is_encrypted(), passphrase_file) {
        (false, _) => None,
        (true, Some(file)) => Some(passphrase_of(file)?),
        (true, None) => Some(ask(
            &format!("passphrase of {}: ", locked.person()),
            option,
        )?),
    };
    locked
        .unlock(passphrase.as_ref())
        .context(|| format!("`{}`", path.display()))
}

/// Protects a key that lies in a file with another passphrase.
pub fn protect_anew(
    path: &Path,
    passphrase_file: Option<&Path>,
    protection: &Protection,
) -> Outcome<PublicKey> {
    let secret = unlocked(path, passphrase_file, "--old-passphrase-file")?;
    let passphrase = new_passphrase(secret.public_key().person(), protection)?;
    let text = text_of(&secret, passphrase.as_ref())?;
    // A temporary file is readable by its owner alone, and takes the name of the old one whole.
    files::write(path, text.as_bytes())?;
    Ok(secret.public_key().clone())
}

/// Reads a public key file.
pub fn read_public(path: &Path) -> Outcome<PublicKey> {
    let bytes = files::read(path)?;
    serde_json::from_slice(&bytes)
        .context(|| format!("`{}` is no public key", path.display()))
        .hint("give the .pub file that `rulepack key new` wrote")
}

fn text_of(
    secret: &SecretKey,
    passphrase: Option<&Passphrase>,
) -> Outcome<impl Deref<Target = String>> {
    Ok(match passphrase {
        None => secret.to_open_file(),
        Some(passphrase) => secret.to_encrypted_file(passphrase, random()?, Cost::STRONG)?,
    })
}

/// The passphrase of a new key, asked for twice; none where the key is to be open.
fn new_passphrase(person: &PersonId, protection: &Protection) -> Outcome<Option<Passphrase>> {
    if protection.no_passphrase {
        output::notice(&format!("the key of {person} is {OPEN_KEY}"))?;
        return Ok(None);
    }
    let passphrase = match &protection.passphrase_file {
        Some(file) => passphrase_of(file)?,
        None => {
            let first = ask(
                &format!("new passphrase for the key of {person}: "),
                PASSPHRASE_FILE,
            )?;
            first.check_new()?;
            if !first.is(&ask("the same once more: ", PASSPHRASE_FILE)?) {
                return Err(Failure::new("the two passphrases differ"));
            }
            first
        }
    };
    passphrase.check_new()?;
    Ok(Some(passphrase))
}

/// The first line of a file.
fn passphrase_of(file: &Path) -> Outcome<Passphrase> {
    check_private(file)?;
    Passphrase::of_file(files::read_text(file)?).context(|| format!("`{}`", file.display()))
}

/// Asks on the terminal; where there is none, `option` is what a person can do.
fn ask(prompt: &str, option: &str) -> Outcome<Passphrase> {
    if !stdin().is_terminal() {
        return Err(Failure::new("there is no terminal to ask for a passphrase")
            .hint(format!("give a file that holds it with `{option}`")));
    }
    let typed = rpassword::prompt_password(prompt).context(|| "cannot ask for a passphrase".into());
    Ok(Passphrase::new(typed?)?)
}

/// Refuses a secret that others than its owner can read.
fn check_private(path: &Path) -> Outcome {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata =
            std::fs::metadata(path).context(|| format!("cannot read `{}`", path.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        if metadata.is_file() && mode & 0o077 != 0 {
            return Err(Failure::new(format!(
                "`{}` can be read by other users of this machine (mode {mode:o})",
                path.display()
            ))
            .hint(format!("chmod 600 {}", path.display())));
        }
    }
    Ok(())
}

fn random() -> Outcome<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context(|| "cannot get random bytes".into())?;
    Ok(bytes)
}
