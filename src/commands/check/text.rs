//! The text of a review for people.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rulepack_host::review::report::{ReportedFinding, ReportedRow};
use rulepack_protocol::pack::manifest::Action;

use super::{CheckReport, amount};
use crate::commands::host::told;

/// The most rows shown of one finding.
const ROWS_MAX: usize = 6;

/// The words of one language.
struct Words {
    finding: &'static str,
    notice: &'static str,
    not_evaluable: &'static str,
    not_granted: &'static str,
    no_verdict: &'static str,
    gap: &'static str,
    left_out: &'static str,
    basis: &'static str,
    retroactive: &'static str,
    far: &'static str,
    set: &'static str,
    refused: &'static str,
    none: &'static str,
    unjudged: &'static str,
    stale: &'static str,
    money: &'static str,
    more_rows: &'static str,
    colon: &'static str,
    comma: &'static str,
}

const ENGLISH: Words = Words {
    finding: "findings",
    notice: "notice",
    not_evaluable: "not evaluable",
    not_granted: "asked for, and not granted to",
    no_verdict: "no verdict",
    gap: "no version in force",
    left_out: "row left out",
    basis: "basis",
    retroactive: "retroactive: published after the rule day",
    far: "rule day more than a month from today",
    set: "set here",
    refused: "overlay refused",
    none: "nothing found",
    unjudged: "nothing was judged: no version is in force on these rule days",
    stale: "stale",
    money: "CNY",
    more_rows: "rows",
    colon: ": ",
    comma: ", ",
};

const CHINESE: Words = Words {
    finding: "疑点",
    notice: "提示",
    not_evaluable: "无法评估",
    not_granted: "请求而未授权",
    no_verdict: "未得出结论",
    gap: "无生效版本",
    left_out: "未读入的行",
    basis: "依据",
    retroactive: "追溯：发布晚于规则日",
    far: "规则日与今日相差一个月以上",
    set: "本地参数",
    refused: "本地参数未采用",
    none: "未发现问题",
    unjudged: "未作审核：规则日无生效版本",
    stale: "规则包信息已过期",
    money: "元",
    more_rows: "行",
    colon: "：",
    comma: "，",
};

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.language.choose(&ENGLISH, &CHINESE);
        if let Some(reason) = &self.stale {
            writeln!(f, "[{}] {reason}", words.stale)?;
        }
        self.write_no_verdicts(f, words)?;
        for finding in &self.review.findings {
            write_finding(f, finding, words)?;
        }
        for notice in &self.review.notices {
            writeln!(
                f,
                "[{}] {} {}",
                words.notice, notice.rule.rule, notice.message
            )?;
            writeln!(f, "    {}", rows(&notice.about, words))?;
        }
        self.write_gaps(f, words)?;
        match self.review.findings.len() {
            0 if self.is_unjudged() => writeln!(f, "{}", words.unjudged),
            0 => writeln!(f, "{}", words.none),
            count => writeln!(
                f,
                "{}{}{count}{}{} {}",
                words.finding,
                words.colon,
                words.comma,
                amount(self.review.amount()),
                words.money
            ),
        }
    }
}

impl CheckReport {
    /// Rules that could not look at all: those of a pack that miss the same tables in one line.
    fn not_evaluable(&self) -> Vec<(String, String, String)> {
        let mut lines: Vec<(String, String, String)> = Vec::new();
        for missing in &self.review.not_evaluable {
            let (pack, rule) = (missing.rule.pack.to_string(), missing.rule.rule.as_str());
            let columns = short(&missing.missing);
            match lines
                .iter_mut()
                .find(|line| line.0 == pack && line.2 == columns)
            {
                Some(line) => {
                    line.1.push_str(", ");
                    line.1.push_str(rule);
                }
                None => lines.push((pack, rule.to_owned(), columns)),
            }
        }
        lines
    }

    /// What packs asked for and were not granted, with the reasons that they give, by name space.
    fn not_granted(&self) -> BTreeMap<String, String> {
        let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for missing in &self.review.not_evaluable {
            if missing.not_granted.is_empty() {
                continue;
            }
            let columns = asked.entry(missing.rule.pack.name_space().to_string());
            let columns = columns.or_default();
            columns.extend(missing.not_granted.iter().map(ToString::to_string));
        }
        let told = asked.into_iter();
        told.map(|(name_space, columns)| (name_space, Vec::from_iter(columns).join(", ")))
            .collect()
    }

