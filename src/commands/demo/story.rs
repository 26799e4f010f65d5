//! Runs command lines and tells what they said.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser as _;
use serde::Serialize;
use serde_json::Value;

use crate::Arguments;
use crate::commands::Told;
use crate::failure::{Failure, Outcome};
use crate::output;

/// The most lines shown of what one command says.
const LINES_MAX: usize = 14;

/// The story so far.
pub(super) struct Story {
    /// The checkout.
    pub(super) source: PathBuf,
    /// What the table at the end shows.
    pub(super) facts: Vec<Fact>,
    step: usize,
    started: Instant,
}

/// A line of the table at the end.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Fact {
    what: String,
    value: String,
}

impl Story {
    pub(super) fn new(source: PathBuf) -> Self {
        Story {
            source,
            facts: Vec::new(),
            step: 0,
            started: Instant::now(),
        }
    }

    /// Begins a step.
    pub(super) fn step(&mut self, title: &str) -> Outcome {
        self.step += 1;
        output::line(&format!("\n━━ {}. {title}", self.step))
    }

    /// A line of the story.
    pub(super) fn line(&self, text: &str) -> Outcome {
        output::line(text)
    }

    /// Says why.
    pub(super) fn say(&self, text: &str) -> Outcome {
        output::line(&format!("   {text}"))
    }

    /// Keeps something for the table at the end.
    pub(super) fn fact(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.facts.push(Fact {
            what: what.into(),
            value: value.into(),
        });
    }

    /// Shows a command line, runs it, and tells what it said. It must succeed.
    pub(super) fn run(&self, line: &str) -> Outcome<Value> {
        self.show_command(line)?;
        let told = run(line)?;
        self.show(&told.text)?;
        Ok(told.json)
    }

    /// As [`Self::run`], without telling what it said.
    pub(super) fn run_quietly(&self, line: &str) -> Outcome<Value> {
        self.show_command(line)?;
        Ok(run(line)?.json)
    }

    /// Shows and runs a command line that must be refused; tells why it was. True where it was.
    pub(super) fn run_refused(&self, line: &str) -> Outcome<bool> {
        self.show_command(line)?;
        match run(line) {
            Err(failure) => {
                self.say(&format!("refused: {failure}"))?;
                Ok(true)
            }
            Ok(Told {
                is_good: false,
                text,
                ..
            }) => {
                self.show(&text)?;
                Ok(true)
            }
            Ok(told) => {
                self.show(&told.text)?;
                self.say("NOT REFUSED")?;
                Ok(false)
            }
        }
    }

    /// Shows a command line.
    pub(super) fn show_command(&self, line: &str) -> Outcome {
        output::line(&format!("   $ {line}"))
    }

    /// Tells what a command said, cut where it is long.
    pub(super) fn show(&self, text: &str) -> Outcome {
        let lines: Vec<&str> = text.trim_end().lines().collect();
        for line in lines.iter().take(LINES_MAX) {
            output::line(&format!("     {line}"))?;
        }
        if lines.len() > LINES_MAX {
            let more = lines.len() - LINES_MAX;
            output::line(&format!("     … {more} lines more"))?;
        }
        Ok(())
    }

    /// A path of the checkout, for a command line.
    pub(super) fn source(&self, path: impl AsRef<Path>) -> String {
        self.source.join(path).display().to_string()
    }

    /// The table at the end.
    pub(super) fn table(&mut self) -> Outcome {
        let elapsed = self.started.elapsed();
        self.fact("the whole story", seconds(elapsed));
        self.step("What came of it")?;
        let width = self
            .facts
            .iter()
            .map(|fact| fact.what.chars().count())
            .max();
        let width = width.unwrap_or_default();
        for fact in &self.facts {
            let space = " ".repeat(width - fact.what.chars().count());
            output::line(&format!("   {}{space}  {}", fact.what, fact.value))?;
        }
        Ok(())
    }
}

/// A duration for people.
pub(super) fn seconds(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// Runs a command line as the program itself would.
fn run(line: &str) -> Outcome<Told> {
    let arguments = Arguments::try_parse_from(line.split_whitespace())
        .map_err(|error| Failure::new(error.to_string()))?;
    arguments.command.tell()
}
