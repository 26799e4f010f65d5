//! `rulepack-bench mutate`: whether the cases of a pack notice where its rules go wrong.
//!
//! Every comparison of the given files is flipped at its boundary, every operand of `&&` and `||` is dropped,
//! every condition of an `if` is made false: one change at a time, each run over all cases natively. A change
//! that no case notices is a survivor: a case is missing, or the change makes no difference.

mod instrument;
mod run;
mod tokens;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use instrument::{Mutant, instrument};

/// Change each condition of a pack's rules, and tell which changes its cases do not notice.
#[derive(Debug, Args)]
pub struct MutateArgs {
    /// The folder of the pack's source.
    #[arg(default_value = "plugins/national-library")]
    pub pack: PathBuf,
    /// The type that implements its rules, in the root of its crate.
    #[arg(long, default_value = "NationalLibrary")]
    pub rules: String,
    /// The files to change, below `src`; a folder stands for all files in it.
    #[arg(long, default_value = "evaluators")]
    pub files: Vec<PathBuf>,
    /// Where the changed program is built.
    #[arg(long, default_value = "target/mutants")]
    pub work: PathBuf,
    /// Where the page of survivors goes; it is printed where this is left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// The mutants of a file.
struct Changed {
    /// Below `src`.
    name: String,
    mutants: Vec<Mutant>,
}

/// Changes, builds, runs, and tells.
///
/// # Errors
/// Where a file cannot be read or written, or the changed program does not build or run.
pub fn run(arguments: &MutateArgs) -> io::Result<String> {
    let source = arguments.pack.canonicalize()?;
    let crate_folder = arguments.work.join("crate");
    run::copy(&source, &crate_folder)?;
    let changed = change(&source, &crate_folder, &arguments.files)?;
    let last: usize = changed.iter().map(|file| file.mutants.len()).sum();
    let program = run::build(&source, &crate_folder, &arguments.rules)?;
    let survivors = run::survivors(&program, &source, u32::try_from(last).unwrap_or(u32::MAX))?;
    let page = page(&changed, &survivors);
    match &arguments.out {
        None => Ok(page),
        Some(file) => {
            fs::write(file, page)?;
            Ok(format!("{} of {last} changes survive", survivors.len()))
        }
    }
}

/// Writes the changed files into the copy of the crate.
fn change(source: &Path, copy: &Path, files: &[PathBuf]) -> io::Result<Vec<Changed>> {
    let mut changed: Vec<Changed> = Vec::new();
    let mut first = 1;
    for file in all_files(&source.join("src"), files)? {
        let text = fs::read_to_string(source.join("src").join(&file))?;
        let (text, mutants) = instrument(&text, first);
        first += u32::try_from(mutants.len()).unwrap_or(u32::MAX);
        fs::write(copy.join("src").join(&file), text)?;
        let name = file.to_string_lossy().into_owned();
        changed.push(Changed { name, mutants });
    }
    Ok(changed)
}

/// The files that are meant, in the order of their names.
fn all_files(folder: &Path, named: &[PathBuf]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in named {
        if !folder.join(name).is_dir() {
            files.push(name.clone());
            continue;
        }
        for entry in fs::read_dir(folder.join(name))? {
            files.push(name.join(entry?.file_name()));
        }
    }
    files.sort();
    Ok(files)
}

/// The page: how many of each file, and every survivor.
fn page(changed: &[Changed], survivors: &[u32]) -> String {
    let survives = |mutant: &&Mutant| survivors.contains(&mutant.id);
    let mut page = String::from("| file | changes | noticed | survivors |\n|---|---|---|---|\n");
    let mut list = String::new();
    for Changed { name, mutants } in changed {
        let left: Vec<&Mutant> = mutants.iter().filter(survives).collect();
        let (all, left_count) = (mutants.len(), left.len());
        let noticed = all - left_count;
        // Writing into a text cannot fail.
        let _ = writeln!(page, "| `{name}` | {all} | {noticed} | {left_count} |");
        for mutant in left {
            let (line, before, after) = (mutant.line, &mutant.before, &mutant.after);
            let _ = writeln!(list, "- `{name}:{line}`: `{before}` → `{after}`");
        }
    }
    let all: usize = changed.iter().map(|file| file.mutants.len()).sum();
    let left = survivors.len();
    let _ = writeln!(page, "| all | {all} | {} | {left} |", all - left);
    format!("{page}\n{list}")
}
