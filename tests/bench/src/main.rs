//! `rulepack-bench`: runs that are too long or too random for a test.

mod mutate;
mod torture;

#[path = "../../common/site.rs"]
mod site;
#[path = "../../common/smallest_pack.rs"]
mod smallest_pack;

use clap::Parser;

/// Long runs against the real processes of rulepack.
#[derive(Debug, Parser)]
#[command(name = "rulepack-bench")]
enum Arguments {
    Mutate(mutate::MutateArgs),
    Torture(torture::TortureArgs),
}

fn main() -> std::io::Result<()> {
    match Arguments::parse() {
        Arguments::Mutate(arguments) => println!("{}", mutate::run(&arguments)?),
        Arguments::Torture(arguments) => println!("{}", torture::run(&arguments)),
    }
    Ok(())
}
