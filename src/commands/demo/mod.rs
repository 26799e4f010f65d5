//! `rulepack demo`: the whole way, once, on real parts, in a folder of its own.
//!
//! Every step runs the very command line that it shows. The steps stand in files of their own, in their
//! order: [`trust`], [`publish`], [`hospital`], [`update`], [`attacks`].

mod attacks;
mod hospital;
mod publish;
mod server;
mod story;
mod trust;
mod update;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::Command;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::shutdown;
use story::{Fact, Story};

/// Tell the whole way from a rule's source to a verdict, and four attacks on it, with real parts only.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Where everything is made, a new or empty folder; a temporary one where it is left out.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Leave registry and host running at the end, until Ctrl-C.
    #[arg(long)]
    pub keep: bool,
    /// The checkout of rulepack, with `plugins` and `examples`.
    #[arg(long, default_value = env!("CARGO_MANIFEST_DIR"))]
    pub source: PathBuf,
}

/// What the demo came to.
#[derive(Debug, Serialize)]
pub struct DemoReport {
    folder: PathBuf,
    facts: Vec<Fact>,
    refused_attacks: usize,
}

impl Command for DemoArgs {
    type Report = DemoReport;

    fn execute(&self) -> Outcome<DemoReport> {
        let temporary = tempfile::tempdir()?;
        let folder = match &self.dir {
            Some(dir) => prepare(dir)?,
            None => temporary.path().to_owned(),
        };
        let source = self
            .source
            .canonicalize()
            .context(|| format!("cannot find `{}`", self.source.display()))
            .hint("say where the checkout of rulepack is with `--source`")?;
        // The command lines of the story name files relative to its folder.
        std::env::set_current_dir(&folder)?;
        let mut story = Story::new(source);
        trust::ceremony(&mut story)?;
        publish::build(&mut story)?;
        let registry = publish::publish(&mut story)?;
        hospital::activate(&mut story, &registry)?;
        let host = hospital::serve(&mut story)?;
        update::publish_knowledge(&mut story, &registry, &host)?;
        let refused_attacks = attacks::try_all(&mut story, &registry)?;
        story.table()?;
        if self.keep {
            story.line(&format!(
                "registry {} and host {} run until Ctrl-C",
                registry.url, host.url
            ))?;
            shutdown::wait()?;
        }
        // A temporary folder is removed only where nobody named or keeps it.
        Ok(DemoReport {
            folder,
            facts: story.facts,
            refused_attacks,
        })
    }
}

fn prepare(dir: &Path) -> Outcome<PathBuf> {
    std::fs::create_dir_all(dir).context(|| format!("cannot make `{}`", dir.display()))?;
    let mut entries =
        std::fs::read_dir(dir).context(|| format!("cannot read `{}`", dir.display()))?;
    if entries.next().is_some() {
        return Err(
            Failure::new(format!("`{}` is not empty", dir.display())).hint("choose a new folder")
        );
    }
    Ok(dir.canonicalize()?)
}

impl Report for DemoReport {
    fn is_good(&self) -> bool {
        self.refused_attacks == attacks::COUNT
    }
}

impl fmt::Display for DemoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} of {} attacks refused",
            self.refused_attacks,
            attacks::COUNT
        )?;
        writeln!(f, "try next:")?;
        writeln!(
            f,
            "  rulepack demo --dir demo --keep    look at what was made, and talk to it"
        )?;
        writeln!(
            f,
            "  rulepack generate --lines 100000 --months 6 --seed 7 --out hospital"
        )?;
        writeln!(f, "  rulepack inspect demo/chronic-limits.wasm")?;
        writeln!(f, "  rulepack new vendor-acme/antibiotics")
    }
}
