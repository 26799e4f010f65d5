//! One file a command. A command takes its arguments, does its work through the libraries, and gives
//! back a report that `output` prints; the demo calls the same functions.

mod audit;
mod bench;
mod build;
mod check;
mod delegate;
mod demo;
mod deny;
mod diff;
mod end;
mod generate;
mod host;
mod import;
mod init;
mod inspect;
mod journal;
mod key;
mod language;
mod lint;
mod merge;
mod minimum;
mod mirror;
mod monitor;
mod new;
mod overlay;
mod promote;
mod publish;
mod receipt;
mod registry;
mod registry_check;
mod renew;
mod replay;
mod reproduce;
mod root;
mod rules;
mod serve;
mod sign;
mod signer;
mod sync;
mod test;
mod token;
mod tuf;
mod verify;
pub mod worker;
mod yank;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::{Failure, Outcome};
use crate::output::{self, Report};

pub use import::FileEncoding;
pub use language::Language;

/// What a command does with its arguments.
pub trait Command {
    /// What it found out.
    type Report: Report;

    /// Does it.
    fn execute(&self) -> Outcome<Self::Report>;
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Commands {
    Demo(demo::DemoArgs),
    Key(key::KeyArgs),
    Root(root::RootArgs),
    Sign(sign::SignArgs),
    Merge(merge::MergeArgs),
    Delegate(delegate::DelegateArgs),
    Revoke(delegate::RevokeArgs),
    Publish(publish::PublishArgs),
    Promote(promote::PromoteArgs),
    Yank(yank::YankArgs),
    End(end::EndArgs),
    Deny(deny::DenyArgs),
    Minimum(minimum::MinimumArgs),
    Renew(renew::RenewArgs),
    Monitor(monitor::MonitorArgs),
    Registry(registry::RegistryArgs),
    Signer(signer::SignerArgs),
    Init(init::InitArgs),
    Import(import::ImportArgs),
    Sync(sync::SyncArgs),
    Host(host::HostArgs),
    Serve(serve::ServeArgs),
    Journal(journal::JournalArgs),
    Receipt(receipt::ReceiptArgs),
    Replay(replay::ReplayArgs),
    Token(token::TokenArgs),
    Check(check::CheckArgs),
    Audit(audit::AuditArgs),
    New(new::NewArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
    Bench(bench::BenchArgs),
    Overlay(overlay::OverlayArgs),
    Inspect(inspect::InspectArgs),
    Lint(lint::LintArgs),
    Rules(rules::RulesArgs),
    Verify(verify::VerifyArgs),
    Tuf(tuf::TufArgs),
    Diff(diff::DiffArgs),
    Reproduce(reproduce::ReproduceArgs),
    Mirror(mirror::MirrorArgs),
    Generate(generate::GenerateArgs),
    #[command(hide = true)]
    Worker(worker::WorkerArgs),
}

/// What a command said.
pub struct Told {
    /// For people.
    pub text: String,
    /// For programs.
    pub json: serde_json::Value,
    /// Whether what was looked at is as it should be.
    pub is_good: bool,
}

impl Commands {
    /// Runs the command and prints what it said.
    pub fn run(&self, json: bool) -> Outcome<ExitCode> {
        match self {
            // What stands on its output is for its parent, not for people.
            Commands::Worker(args) => args.run(),
            command => output::print(&command.tell()?, json),
        }
    }

    fn tell(&self) -> Outcome<Told> {
        match self {
            Commands::Demo(args) => told(args),
            Commands::Key(args) => told(args),
            Commands::Root(args) => told(args),
            Commands::Sign(args) => told(args),
            Commands::Merge(args) => told(args),
            Commands::Delegate(args) => told(args),
            Commands::Revoke(args) => told(args),
            Commands::Publish(args) => told(args),
            Commands::Promote(args) => told(args),
            Commands::Yank(args) => told(args),
            Commands::End(args) => told(args),
            Commands::Deny(args) => told(args),
            Commands::Minimum(args) => told(args),
            Commands::Renew(args) => told(args),
            Commands::Monitor(args) => told(args),
            Commands::Registry(args) => told(args),
            Commands::Signer(args) => told(args),
            Commands::Init(args) => told(args),
            Commands::Import(args) => told(args),
            Commands::Sync(args) => told(args),
            Commands::Host(args) => told(args),
            Commands::Serve(args) => told(args),
            Commands::Journal(args) => told(args),
            Commands::Receipt(args) => told(args),
            Commands::Replay(args) => told(args),
            Commands::Token(args) => told(args),
            Commands::Check(args) => told(args),
            Commands::Audit(args) => told(args),
            Commands::New(args) => told(args),
            Commands::Build(args) => told(args),
            Commands::Test(args) => told(args),
            Commands::Bench(args) => told(args),
            Commands::Overlay(args) => told(args),
            Commands::Inspect(args) => told(args),
            Commands::Lint(args) => told(args),
            Commands::Rules(args) => told(args),
            Commands::Verify(args) => told(args),
            Commands::Tuf(args) => told(args),
            Commands::Diff(args) => told(args),
            Commands::Reproduce(args) => told(args),
            Commands::Mirror(args) => told(args),
            Commands::Generate(args) => told(args),
            Commands::Worker(_) => Err(Failure::new("a worker tells its parent alone")),
        }
    }
}

fn told(command: &impl Command) -> Outcome<Told> {
    let report = command.execute()?;
    Ok(Told {
        text: report.to_string(),
        json: serde_json::to_value(&report)?,
        is_good: report.is_good(),
    })
}
