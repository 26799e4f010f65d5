//! `rulepack generate`: a made-up hospital to try rules on.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use time::Date;

use super::Command;
use crate::failure::{Failure, Outcome};
use crate::generate::{Extent, GenerateError, Settings, Summary, TableFormat, generate};
use crate::output::Report;
use crate::shutdown;

/// Generate made-up hospitals as CSV or Parquet, with planted breaches.
///
/// Writes one file for each table of the contract, and `planted.csv`, which lists every planted breach
/// and every near miss beside it. The same arguments give the same bytes.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// Order lines altogether, 10 to 100,000,000; each hospital gets its part of them.
    #[arg(long, default_value_t = 1_000)]
    lines: u64,
    /// Hospitals, 1 to 1,000, each with its own institution code, departments, doctors and purchases; some
    /// patients are seen in two of them.
    #[arg(long, default_value_t = 1)]
    hospitals: u64,
    /// Months under review, 1 to 60; 120 days of history come before them.
    #[arg(long, default_value_t = 3)]
    months: u32,
    /// Any number; another seed gives another hospital.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Last day under review.
    #[arg(long, value_name = "DATE", default_value = "2026-06-30", value_parser = day)]
    end: Date,
    /// Plant breaches of the 88 rules of the national library (两库) too, and write the columns and tables that
    /// they need: 1,000 lines or more, the last day 2026-03-12 or later.
    #[arg(long)]
    library: bool,
    /// Plant breaches of the rules about what is recorded, reported and bundled (37/conduct, CND-25 to CND-28) too, and
    /// write the tables that they need: 500 lines or more, the last day 2024-01-31 or later.
    #[arg(long, conflicts_with = "library")]
    conduct: bool,
    /// How tables are written; `planted.csv` is CSV always.
    #[arg(long, value_enum, default_value = "csv")]
    format: TableFormat,
    /// Folder to write to, new or empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What was generated, and where.
#[derive(Debug, Serialize)]
pub struct GenerateReport {
    #[serde(flatten)]
    summary: Summary,
    directory: PathBuf,
}

impl Command for GenerateArgs {
    type Report = GenerateReport;

    fn execute(&self) -> Outcome<GenerateReport> {
        let directory = self.out.clone();
        let settings = Settings {
            lines: self.lines,
            hospitals: self.hospitals,
            months: self.months,
            seed: self.seed,
            directory: directory.clone(),
            end: self.end,
            extent: match (self.library, self.conduct) {
                (true, _) => Extent::Library,
                (false, true) => Extent::Conduct,
                (false, false) => Extent::Plain,
            },
            format: self.format,
        };
        shutdown::end_when_asked(format!(
            "nothing in `{}` is whole: remove it, or name another folder",
            directory.display()
        ));
        let summary = generate(&settings).map_err(explained)?;
        Ok(GenerateReport { summary, directory })
    }
}

/// The error with its hint.
fn explained(error: GenerateError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for GenerateReport {}

impl fmt::Display for GenerateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = &self.summary;
        match summary.hospitals {
            1 => writeln!(f, "a hospital of {} to {}", summary.start, summary.end)?,
            several => writeln!(
                f,
                "{several} hospitals of {} to {}",
                summary.start, summary.end
            )?,
        }
        writeln!(f, "  patients     {:>9}", summary.patients)?;
        writeln!(f, "  encounters   {:>9}", summary.encounters)?;
        writeln!(f, "  order lines  {:>9}", summary.lines)?;
        writeln!(f, "  breaches     {:>9}", summary.hits)?;
        writeln!(f, "  near misses  {:>9}", summary.near_misses)?;
        writeln!(f, "written to {}", self.directory.display())
    }
}

/// An ISO day.
fn day(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, &format).map_err(|_| "expected a day such as `2026-06-30`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::day;
    use time::macros::date;

    #[test]
    fn the_last_day_is_an_iso_date_and_nothing_else() {
        assert_eq!(day("2026-03-31"), Ok(date!(2026 - 03 - 31)));
        let error = Err("expected a day such as `2026-06-30`".to_owned());
        assert_eq!(day("2026-02-30"), error);
        assert_eq!(day("31.3.2026"), error);
    }
}
