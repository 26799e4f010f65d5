//! `rulepack root`: the ceremony of the national root (根密钥仪式).

mod change;
mod init;
mod publish;

use clap::{Args, Subcommand};
use serde::Serialize;
use std::fmt;

use super::Command;
use super::delegate::{DelegateArgs, RevokeArgs};
use super::sign::{SignArgs, SignReport};
use crate::drafts::DraftReport;
use crate::failure::Outcome;
use crate::output::Report;
use publish::RootPublished;

/// The ceremony of the national root: files in, files out, that can be carried to a machine without a
/// network and back.
///
/// A new root must be signed by enough keepers of the root before it and of its own. A file that carries
/// no signature yet is a draft: a further change continues it.
#[derive(Debug, Args)]
pub struct RootArgs {
    #[command(subcommand)]
    action: RootAction,
}

#[derive(Debug, Subcommand)]
enum RootAction {
    /// Write version 1 of a root, unsigned.
    Init(init::InitArgs),
    /// Give a person a key of the role `root` or `targets`.
    AddKey(change::AddKeyArgs),
    /// Take a person's key of the role `root` or `targets` away.
    RemoveKey(change::RemoveKeyArgs),
    /// Replace the registry's keys of snapshot and timestamp, as after their theft: what hosts remember of
    /// versions signed with the old ones falls.
    Rotate(change::RotateArgs),
    /// Prolong the root: its next version with nothing but a later expiry.
    Renew(change::RenewRootArgs),
    /// Sign a root: as `rulepack sign`.
    Sign(SignArgs),
    /// Send a signed root to the registry.
    Publish(publish::PublishRootArgs),
    /// As `rulepack delegate`.
    #[command(hide = true)]
    Delegate(DelegateArgs),
    /// As `rulepack revoke`.
    #[command(hide = true)]
    Revoke(RevokeArgs),
}

/// What was done.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum RootReport {
    /// A file to be signed.
    Drafted(DraftReport),
    /// A file with one more signature.
    Signed(SignReport),
    /// The registry has it.
    Published(RootPublished),
}

impl Command for RootArgs {
    type Report = RootReport;

    fn execute(&self) -> Outcome<RootReport> {
        let drafted = match &self.action {
            RootAction::Sign(args) => return Ok(RootReport::Signed(args.execute()?)),
            RootAction::Publish(args) => return Ok(RootReport::Published(publish::publish(args)?)),
            RootAction::Init(args) => init::init(args),
            RootAction::AddKey(args) => change::add_key(args),
            RootAction::RemoveKey(args) => change::remove_key(args),
            RootAction::Rotate(args) => change::rotate(args),
            RootAction::Renew(args) => change::renew(args),
            RootAction::Delegate(args) => args.execute(),
            RootAction::Revoke(args) => args.execute(),
        };
        Ok(RootReport::Drafted(drafted?))
    }
}

impl Report for RootReport {}

impl fmt::Display for RootReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootReport::Drafted(report) => report.fmt(f),
            RootReport::Signed(report) => report.fmt(f),
            RootReport::Published(report) => report.fmt(f),
        }
    }
}
