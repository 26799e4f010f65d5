//! A report as one page that needs nothing else and can be printed: what a medical-insurance office hands to
//! its director (飞检报告).

mod columns;
mod figures;
pub(super) mod parts;
mod rule;
#[cfg(test)]
mod tests;

use rulepack_host::html::escape;

use super::frame::{frame, title_band};
use super::{Language, Report, tables};
use parts::{chart_of_groups, table, table_if_any};

/// The page.
///
/// ```
/// use rulepack_audit::report::{Language, Report, page};
///
/// # fn shown(report: &Report) -> std::io::Result<()> {
/// std::fs::write("report.html", page(report, Language::Chinese))?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn page(report: &Report, language: Language) -> String {
    let body = [
        header(report, language),
        attention(report, language),
        figures::cards(report, language),
        table_if_any(&tables::no_verdict(report, language), language),
        figures::trend(report, language),
        by_kind(report, language),
        by_rule(report, language),
        by_whom(report, language),
        rule::sections(report, language),
        gaps(report, language),
        notes(report, language),
    ];
    frame(&report.title(language), &body.concat(), language)
}

/// Whose report it is, of which days, and what stands where.
fn header(report: &Report, language: Language) -> String {
    let facts = &report.facts;
    let say = |zh, en| language.say(zh, en);
    let default = say(
        "医保基金使用审核报告",
        "Report on the use of medical insurance funds",
    );
    let kind = if facts.profile.is_empty() {
        default
    } else {
        &facts.profile
    };
    let links = [
        ("#trend", say("趋势", "Trend")),
        ("#rules", say("按规则", "By rule")),
        ("#departments", say("按科室", "By department")),
        ("#doctors", say("按医师", "By doctor")),
        ("#items", say("违规项目", "Items")),
        ("#rule-details", say("规则详情与示例", "Rules in detail")),
        ("#not-evaluable", say("未评估内容", "Not evaluated")),
        ("#packs", say("规则包与版本", "Packs")),
    ];
    let links = links.map(|(to, words)| format!("<a href=\"{to}\">{words}</a>"));
    let when = format!(
        "{} {} – {} · {} {}",
        say("审核期间", "Period"),
        facts.from,
        facts.to,
        say("生成时间（UTC）", "Made (UTC)"),
        facts.made,
    );
    let subject = if facts.subject.is_empty() {
        default
    } else {
        &facts.subject
    };
    format!(
        "{}<nav>{}</nav>",
        title_band(kind, subject, &when),
        links.concat()
    )
}

/// Thresholds that were exceeded, and what is left out.
fn attention(report: &Report, language: Language) -> String {
    let exceeded = report
        .exceeded
        .iter()
        .map(|exceeded| exceeded.words(language));
    let lines = exceeded.chain(report.facts.choice.words(language));
    let lines: String = lines
        .map(|line| format!("<li>{}</li>", escape(&line)))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "<section class=\"attention\"><h2>{}</h2><ul>{lines}</ul></section>",
        language.say("需要关注", "Asks for attention"),
    )
}

/// Two small tables beside each other.
fn by_kind(report: &Report, language: Language) -> String {
    format!(
        "<div class=\"beside\">{}{}</div>",
        table(&tables::certainties(report, language), "", language),
        table(&tables::behaviours(report, language), "", language),
    )
}

fn by_rule(report: &Report, language: Language) -> String {
    let rules = report.summary.rules.iter();
    let rules: Vec<_> = rules
        .map(|rule| (format!("{} {}", rule.rule, rule.title), &rule.certainties))
        .collect();
    let chart = figures::bars_by_certainty(&rules, language);
    table(&tables::rules(report, language), &chart, language)
}

fn by_whom(report: &Report, language: Language) -> String {
    let summary = &report.summary;
    let mut drawn = String::new();
    // Of one institution the table would repeat the total.
    if summary.institutions.groups.len() > 1 || summary.institutions.rest.is_some() {
        let chart = chart_of_groups(&summary.institutions, language);
        drawn += &table(&tables::institutions(report, language), &chart, language);
    }
    let chart = chart_of_groups(&summary.departments, language);
    drawn += &table(&tables::departments(report, language), &chart, language);
    drawn += &table(&tables::doctors(report, language), "", language);
    drawn += &table(
        &tables::items(report, language),
        &chart_of_groups(&summary.items, language),
        language,
    );
    drawn += &table(&tables::months(report, language), "", language);
    drawn
}

/// What was not evaluated, and by which packs all else was.
fn gaps(report: &Report, language: Language) -> String {
    let mut not_evaluable = table_if_any(&tables::not_evaluable(report, language), language);
    if not_evaluable.is_empty() {
        not_evaluable = format!(
            "<section id=\"not-evaluable\"><h2>{}</h2><p>{}</p></section>",
            language.say("无法评估的规则", "Rules that could not be evaluated"),
            language.say("无：所有规则均已评估。", "None: every rule was evaluated."),
        );
    }
    let rejected = table_if_any(&tables::rejected(report, language), language);
    let not_used = table_if_any(&tables::not_used(report, language), language);
    let packs = table(&tables::packs(report, language), "", language);
    not_evaluable + &not_used + &rejected + &packs
}

/// How the report is to be read.
fn notes(report: &Report, language: Language) -> String {
    let facts = &report.facts;
    let mut lines = vec![
        language.say(
            "「明确违规」由数据本身即可判定；「高度可疑」「轻度可疑」须经人工复核，不构成违规结论。",
            "明确违规 is shown by the record itself; 高度可疑 and 轻度可疑 have to be looked at by a person and are no verdict.",
        )
        .to_owned(),
        language.say(
            "一笔费用可能被多条规则命中，各规则金额之和可能大于实际应追回金额。",
            "One charge may be found by several rules: the sum of all money may be more than can be recovered.",
        )
        .to_owned(),
        language.say(
            "人数前标「约」的为估计值（标准误差不超过 0.8 %），其余逐一计数；金额与条数均为精确值。",
            "Numbers of patients marked “about” are estimates (standard error at most 0.8 %), all others are counted; \
             money and findings are exact.",
        )
        .to_owned(),
        language.say(
            "本报告含参保人就诊编号，属内部资料，请按规定保管。",
            "This report holds keys of patients and encounters: keep it as such.",
        )
        .to_owned(),
    ];
    if !facts.files.is_empty() {
        let files = escape(&facts.files.join(", "));
        let all = language.say("完整清单见文件", "Full lists are in");
        lines.push(format!("{all} <code>{files}</code>"));
    }
    if let Some(lock) = &facts.lock {
        let words = language.say(
            "版本锁定文件摘要（SHA-256）",
            "Digest of the lock (SHA-256)",
        );
        lines.push(format!("{words} <code>{lock}</code>"));
    }
    let lines = lines.iter().map(|line| format!("<li>{line}</li>"));
    format!(
        "<section class=\"notes\"><h2>{}</h2><ul>{}</ul></section>",
        language.say("说明", "How to read this"),
        lines.collect::<String>()
    )
}
