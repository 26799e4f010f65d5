//! What came of a run, for people: what could not be judged first.

use std::fmt;

use rulepack_audit::report::Language;
use rulepack_audit::run::Counts;
use rulepack_audit::{FINDINGS, NO_VERDICT_CSV, REJECTED_CSV};
use rulepack_contract::units;

use super::RunReport;

/// Entries of one kind that are shown; `run.json` has all.
const SHOWN_MAX: usize = 10;

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = &self.run;
        let Counts {
            patients,
            encounters,
            under_review,
            lines,
            institutions,
            ..
        } = run.counts;
        unjudged(&run.counts, f)?;
        let (from, to) = (run.settings.from, run.settings.to);
        writeln!(f, "claims settled {from} to {to}")?;
        writeln!(f, "  patients      {patients:>12}")?;
        writeln!(
            f,
            "  encounters    {encounters:>12}, {under_review} under review"
        )?;
        writeln!(f, "  order lines   {lines:>12}")?;
        writeln!(f, "  institutions  {institutions:>12}")?;
        let rejected: u64 = run.tables.values().map(|table| table.rejected).sum();
        writeln!(
            f,
            "  rows left out {rejected:>12}{}",
            listed(rejected, REJECTED_CSV)
        )?;
        let amount = units::format_decimal(run.counts.amount, 2);
        let findings = run.counts.findings;
        writeln!(f, "  findings      {findings:>12}, {amount} CNY at stake")?;
        for pack in &run.counts.packs {
            let amount = units::format_decimal(pack.amount, 2);
            writeln!(f, "    {}: {}, {amount} CNY", pack.pack, pack.findings)?;
        }
        let (seconds, rate) = (run.seconds, run.rows_per_second);
        writeln!(f, "{seconds} s, {rate} rows a second")?;
        writeln!(f, "written to {}", self.folder.join(FINDINGS).display())?;
        for exceeded in &self.exceeded {
            writeln!(f, "! {}", exceeded.words(Language::English))?;
        }
        for file in &self.written {
            writeln!(f, "report in {}", file.display())?;
        }
        Ok(())
    }
}

/// Claims without a verdict, with their money, before anything else (T9).
fn unjudged(counts: &Counts, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for none in counts.no_verdict.iter().take(SHOWN_MAX) {
        let amount = units::format_decimal(none.amount, 2);
        let (count, kind, pack) = (none.count, &none.kind, &none.pack);
        writeln!(
            f,
            "no verdict: {count} ({kind}), {amount} CNY, {pack}; see {NO_VERDICT_CSV}"
        )?;
    }
    for broken in counts.broken.iter().take(SHOWN_MAX) {
        writeln!(f, "cannot be used: {}: {}", broken.pack, broken.reason)?;
    }
    for gap in counts.gaps.iter().take(SHOWN_MAX) {
        writeln!(f, "no version in force on some days: {gap}")?;
    }
    for rule in counts.not_evaluable.iter().take(SHOWN_MAX) {
        let missing = rule.missing.join(", ");
        writeln!(f, "not evaluable: {} {} ({missing})", rule.pack, rule.rule)?;
    }
    let more = counts.not_evaluable.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        writeln!(f, "not evaluable: {more} more rules, see run.json")?;
    }
    Ok(())
}

fn listed(count: u64, file: &str) -> String {
    match count {
        0 => String::new(),
        _ => format!(", see {file}"),
    }
}
