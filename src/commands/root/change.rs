//! The changes of a root: keys that come and go, the registry's keys, a later expiry.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rulepack_protocol::names::PersonId;
use rulepack_protocol::trust::{Limits, policy};
use rulepack_protocol::tuf::{
    AnyEnvelope, Authority, Envelope, Payload as _, RoleName, Root, TopRole,
};

use crate::clock;
use crate::drafts::{self, DraftReport};
use crate::failure::{Explain as _, Outcome};
use crate::files;
use crate::keys::read_public;

/// What a change continues, and where it goes.
#[derive(Debug, Args)]
pub struct RootBase {
    /// The root in force, or a draft that nobody has signed yet.
    #[arg(long, default_value = "root.json")]
    from: PathBuf,
    /// Days until the new version expires.
    #[arg(long, default_value_t = 365)]
    days: i64,
    /// Where the new version goes.
    #[arg(long, default_value = "root.json")]
    out: PathBuf,
}

/// A role whose keys are persons'.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum OfficersRole {
    /// Those who keep the root.
    Root,
    /// Those who delegate name spaces.
    Targets,
}

#[derive(Debug, Args)]
pub struct AddKeyArgs {
    /// The person's public key.
    key: PathBuf,
    /// For which role.
    #[arg(long, value_enum)]
    role: OfficersRole,
    /// How many of the role must sign from now on; as many as before where it is left out.
    #[arg(long)]
    threshold: Option<u32>,
    #[command(flatten)]
    base: RootBase,
}

#[derive(Debug, Args)]
pub struct RemoveKeyArgs {
    /// Whose key.
    person: PersonId,
    /// Of which role.
    #[arg(long, value_enum)]
    role: OfficersRole,
    /// How many of the role must sign from now on; as many as before where it is left out.
    #[arg(long)]
    threshold: Option<u32>,
    #[command(flatten)]
    base: RootBase,
}

#[derive(Debug, Args)]
#[group(id = "replaced", required = true, multiple = true, args = ["snapshot_key", "timestamp_key"])]
pub struct RotateArgs {
    /// The new public key of the registry's signer for snapshots.
    #[arg(long)]
    snapshot_key: Option<PathBuf>,
    /// The new public key of the registry's signer for timestamps.
    #[arg(long)]
    timestamp_key: Option<PathBuf>,
    #[command(flatten)]
    base: RootBase,
}

#[derive(Debug, Args)]
pub struct RenewRootArgs {
    #[command(flatten)]
    base: RootBase,
}

/// Gives a person a key.
pub fn add_key(args: &AddKeyArgs) -> Outcome<DraftReport> {
    let key = read_public(&args.key)?;
    let role = args.role.into();
    change(&args.base, |root| {
        root.add_key(role, key)?;
        set_threshold(root, role, args.threshold);
        Ok(())
    })
}

/// Takes a person's key away.
pub fn remove_key(args: &RemoveKeyArgs) -> Outcome<DraftReport> {
    let role = args.role.into();
    change(&args.base, |root| {
        root.remove_key(role, &args.person)?;
        set_threshold(root, role, args.threshold);
        Ok(())
    })
}

/// Replaces keys of the registry's signer.
pub fn rotate(args: &RotateArgs) -> Outcome<DraftReport> {
    change(&args.base, |root| {
        let replaced = [
            (TopRole::Snapshot, &args.snapshot_key),
            (TopRole::Timestamp, &args.timestamp_key),
        ];
        for (role, path) in replaced {
            if let Some(path) = path {
                root.set_authority(role, &Authority::new([read_public(path)?], 1));
            }
        }
        Ok(())
    })
}

/// Prolongs the root.
pub fn renew(args: &RenewRootArgs) -> Outcome<DraftReport> {
    change(&args.base, |_| Ok(()))
}

fn change(base: &RootBase, edit: impl FnOnce(&mut Root) -> Outcome) -> Outcome<DraftReport> {
    let now = clock::now()?;
    let expires = now.plus_days(base.days);
    let envelope: Envelope<Root> = Envelope::parse(&files::read(&base.from)?)
        .context(|| format!("`{}`", base.from.display()))?;
    let mut root = envelope.signed().clone();
    let before = if envelope.signatures().is_empty() {
        root.expires = expires;
        drafts::read_before(&base.from, root.version)?
    } else {
        root.bump(expires)?;
        Some(AnyEnvelope::Root(envelope))
    };
    edit(&mut root)?;
    root.check_thresholds()?;
    let limits = Limits::default();
    policy::check_root(&root, &limits)
        .and_then(|()| policy::check_lifetime(&RoleName::ROOT, &root, now, &limits.lifetimes))
        .context(|| "the new root breaks the rules".into())?;
    let new = AnyEnvelope::Root(Envelope::unsigned(root)?);
    drafts::write(
        &RoleName::ROOT,
        &base.out,
        before.as_ref(),
        &new,
        Vec::new(),
    )
}

fn set_threshold(root: &mut Root, role: TopRole, threshold: Option<u32>) {
    if let Some(threshold) = threshold {
        root.set_threshold(role, threshold);
    }
}

impl From<OfficersRole> for TopRole {
    fn from(role: OfficersRole) -> Self {
        match role {
            OfficersRole::Root => TopRole::Root,
            OfficersRole::Targets => TopRole::Targets,
        }
    }
}
