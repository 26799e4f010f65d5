//! `rulepack sign`: an officer signs a metadata file, on a machine that needs no network.

use std::fmt;
use std::io::{IsTerminal as _, stdin};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rulepack_protocol::key::{LockedKey, Signer};
use rulepack_protocol::names::PersonId;
use rulepack_protocol::trust::{Limits, policy};
use rulepack_protocol::tuf::{
    AnyEnvelope, Envelope, ExpiryWarning, Language, MetadataError, Payload, RoleName, Root,
    TopRole, expiry_warnings, summary,
};
use serde::Serialize;

use super::Command;
use crate::drafts::{named_role, read_before, tell_expiring};
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::{self, Report};
use crate::{clock, files, keys};

/// Sign a metadata file: a file in, the same file with one more signature out.
///
/// Before it signs it tells in plain words who signs and what the file changes, against the version that
/// it replaces: the one beside it (`37.before.json`, which every draft leaves there), or `--previous`. On a
/// terminal it then asks.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// The file: a root, or the targets of a name space.
    pub file: PathBuf,
    /// The secret key of the officer.
    #[arg(long)]
    pub key: PathBuf,
    /// A file whose first line is the passphrase of the key; asked for where it is left out.
    #[arg(long)]
    pub passphrase_file: Option<PathBuf>,
    /// The version that it replaces, to tell what changes.
    #[arg(long)]
    pub previous: Option<PathBuf>,
    /// Where the signed file goes; in place where it is left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The language in which the changes are told (说明的语言).
    #[arg(long, value_enum, default_value = "en")]
    pub lang: Tongue,
    /// Sign without asking, also on a terminal; the changes are told all the same.
    #[arg(long)]
    pub yes: bool,
}

/// The language in which changes are told.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Tongue {
    /// English.
    En,
    /// 中文.
    Zh,
}

/// Who signed what.
#[derive(Debug, Serialize)]
pub struct SignReport {
    file: PathBuf,
    person: PersonId,
    signatures: usize,
    changes: Vec<String>,
    /// Of a root: how many of the due signatures are there.
    due: Vec<String>,
    expiring: Vec<ExpiryWarning>,
}

impl Command for SignArgs {
    type Report = SignReport;

    fn execute(&self) -> Outcome<SignReport> {
        let mut envelope = read_any(&self.file)?;
        let previous = self.previous(&envelope)?;
        let language = match self.lang {
            Tongue::En => Language::English,
            Tongue::Zh => Language::Chinese,
        };
        let role = self.role();
        let signatory = keys::read_locked(&self.key)?;
        let mut changes = summary(role.as_ref(), previous.as_ref(), &envelope, language);
        changes.extend(role.and_then(|role| breach(&role, &envelope, language)));
        changes.extend(without_effect(
            &signatory,
            previous.as_ref(),
            &envelope,
            language,
        ));
        if !self.yes {
            self.tell(&signatory, &changes)?;
            ask()?;
        }
        let secret = keys::read_secret(&self.key, self.passphrase_file.as_deref())?;
        let (bytes, signatures) =
            sign(&mut envelope, &secret).context(|| format!("`{}`", self.file.display()))?;
        // No signature leaves before the changes were told, though nobody is asked.
        if self.yes {
            self.tell(&signatory, &changes)?;
        }
        let file = self.out.clone().unwrap_or_else(|| self.file.clone());
        files::write(&file, &bytes)?;
        Ok(SignReport {
            person: secret.public_key().person().clone(),
            signatures,
            changes,
            due: due(previous.as_ref(), &envelope)?,
            expiring: self.expiring(&envelope)?,
            file,
        })
    }
}

impl SignArgs {
    /// The version that the file replaces.
    fn previous(&self, envelope: &AnyEnvelope) -> Outcome<Option<AnyEnvelope>> {
        let Some(path) = &self.previous else {
            return read_before(&self.file, envelope.version());
        };
        let previous = read_any(path)?;
        let (found, version) = (previous.version(), envelope.version());
        if found.checked_add(1) != Some(version) {
            return Err(Failure::new(format!(
                "`{}` is version {found}, which version {version} does not replace",
                path.display()
            )));
        }
        Ok(Some(previous))
    }

    /// Tells who is about to sign what.
    fn tell(&self, signatory: &LockedKey, changes: &[String]) -> Outcome {
        let (person, file) = (signatory.person(), self.file.display());
        output::notice(&match self.lang {
            Tongue::En => format!("{person} is about to sign {file}:"),
            Tongue::Zh => format!("{person} 即将签署 {file}："),
        })?;
        for change in changes {
            output::notice(&format!("  {change}"))?;
        }
        Ok(())
    }

    /// The role that the name of the file tells, where it tells one: the file itself does not.
    fn role(&self) -> Option<RoleName> {
        let named = named_role(&self.file.to_string_lossy());
        named.ok().map(|(role, _)| role)
    }