    /// Who went without a verdict, before everything else and those with the most money first: an encounter that was padded
    /// until a pack gave up on it must not hide behind the findings about others (T9).
    fn write_no_verdicts(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        let mut without: Vec<_> = self.review.no_verdict.iter().collect();
        without.sort_by_key(|none| Reverse(none.amount));
        for none in without {
            let (about, money) = (row(&none.about), amount(none.amount));
            let (pack, reason) = (&none.pack, &none.reason);
            writeln!(f, "[{}] {pack} {about}: {reason}", words.no_verdict)?;
            writeln!(f, "    {money} {}", words.money)?;
        }
        Ok(())
    }

    /// What could not be looked at, and why: never silent.
    fn write_gaps(&self, f: &mut fmt::Formatter<'_>, words: &Words) -> fmt::Result {
        for (pack, rules, columns) in self.not_evaluable() {
            writeln!(f, "[{}] {pack} {rules}: {columns}", words.not_evaluable)?;
        }
        for (pack, columns) in self.not_granted() {
            writeln!(f, "    {} {pack}: {columns}", words.not_granted)?;
        }
        for abstention in &self.review.abstentions {
            let columns = abstention.missing.join(", ");
            let row = row(&abstention.about);
            let rule = &abstention.rule.rule;
            writeln!(f, "[{}] {rule} {row}: {columns}", words.not_evaluable)?;
        }
        for gap in &self.gaps {
            writeln!(f, "[{}] {gap}", words.gap)?;
        }
        if self.far_rule_days > 0 {
            writeln!(f, "[{}] {}", words.far, self.far_rule_days)?;
        }
        let runs = self.review.packs.iter();
        let refused = runs.flat_map(|run| &run.set.refused_overlays);
        let refused: BTreeSet<_> = refused.map(|it| (&it.overlay, &it.problem)).collect();
        for (overlay, problem) in refused {
            writeln!(f, "[{}] {overlay}: {problem}", words.refused)?;
        }
        for (path, reason) in &self.broken {
            writeln!(f, "[{}] {path}: {reason}", words.no_verdict)?;
        }
        for rejected in &self.rejected {
            writeln!(f, "[{}] {rejected}", words.left_out)?;
        }
        Ok(())
    }
}

fn write_finding(
    f: &mut fmt::Formatter<'_>,
    finding: &ReportedFinding,
    words: &Words,
) -> fmt::Result {
    let action = match finding.action {
        Action::Block => "拦截",
        Action::Review => "审核",
        Action::Remind => "提醒",
    };
    let (rule, certainty) = (&finding.rule, finding.certainty.chinese());
    writeln!(
        f,
        "[{action}] {} {certainty} {}",
        rule.rule, finding.message
    )?;
    writeln!(
        f,
        "    {} {}  {}",
        amount(finding.amount),
        words.money,
        rows(&finding.offending, words)
    )?;
    let (basis, colon) = (words.basis, words.colon);
    writeln!(f, "    {basis}{colon}{} ({})", rule.basis, rule.pack)?;
    if finding.retroactive {
        writeln!(f, "    {}", words.retroactive)?;
    }
    for (name, set) in &finding.set {
        let value = told(&set.value);
        let (word, by) = (words.set, &set.by);
        writeln!(f, "    {word}{colon}{name} = {value} ({by})")?;
    }
    Ok(())
}

/// Columns, where many of one table are missing the table alone: `agreements (6 columns)`.
fn short(columns: &[String]) -> String {
    let mut tables: Vec<(&str, Vec<&str>)> = Vec::new();
    for column in columns {
        let table = column.split('.').next().unwrap_or(column);
        match tables.iter_mut().find(|known| known.0 == table) {
            Some(known) => known.1.push(column),
            None => tables.push((table, vec![column])),
        }
    }
    let told: Vec<String> = tables
        .iter()
        .map(|(table, columns)| match columns.len() {
            0..=2 => columns.join(", "),
            _ => (*table).to_owned(),
        })
        .collect();
    told.join(", ")
}

fn rows(rows: &[ReportedRow], words: &Words) -> String {
    let mut shown: Vec<String> = rows.iter().take(ROWS_MAX).map(row).collect();
    if rows.len() > ROWS_MAX {
        shown.push(format!("… {} {}", rows.len(), words.more_rows));
    }
    shown.join(", ")
}

fn row(row: &ReportedRow) -> String {
    let owner = row.patient.as_deref().or(row.institution.as_deref());
    match owner {
        Some(owner) if owner != row.key => format!("{} {} ({owner})", row.table, row.key),
        _ => format!("{} {}", row.table, row.key),
    }
}
