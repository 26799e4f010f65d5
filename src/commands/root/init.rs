//! `rulepack root init`: version 1 of a root.

use std::path::PathBuf;

use clap::Args;
use rulepack_protocol::tuf::{AnyEnvelope, Envelope, RoleName, Root};

use crate::clock;
use crate::commands::delegate::authority;
use crate::drafts::{self, DraftReport};
use crate::failure::Outcome;

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

/// Writes version 1 of a root.
pub fn init(args: &InitArgs) -> Outcome<DraftReport> {
    let expires = clock::now()?.plus_days(args.days);
    let root = Root::new(
        expires,
        &authority(&args.keys, args.threshold)?,
        &authority(&args.targets_keys, args.targets_threshold)?,
        &authority(std::slice::from_ref(&args.snapshot_key), 1)?,
        &authority(std::slice::from_ref(&args.timestamp_key), 1)?,
    );
    let envelope = AnyEnvelope::Root(Envelope::unsigned(root)?);
    drafts::write(&RoleName::ROOT, &args.out, None, &envelope, Vec::new())
}
