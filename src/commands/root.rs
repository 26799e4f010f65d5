//! `rulepack root`: the national root, and the name spaces that it delegates.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rulepack_protocol::moment::Moment;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::tuf::{AnyEnvelope, Authority, Envelope, Payload, Root, Targets, summary};
use serde::Serialize;

use super::Command;
use super::key::read_public;
use crate::clock;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// The ceremony of the national root, and the delegation of name spaces: files in, files out, to be
/// signed with `rulepack sign`.
#[derive(Debug, Args)]
pub struct RootArgs {
    #[command(subcommand)]
    action: RootAction,
}

#[derive(Debug, Subcommand)]
enum RootAction {
    /// Write version 1 of a root, unsigned.
    Init(InitArgs),
    /// Delegate a name space to the keys of its bureau or vendor, or replace its keys.
    Delegate(DelegateArgs),
    /// End the delegation of a name space: its packs stop at the next update of every host.
    Revoke(RevokeArgs),
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Public keys of the persons who keep the root.
    #[arg(long = "key", required = true)]
    pub keys: Vec<PathBuf>,
    /// How many of them must sign a change of the root.
    #[arg(long, default_value_t = 2)]
    pub threshold: u32,
    /// Public keys of the persons who delegate name spaces.
    #[arg(long = "targets-key", required = true)]
    pub targets_keys: Vec<PathBuf>,
    /// How many of them must sign a delegation.
    #[arg(long, default_value_t = 2)]
    pub targets_threshold: u32,
    /// Public key of the registry's signer for snapshots.
    #[arg(long)]
    pub snapshot_key: PathBuf,
    /// Public key of the registry's signer for timestamps.
    #[arg(long)]
    pub timestamp_key: PathBuf,
    /// Days until the root expires.
    #[arg(long, default_value_t = 365)]
    pub days: i64,
    /// Where the root goes.
    #[arg(long, default_value = "root.json")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct DelegateArgs {
    /// The name space: `cn`, `37`, `3703`, `vendor-acme`.
    pub name_space: NameSpace,
    /// Public keys of its officers.
    #[arg(long = "key", required = true)]
    pub keys: Vec<PathBuf>,
    /// How many of them must sign.
    #[arg(long, default_value_t = 2)]
    pub threshold: u32,
    /// The role file that delegates, to be continued; a first version where it is left out.
    #[arg(long)]
    pub from: Option<PathBuf>,
    /// Days until the new version expires; 365 for the national role, 90 for a province's.
    #[arg(long)]
    pub days: Option<i64>,
    /// Where the new version goes.
    #[arg(long, default_value = "targets.json")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The name space.
    pub name_space: NameSpace,
    /// The role file that delegates it.
    #[arg(long)]
    pub from: PathBuf,
    /// Days until the new version expires; 365 for the national role, 90 for a province's.
    #[arg(long)]
    pub days: Option<i64>,
    /// Where the new version goes.
    #[arg(long, default_value = "targets.json")]
    pub out: PathBuf,
}

/// What was written, in plain words.
#[derive(Debug, Serialize)]
pub struct RootReport {
    file: PathBuf,
    changes: Vec<String>,
}

impl Command for RootArgs {
    type Report = RootReport;

    fn execute(&self) -> Outcome<RootReport> {
        match &self.action {
            RootAction::Init(args) => init(args),
            RootAction::Delegate(args) => delegate(args),
            RootAction::Revoke(args) => revoke(args),
        }
    }
}

/// Writes version 1 of a root.
pub fn init(args: &InitArgs) -> Outcome<RootReport> {
    let expires = clock::now()?.plus_days(args.days);
    let root = Root::new(
        expires,
        &authority(&args.keys, args.threshold)?,
        &authority(&args.targets_keys, args.targets_threshold)?,
        &authority(std::slice::from_ref(&args.snapshot_key), 1)?,
        &authority(std::slice::from_ref(&args.timestamp_key), 1)?,
    );
    let envelope = AnyEnvelope::Root(Envelope::unsigned(root)?);
    write(&args.out, None, &envelope)
}

/// Writes the next version of a role that delegates a name space.
pub fn delegate(args: &DelegateArgs) -> Outcome<RootReport> {
    let expires = expiry(&args.name_space, args.days)?;
    let old = args.from.as_deref().map(read_role).transpose()?;
    let mut targets = match &old {
        None => Targets::new(expires),
        Some(old) => successor(old, expires)?,
    };
    targets.delegate(&args.name_space, &authority(&args.keys, args.threshold)?);
    write_role(&args.out, old, targets)
}

/// Writes the next version of a role that no longer delegates a name space.
fn revoke(args: &RevokeArgs) -> Outcome<RootReport> {
    let old = read_role(&args.from)?;
    let mut targets = successor(&old, expiry(&args.name_space, args.days)?)?;
    targets.revoke(&args.name_space)?;
    write_role(&args.out, Some(old), targets)
}

/// When a new version of the role above a name space expires.
fn expiry(name_space: &NameSpace, days: Option<i64>) -> Outcome<Moment> {
    let of_a_province = name_space.parent().is_some();
    let days = days.unwrap_or(if of_a_province { 90 } else { 365 });
    Ok(clock::now()?.plus_days(days))
}

fn read_role(path: &Path) -> Outcome<Envelope<Targets>> {
    Envelope::parse(&files::read(path)?).context(|| format!("`{}`", path.display()))
}

fn successor(old: &Envelope<Targets>, expires: Moment) -> Outcome<Targets> {
    let mut targets = old.signed().clone();
    targets.bump(expires)?;
    Ok(targets)
}

fn write_role(path: &Path, old: Option<Envelope<Targets>>, new: Targets) -> Outcome<RootReport> {
    let old = old.map(AnyEnvelope::Targets);
    let new = AnyEnvelope::Targets(Envelope::unsigned(new)?);
    write(path, old.as_ref(), &new)
}

fn authority(keys: &[PathBuf], threshold: u32) -> Outcome<Authority> {
    let public = keys.iter().map(|path| read_public(path));
    let public = public.collect::<Outcome<Vec<_>>>()?;
    if threshold == 0 || threshold as usize > public.len() {
        let count = public.len();
        return Err(Failure::new(format!(
            "threshold `{threshold}` does not fit {count} keys, expected a number from 1 to {count}"
        )));
    }
    Ok(Authority::new(public, threshold))
}

fn write(path: &Path, old: Option<&AnyEnvelope>, new: &AnyEnvelope) -> Outcome<RootReport> {
    let bytes = match new {
        AnyEnvelope::Root(envelope) => envelope.to_bytes(),
        AnyEnvelope::Targets(envelope) => envelope.to_bytes(),
        AnyEnvelope::Snapshot(envelope) => envelope.to_bytes(),
        AnyEnvelope::Timestamp(envelope) => envelope.to_bytes(),
    };
    files::write(path, &bytes)?;
    Ok(RootReport {
        file: path.to_owned(),
        changes: summary(old, new),
    })
}

impl Report for RootReport {}

impl fmt::Display for RootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (unsigned)", self.file.display())?;
        for change in &self.changes {
            writeln!(f, "  {change}")?;
        }
        Ok(())
    }
}
