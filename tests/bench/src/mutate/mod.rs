//! `rulepack-bench mutate`: whether the cases and unit tests of the packs notice where their rules go wrong, or those that
//! they share ([`shared`]).
//!
//! Every comparison of a pack's source is flipped at its boundary, every operand of `&&` and `||` is dropped,
//! every condition of an `if` is made false: one change at a time, each run over all cases natively, then over the
//! unit tests. A change that nothing notices is a survivor: a case is missing, or the change makes no difference,
//! and then [`explained`] says why.

mod explained;
mod instrument;
mod page;
mod run;
mod shared;
mod tokens;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use explained::Explained;
use instrument::instrument;
use page::{Outcome, Page, page};
use run::Program;

/// Change each condition of the packs' rules, and tell which changes their cases and unit tests do not notice.
///
/// Exits with 1 where a survivor is not explained, or where what is explained does not survive.
#[derive(Debug, Args)]
pub struct MutateArgs {
    /// A pack, by its folder below `plugins`, or `sdk` for the rules that packs share; may be given again. All of them
    /// where this is left out.
    #[arg(long)]
    pub pack: Vec<String>,
    /// Only the files below `src` whose path holds this text.
    #[arg(long, default_value = "")]
    pub file: String,
    /// The folder of the packs.
    #[arg(long, default_value = "plugins")]
    pub plugins: PathBuf,
    /// The survivors that make no difference, with reasons.
    #[arg(long, default_value = "tests/bench/src/mutate/explained.json")]
    pub explained: PathBuf,
    /// Where the changed programs are built.
    #[arg(long, default_value = "target/mutants")]
    pub work: PathBuf,
    /// Where the page of survivors goes; it is printed where this is left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// What a run says, and whether every survivor is explained.
pub struct Told {
    /// For a person.
    pub text: String,
    /// Whether nobody has to do anything.
    pub is_explained: bool,
}

/// Changes, builds, runs, and tells.
///
/// # Errors
/// Where a file cannot be read or written, or a changed program does not build or run.
pub fn run(arguments: &MutateArgs) -> io::Result<Told> {
    let explained = Explained::read(&arguments.explained)?;
    let mut packs = arguments.pack.clone();
    if packs.is_empty() {
        packs = all_packs(&arguments.plugins)?;
        packs.push(shared::NAME.to_owned());
    }
    fs::create_dir_all(&arguments.work)?;
    let mut outcomes = Vec::new();
    for pack in packs {
        outcomes.extend(match &*pack {
            shared::NAME => shared::shared(arguments)?,
            pack => one_pack(arguments, pack)?,
        });
    }
    let page = page(&outcomes, &explained);
    let summary = summary(&page);
    let text = match &arguments.out {
        None => format!("{}\n{summary}", page.text),
        Some(file) => {
            fs::write(file, page.text)?;
            summary
        }
    };
    Ok(Told {
        text,
        is_explained: page.unexplained + page.stale == 0,
    })
}

fn summary(page: &Page) -> String {
    let Page {
        changes,
        survivors,
        unexplained,
        stale,
        ..
    } = page;
    format!(
        "{survivors} of {changes} changes survive, {unexplained} of them unexplained; {stale} reasons are stale"
    )
}

fn all_packs(plugins: &Path) -> io::Result<Vec<String>> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(plugins)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            packs.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    packs.sort();
    Ok(packs)
}

/// What became of every change of a pack.
fn one_pack(arguments: &MutateArgs, pack: &str) -> io::Result<Vec<Outcome>> {
    let source = arguments.plugins.join(pack).canonicalize()?;
    let copy = arguments.work.join(pack);
    run::copy(&source, &copy)?;
    let mut outcomes = change(pack, &copy, |file| file.contains(&arguments.file))?;
    run::add_switch(&copy)?;
    let workspace = source.ancestors().nth(2).unwrap_or(&source);
    let target = target(arguments)?;
    let program = Program {
        source: &source,
        copy: &copy,
        sdk: &workspace.join("sdk"),
        switched: run::COPY,
        target: &target,
    };
    let survivors = program.unnoticed(&mutants_of(&outcomes))?;
    let survivors = run::unnoticed_by_tests(&copy, &target, &survivors)?;
    own_survivors(&mut outcomes, &survivors);
    Ok(outcomes)
}

/// Where programs are built, whatever folder their crate lies in.
fn target(arguments: &MutateArgs) -> io::Result<PathBuf> {
    Ok(arguments.work.canonicalize()?.join("target"))
}

/// The numbers of all changes.
fn mutants_of(outcomes: &[Outcome]) -> Vec<u32> {
    let mutants = outcomes.iter().flat_map(|outcome| &outcome.mutants);
    mutants.map(|mutant| mutant.id).collect()
}

/// Gives each file its own survivors.
fn own_survivors(outcomes: &mut [Outcome], survivors: &[u32]) {
    for outcome in outcomes {
        let is_own = |id: &&u32| outcome.mutants.iter().any(|mutant| mutant.id == **id);
        outcome.survivors = survivors.iter().filter(is_own).copied().collect();
    }
}

/// Changes those files of a copy that are meant.
fn change(pack: &str, copy: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<Vec<Outcome>> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    let mut first = 1;
    for file in sources(&copy.join("src"))? {
        let path = copy.join("src").join(&file);
        let file = file.to_string_lossy().into_owned();
        if !is_meant(&file) {
            continue;
        }
        let (text, mutants) = instrument(&fs::read_to_string(&path)?, first);
        if mutants.is_empty() {
            continue;
        }
        first += u32::try_from(mutants.len()).unwrap_or(u32::MAX);
        fs::write(path, text)?;
        outcomes.push(Outcome {
            pack: pack.to_owned(),
            file,
            mutants,
            survivors: Vec::new(),
        });
    }
    Ok(outcomes)
}

/// The sources below a folder, in the order of their names; those of tests are what notices, and stay as they are.
fn sources(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(folder.join(&inner))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
