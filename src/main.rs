//! The `rulepack` command: a regulator, a hospital, a vendor and a security reviewer each find theirs
//! in `commands/`, one file a command.

mod clock;
mod commands;
mod drafts;
mod engine;
mod failure;
mod failure_points;
mod files;
mod generate;
mod keys;
mod log;
mod output;
mod packs;
mod plain_tuf;
mod progress;
mod published;
mod shutdown;
mod toolchain;

use std::process::ExitCode;

use clap::Parser;

use commands::Commands;

/// Signed rule packs for China's medical-insurance fund: write, test, sign, publish, run, verify.
#[derive(Debug, Parser)]
#[command(name = "rulepack", version, max_term_width = 100)]
pub struct Arguments {
    /// Print the result as JSON.
    #[arg(long, global = true)]
    json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Commands,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command.run(arguments.json) {
        Ok(code) => code,
        Err(failure) => output::print_failure(&failure, arguments.json),
    }
}
