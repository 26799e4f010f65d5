//! What came of a run, for people: what could not be judged first.

use std::fmt;

use rulepack_audit::report::{Language, reason};
use rulepack_audit::run::{Counts, Run};
use rulepack_audit::{FINDINGS, NO_VERDICT_CSV, REJECTED_CSV};
use rulepack_contract::units;

use super::RunReport;

/// Entries of one kind that are shown; `run.json` has all.
const SHOWN_MAX: usize = 10;

impl fmt::Display for RunReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (run, language) = (&self.run, self.language);
        unjudged(&run.counts, language, f)?;
        figures(run, language, f)?;
        let (seconds, rate) = (run.seconds, run.rows_per_second);
        let findings = self.folder.join(FINDINGS);
        let findings = findings.display();
        match language {
            Language::English => writeln!(
                f,
                "{seconds} s, {rate} rows a second\nwritten to {findings}"
            )?,
            Language::Chinese => writeln!(
                f,
                "用时 {seconds} 秒，每秒 {rate} 行\n疑点明细已写入 {findings}"
            )?,
        }
        for exceeded in &self.exceeded {
            writeln!(f, "! {}", exceeded.words(language))?;
        }
        for file in &self.written {
            let report = language.say("报告", "report in");
            writeln!(f, "{report} {}", file.display())?;
        }
        Ok(())
    }
}

/// What was read and found.
fn figures(run: &Run, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Counts {
        patients,
        encounters,
        under_review,
        lines,
        institutions,
        findings,
        amount,
        ..
    } = run.counts;
    let (from, to) = (run.settings.from, run.settings.to);
    match language {
        Language::English => writeln!(f, "claims settled {from} to {to}")?,
        Language::Chinese => writeln!(f, "结算日期 {from} 至 {to}")?,
    }
    let rejected: u64 = run.tables.values().map(|table| table.rejected).sum();
    let amount = units::format_decimal(amount, 2);
    let of_encounters = match language {
        Language::English => format!(", {under_review} under review"),
        Language::Chinese => format!("，其中本次审核 {under_review}"),
    };
    let of_findings = match language {
        Language::English => format!(", {amount} CNY at stake"),
        Language::Chinese => format!("，涉及金额 {amount} 元"),
    };
    // A Chinese character is as wide as two others.
    let figures = [
        ("参保人        ", "patients      ", patients, String::new()),
        (
            "就诊          ",
            "encounters    ",
            encounters,
            of_encounters,
        ),
        ("明细行        ", "order lines   ", lines, String::new()),
        (
            "医药机构      ",
            "institutions  ",
            institutions,
            String::new(),
        ),
        (
            "未读入的行    ",
            "rows left out ",
            rejected,
            listed(rejected, REJECTED_CSV, language),
        ),
        ("疑点          ", "findings      ", findings, of_findings),
    ];
    for (chinese, english, count, more) in figures {
        writeln!(f, "  {}{count:>12}{more}", language.say(chinese, english))?;
    }
    let yuan = language.say("元", "CNY");
    for pack in &run.counts.packs {
        let amount = units::format_decimal(pack.amount, 2);
        writeln!(f, "    {}: {}, {amount} {yuan}", pack.pack, pack.findings)?;
    }
    Ok(())
}

/// Claims without a verdict, with their money, before anything else (T9).
fn unjudged(counts: &Counts, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for none in counts.no_verdict.iter().take(SHOWN_MAX) {
        let amount = units::format_decimal(none.amount, 2);
        let (count, kind, pack) = (none.count, &none.kind, &none.pack);
        match language {
            Language::English => writeln!(
                f,
                "no verdict: {count} ({kind}), {amount} CNY, {pack}; see {NO_VERDICT_CSV}"
            )?,
            Language::Chinese => {
                let reason = reason(kind, language);
                writeln!(
                    f,
                    "未得出结论：{count}，{reason}，涉及费用 {amount} 元，{pack}，见 {NO_VERDICT_CSV}"
                )?;
            }
        }
    }
    let cannot = language.say("规则包不可用", "cannot be used");
    for broken in counts.broken.iter().take(SHOWN_MAX) {
        writeln!(f, "{cannot}: {}: {}", broken.pack, broken.reason)?;
    }
    let gap = language.say("部分日期没有有效版本", "no version in force on some days");
    for pack in counts.gaps.iter().take(SHOWN_MAX) {
        writeln!(f, "{gap}: {pack}")?;
    }
    let not_evaluable = language.say("无法评估", "not evaluable");
    for rule in counts.not_evaluable.iter().take(SHOWN_MAX) {
        let missing = rule.missing.join(", ");
        let (pack, rule) = (&rule.pack, &rule.rule);
        writeln!(f, "{not_evaluable}: {pack} {rule} ({missing})")?;
    }
    match (
        counts.not_evaluable.len().saturating_sub(SHOWN_MAX),
        language,
    ) {
        (0, _) => Ok(()),
        (more, Language::English) => {
            writeln!(f, "{not_evaluable}: {more} more rules, see run.json")
        }
        (more, Language::Chinese) => {
            writeln!(f, "{not_evaluable}: 另有 {more} 条规则，见 run.json")
        }
    }
}

fn listed(count: u64, file: &str, language: Language) -> String {
    match (count, language) {
        (0, _) => String::new(),
        (_, Language::English) => format!(", see {file}"),
        (_, Language::Chinese) => format!("，见 {file}"),
    }
}

#[cfg(test)]
mod tests {
    use rulepack_audit::run::{NoVerdictCount, NotEvaluableRule};

    use super::*;

    fn told(counts: &Counts, language: Language) -> String {
        struct Unjudged<'c>(&'c Counts, Language);
        impl fmt::Display for Unjudged<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                unjudged(self.0, self.1, f)
            }
        }
        Unjudged(counts, language).to_string()
    }

    #[test]
    fn what_could_not_be_judged_is_told_in_both_languages() {
        let rule = |number: usize| NotEvaluableRule {
            pack: "37/a/1.0.0.wasm".to_owned(),
            rule: format!("R{number:02}"),
            title: String::new(),
            missing: vec!["orders.days".to_owned()],
            not_granted: Vec::new(),
        };
        let counts = Counts {
            no_verdict: vec![NoVerdictCount {
                pack: "37/a/1.0.0.wasm".to_owned(),
                kind: "fuel".to_owned(),
                count: 2,
                amount: 1_250,
            }],
            gaps: vec!["37/b".to_owned()],
            not_evaluable: (0..11).map(rule).collect(),
            ..Counts::default()
        };
        let english = told(&counts, Language::English);
        assert!(english.starts_with(
            "no verdict: 2 (fuel), 12.50 CNY, 37/a/1.0.0.wasm; see no-verdict.csv\n\
             no version in force on some days: 37/b\n\
             not evaluable: 37/a/1.0.0.wasm R00 (orders.days)\n"
        ));
        assert!(english.ends_with("not evaluable: 1 more rules, see run.json\n"));
        let chinese = told(&counts, Language::Chinese);
        assert!(chinese.starts_with(
            "未得出结论：2，计算量超过上限 (fuel)，涉及费用 12.50 元，37/a/1.0.0.wasm，见 no-verdict.csv\n\
             部分日期没有有效版本: 37/b\n\
             无法评估: 37/a/1.0.0.wasm R00 (orders.days)\n"
        ));
        assert!(chinese.ends_with("无法评估: 另有 1 条规则，见 run.json\n"));
    }
}
