//! `rulepack-bench draw`: the curves that `cargo bench -p rulepack-bench --bench curves` measured, as SVG.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::Args;
use rulepack_bench::curves::{self, Curve, chart};

/// Draw the measured curves as SVG, one file each.
#[derive(Debug, Args)]
pub struct DrawArgs {
    /// The JSON that the benchmark wrote [default: `bench/curves.json` in the target folder]
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR", default_value = "docs/performance")]
    out: PathBuf,
}

/// Draws them, and says where they are.
pub fn run(arguments: &DrawArgs) -> io::Result<String> {
    let from = arguments.from.clone().unwrap_or_else(curves::file);
    let curves: Vec<Curve> = serde_json::from_slice(&fs::read(&from)?)?;
    fs::create_dir_all(&arguments.out)?;
    let mut written = Vec::new();
    for curve in &curves {
        let file = arguments.out.join(&curve.name).with_extension("svg");
        fs::write(&file, chart::draw(curve))?;
        written.push(file.display().to_string());
    }
    Ok(written.join("\n"))
}
