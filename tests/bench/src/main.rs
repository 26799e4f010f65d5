//! `rulepack-bench`: runs that are too long or too random for a test.

#[cfg(test)]
mod case_kinds;
mod chance;
mod draw;
mod hosting;
mod mutate;
mod polite;
mod siege;
mod torture;
mod torture_host;

#[path = "../../common/site.rs"]
mod site;
#[path = "../../common/smallest_pack.rs"]
mod smallest_pack;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Long runs against the real processes of rulepack.
#[derive(Debug, Parser)]
#[command(name = "rulepack-bench")]
enum Arguments {
    Draw(draw::DrawArgs),
    Host(hosting::HostArgs),
    Mutate(mutate::MutateArgs),
    Torture(torture::TortureArgs),
    TortureHost(torture_host::TortureHostArgs),
    Siege(siege::SiegeArgs),
}

fn main() -> std::io::Result<ExitCode> {
    match Arguments::parse() {
        Arguments::Draw(arguments) => println!("{}", draw::run(&arguments)?),
        Arguments::Host(arguments) => println!("{}", hosting::run(&arguments)),
        Arguments::Mutate(arguments) => {
            let told = mutate::run(&arguments)?;
            println!("{}", told.text);
            if !told.is_explained {
                return Ok(ExitCode::FAILURE);
            }
        }
        Arguments::Torture(arguments) => println!("{}", torture::run(&arguments)),
        Arguments::TortureHost(arguments) => println!("{}", torture_host::run(&arguments)),
        Arguments::Siege(arguments) => println!("{}", siege::run(&arguments)),
    }
    Ok(ExitCode::SUCCESS)
}

/// The `rulepack` beside this program.
fn beside() -> PathBuf {
    let own = std::env::current_exe().expect("this program has a path");
    own.with_file_name("rulepack")
}