    fn expiring(&self, envelope: &AnyEnvelope) -> Outcome<Vec<ExpiryWarning>> {
        let ends = self.role().map(|role| (role, envelope.expires()));
        Ok(expiry_warnings(ends, clock::now()?))
    }
}

/// Asks on a terminal.
fn ask() -> Outcome {
    if !stdin().is_terminal() {
        return Ok(());
    }
    output::notice("sign this? (yes/no)")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    match answer.trim() {
        "yes" | "y" | "是" => Ok(()),
        _ => Err(Failure::new("nothing was signed")),
    }
}

/// The rule that the file breaks as one of `role`, so that an officer of `37` learns before signing that
/// a file lists packs of another name space.
fn breach(role: &RoleName, envelope: &AnyEnvelope, language: Language) -> Option<String> {
    let limits = Limits::default();
    let broken = match envelope {
        AnyEnvelope::Root(file) => policy::check_root(file.signed(), &limits),
        AnyEnvelope::Targets(file) => policy::check_targets(role, file.signed(), &limits),
        AnyEnvelope::Snapshot(_) | AnyEnvelope::Timestamp(_) => Ok(()),
    };
    let broken = broken.err()?;
    Some(match language {
        Language::English => {
            format!("BREAKS A RULE, so that no registry or host takes it: {broken}")
        }
        Language::Chinese => format!("【违反规则】登记中心和医院端均不接受：{broken}"),
    })
}

/// That a root counts no signature of this key, so that somebody who took the wrong file learns it before
/// signing. Whose signatures another role counts stands in the role above, which is not at hand.
fn without_effect(
    signatory: &LockedKey,
    previous: Option<&AnyEnvelope>,
    new: &AnyEnvelope,
    language: Language,
) -> Option<String> {
    let AnyEnvelope::Root(new) = new else {
        return None;
    };
    let before = match previous {
        Some(AnyEnvelope::Root(previous)) => Some(previous.signed()),
        // A keeper who leaves signs too, and stands in the root before alone.
        _ if new.signed().version > 1 => return None,
        _ => None,
    };
    let counts = |root: &Root| {
        let keepers = root.authority(TopRole::Root);
        keepers.keys().any(|key| key.id() == signatory.id())
    };
    if counts(new.signed()) || before.is_some_and(counts) {
        return None;
    }
    let person = signatory.person();
    Some(match language {
        Language::English => {
            format!("WITHOUT EFFECT: this key of `{person}` is none of the keepers of the root")
        }
        Language::Chinese => format!("【签名无效】`{person}` 的这把密钥不是根密钥"),
    })
}

/// Reads a metadata file of any role.
pub fn read_any(path: &Path) -> Outcome<AnyEnvelope> {
    let bytes = files::read(path)?;
    AnyEnvelope::parse(&bytes).context(|| format!("`{}`", path.display()))
}

fn sign(
    envelope: &mut AnyEnvelope,
    signer: &dyn Signer,
) -> Result<(Vec<u8>, usize), MetadataError> {
    fn add<T: Payload>(
        envelope: &mut Envelope<T>,
        signer: &dyn Signer,
    ) -> Result<(Vec<u8>, usize), MetadataError> {
        envelope.sign(signer)?;
        Ok((envelope.to_bytes(), envelope.signatures().len()))
    }
    match envelope {
        AnyEnvelope::Root(envelope) => add(envelope, signer),
        AnyEnvelope::Targets(envelope) => add(envelope, signer),
        AnyEnvelope::Snapshot(envelope) => add(envelope, signer),
        AnyEnvelope::Timestamp(envelope) => add(envelope, signer),
    }
}

/// How many of the officers of the root before, and of the new one, have signed a root.
fn due(previous: Option<&AnyEnvelope>, new: &AnyEnvelope) -> Result<Vec<String>, MetadataError> {
    let AnyEnvelope::Root(new) = new else {
        return Ok(Vec::new());
    };
    let mut told = Vec::new();
    let mut tell = |root: &Root| -> Result<(), MetadataError> {
        let authority = root.authority(TopRole::Root);
        let (signed, due) = (authority.signatories(new)?.len(), authority.threshold());
        let version = root.version;
        told.push(format!(
            "{signed} keepers of root {version} have signed, {due} must"
        ));
        Ok(())
    };
    if let Some(AnyEnvelope::Root(previous)) = previous {
        tell(previous.signed())?;
    }
    tell(new.signed())?;
    Ok(told)
}

impl Report for SignReport {}

impl fmt::Display for SignReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        let (person, count) = (&self.person, self.signatures);
        writeln!(f, "{file}: signed by {person}, {count} signatures in all")?;
        for due in &self.due {
            writeln!(f, "  {due}")?;
        }
        tell_expiring(f, &self.expiring)
    }
}
