//! `rulepack worker`: the bounded process that registry and host start for what nobody has tried yet.

use std::io;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use rulepack_engine::worker::{Kind, serve};

use crate::failure::Outcome;

/// One job, from frames on standard input to frames on standard output. Started by the other commands.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// What it is asked.
    #[arg(value_enum)]
    pub kind: WorkerKind,
    /// Address space, in MiB.
    #[arg(long)]
    pub memory_mib: u64,
    /// Processor time, in seconds.
    #[arg(long)]
    pub cpu_seconds: u64,
}

/// What a bounded process is asked.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum WorkerKind {
    /// Run `prepare`, and give back the component as it left it.
    Prepare,
    /// Compile a component.
    Compile,
    /// Run the sealed cases.
    Cases,
}

impl WorkerArgs {
    /// Does the job. Nothing but frames may reach standard output.
    pub fn run(&self) -> Outcome<ExitCode> {
        let kind = match self.kind {
            WorkerKind::Prepare => Kind::Prepare,
            WorkerKind::Compile => Kind::Compile,
            WorkerKind::Cases => Kind::Cases,
        };
        let bounds = (self.memory_mib, self.cpu_seconds);
        serve(
            kind,
            bounds,
            &mut io::stdin().lock(),
            &mut io::stdout().lock(),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}
