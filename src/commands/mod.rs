//! One file a command. A command takes its arguments, does its work through the libraries, and gives
//! back a report that `output` prints; the demo calls the same functions.

mod build;
mod check;
mod demo;
mod diff;
mod generate;
mod import;
mod init;
mod inspect;
mod key;
mod mirror;
mod new;
mod publish;
mod registry;
mod registry_check;
mod reproduce;
mod root;
mod serve;
mod sign;
mod signer;
mod sync;
mod test;
mod tuf;
mod verify;

use clap::Subcommand;

use crate::failure::Outcome;
use crate::output::Report;

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
    Publish(publish::PublishArgs),
    Registry(registry::RegistryArgs),
    Signer(signer::SignerArgs),
    Init(init::InitArgs),
    Import(import::ImportArgs),
    Sync(sync::SyncArgs),
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    New(new::NewArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
    Inspect(inspect::InspectArgs),
    Verify(verify::VerifyArgs),
    Tuf(tuf::TufArgs),
    Diff(diff::DiffArgs),
    Reproduce(reproduce::ReproduceArgs),
    Mirror(mirror::MirrorArgs),
    Generate(generate::GenerateArgs),
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
    /// Runs the command.
    pub fn tell(&self) -> Outcome<Told> {
        match self {
            Commands::Demo(args) => told(args),
            Commands::Key(args) => told(args),
            Commands::Root(args) => told(args),
            Commands::Sign(args) => told(args),
            Commands::Publish(args) => told(args),
            Commands::Registry(args) => told(args),
            Commands::Signer(args) => told(args),
            Commands::Init(args) => told(args),
            Commands::Import(args) => told(args),
            Commands::Sync(args) => told(args),
            Commands::Serve(args) => told(args),
            Commands::Check(args) => told(args),
            Commands::New(args) => told(args),
            Commands::Build(args) => told(args),
            Commands::Test(args) => told(args),
            Commands::Inspect(args) => told(args),
            Commands::Verify(args) => told(args),
            Commands::Tuf(args) => told(args),
            Commands::Diff(args) => told(args),
            Commands::Reproduce(args) => told(args),
            Commands::Mirror(args) => told(args),
            Commands::Generate(args) => told(args),
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
