//! A shadow report as text.

use std::fmt;

use rulepack_contract::units::format_decimal;

use super::measure;
use super::report::{Change, Example, ShadowReport, Tally};
use super::threshold::percent;

/// The department of rows that name none.
pub(super) const NO_DEPARTMENT: (&str, &str) = ("未记录", "not recorded");

impl fmt::Display for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "shadow run of {}", self.new)?;
        match &self.old {
            Some(old) => writeln!(f, "  beside    {old}")?,
            None => writeln!(f, "  beside    nothing: no earlier version is in force")?,
        }
        writeln!(f, "  made      {}", self.made)?;
        if let Some(part) = self.reviewed {
            let (from, to) = (part.from, part.to);
            writeln!(
                f,
                "  history   {from} to {to}, {} encounters",
                part.encounters
            )?;
            let all = part.patients_in_all;
            let patients = match part.patients == all {
                true => format!("{all} patients"),
                false => format!("{} of {all} patients", part.patients),
            };
            writeln!(
                f,
                "  reviewed  {patients}, {} institutions",
                part.institutions
            )?;
            if part.left_out > 0 {
                writeln!(f, "  left out  {} rows of the history", part.left_out)?;
            }
        }
        writeln!(f, "  result    {}", measure(self))?;
        if self.reviewed.is_some() {
            self.write_changes(f)?;
        }
        Ok(())
    }
}

impl ShadowReport {
    fn write_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (old, new) = (self.old_engine, self.new_engine);
        writeln!(
            f,
            "  engine    {} → {} ms, {} → {} fuel",
            old.milliseconds, new.milliseconds, old.fuel, new.fuel
        )?;
        let none = self.no_verdict;
        if none.before + none.after > 0 {
            let (before, after, only) = (none.before, none.after, none.only_after);
            writeln!(
                f,
                "  no verdict {before} → {after}, {only} from the new version alone"
            )?;
        }
        for (rule, missing) in &self.not_evaluable {
            writeln!(
                f,
                "  not evaluable any more: {rule} misses {}",
                missing.join(", ")
            )?;
        }
        let heads = ["", "before", "after", "gained", "lost", "altered"];
        line(f, heads.map(str::to_owned))?;
        write_change(f, "all", &self.all)?;
        for rule in &self.rules {
            write_change(f, &format!("{} {}", rule.rule, rule.title), &rule.change)?;
        }
        writeln!(f, "by department")?;
        for department in &self.departments {
            let name = department.department.as_deref().unwrap_or(NO_DEPARTMENT.1);
            write_change(f, name, &department.change)?;
        }
        for example in &self.examples {
            write_example(f, example)?;
        }
        Ok(())
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, name: &str, change: &Change) -> fmt::Result {
    let tallies = [
        change.before,
        change.after,
        change.gained,
        change.lost,
        change.altered,
    ];
    let [before, after, gained, lost, altered] = tallies.map(tally);
    line(f, [name.to_owned(), before, after, gained, lost, altered])
}

/// `12 (340.00)`
pub(super) fn tally(tally: Tally) -> String {
    match tally.findings {
        0 => "0".to_owned(),
        findings => format!("{findings} ({})", format_decimal(tally.amount, 2)),
    }
}

fn line(f: &mut fmt::Formatter<'_>, cells: [String; 6]) -> fmt::Result {
    let [name, cells @ ..] = cells;
    for cell in cells {
        write!(f, "{cell:>16}")?;
    }
    writeln!(f, "  {name}")
}

fn write_example(f: &mut fmt::Formatter<'_>, example: &Example) -> fmt::Result {
    let rows: Vec<String> = example.rows.iter().map(ToString::to_string).collect();
    let (kind, amount) = (example.kind.words().1, format_decimal(example.amount, 2));
    writeln!(
        f,
        "{kind:<8} {} {} {}",
        example.rule,
        example.certainty.chinese(),
        example.message
    )?;
    let department = example.department.as_deref().unwrap_or(NO_DEPARTMENT.1);
    writeln!(
        f,
        "         {amount} CNY  {department}  {}",
        rows.join(", ")
    )
}

/// The share of changed findings, as a person reads it.
pub(super) fn share(change: &Change) -> String {
    format!("{} %", percent(change.share()))
}
