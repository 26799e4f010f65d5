//! One file a command. A command takes its arguments, does its work through the libraries, and gives
//! back a report that `output` prints; the demo calls the same functions.

mod check;
mod build;
mod generate;
mod import;
mod init;
mod inspect;
mod key;
mod new;
mod publish;
mod registry;
mod root;
mod serve;
mod sign;
mod sync;
mod test;

use std::process::ExitCode;

use clap::Subcommand;

use crate::failure::Outcome;
use crate::output::{Report, print_report};

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
    Key(key::KeyArgs),
    Root(root::RootArgs),
    Sign(sign::SignArgs),
    Publish(publish::PublishArgs),
    Registry(registry::RegistryArgs),
    Init(init::InitArgs),
    Import(import::ImportArgs),
    Sync(sync::SyncArgs),
    Serve(serve::ServeArgs),
    Check(check::CheckArgs),
    New(new::NewArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
    Inspect(inspect::InspectArgs),
    Generate(generate::GenerateArgs),
}

impl Commands {
    /// Runs the command and prints what it found out.
    pub fn run(&self, json: bool) -> Outcome<ExitCode> {
        match self {
            Commands::Key(args) => report(args, json),
            Commands::Root(args) => report(args, json),
            Commands::Sign(args) => report(args, json),
            Commands::Publish(args) => report(args, json),
            Commands::Registry(args) => report(args, json),
            Commands::Init(args) => report(args, json),
            Commands::Import(args) => report(args, json),
            Commands::Sync(args) => report(args, json),
            Commands::Serve(args) => report(args, json),
            Commands::Check(args) => report(args, json),
            Commands::New(args) => report(args, json),
            Commands::Build(args) => report(args, json),
            Commands::Test(args) => report(args, json),
            Commands::Inspect(args) => report(args, json),
            Commands::Generate(args) => report(args, json),
        }
    }
}

fn report(command: &impl Command, json: bool) -> Outcome<ExitCode> {
    print_report(&command.execute()?, json)
}
