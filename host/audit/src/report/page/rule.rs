//! A section for each rule: policy, versions, months, departments, and examples down to their rows.

use rulepack_host::html::escape;

use crate::finding::AuditRow;
use crate::report::table::{Cell, Column as TableColumn, money};
use crate::report::{Language, Report, tables};
use crate::summary::{Example, RuleSummary, Sum};

/// Sections of all rules, those with most money first.
pub(super) fn sections(report: &Report, language: Language) -> String {
    let all = report.summary.all.sum;
    let sections = report
        .summary
        .rules
        .iter()
        .map(|rule| section(rule, all, language));
    format!(
        "<h2 id=\"rule-details\" class=\"part\">{}</h2>{}",
        language.say("规则详情与示例", "Rules in detail"),
        sections.collect::<String>()
    )
}

fn section(rule: &RuleSummary, all: Sum, language: Language) -> String {
    let say = |zh, en| language.say(zh, en);
    let bases = rule.bases.iter().map(|basis| escape(basis));
    let versions = rule.versions.iter().map(|version| escape(version));
    let tally = &rule.tally;
    let figures = format!(
        "{} {} · {} {} {} · {} {}",
        Cell::Count(tally.sum.count).words(language),
        say("条", "findings"),
        money(tally.sum.amount),
        say("元，占", "CNY,"),
        Cell::Share(crate::report::table::share(tally.sum.amount, all.amount)).words(language),
        Cell::Patients(tally.patients).words(language),
        say("人", "patients"),
    );
    let lines = [
        (
            say("政策依据", "Policy"),
            bases.collect::<Vec<_>>().join("<br>"),
        ),
        (
            say("规则包", "Pack"),
            format!(
                "<code>{} {}</code>",
                escape(&rule.pack),
                versions.collect::<Vec<_>>().join(", ")
            ),
        ),
        (
            say("类型编码 · 分类", "Kind · behaviour"),
            escape(&format!("{} · {}", rule.kind, rule.behaviour)),
        ),
        (say("合计", "In all"), escape(&figures)),
        (
            say("按程度", "By certainty"),
            escape(&certainties(rule, language)),
        ),
        (
            say("按月（条）", "By month (findings)"),
            escape(&months(rule, language)),
        ),
        (
            say("主要科室", "Departments"),
            escape(&departments(rule, language)),
        ),
    ];
    let lines = lines
        .iter()
        .map(|(name, text)| format!("<dt>{name}</dt><dd>{text}</dd>"));
    format!(
        "<section class=\"rule\"><h3><code>{}</code> {}</h3><dl>{}</dl>{}</section>",
        escape(&rule.rule),
        escape(&rule.title),
        lines.collect::<String>(),
        examples(&rule.examples, tally.sum.count, language),
    )
}

fn certainties(rule: &RuleSummary, language: Language) -> String {
    let told = crate::summary::CERTAINTIES.iter().filter_map(|certainty| {
        let sum = rule.certainties.get(certainty.chinese())?;
        let count = Cell::Count(sum.count).words(language);
        Some(format!(
            "{} {count} ({})",
            certainty.chinese(),
            money(sum.amount)
        ))
    });
    told.collect::<Vec<_>>().join(" · ")
}

fn months(rule: &RuleSummary, language: Language) -> String {
    let told = rule.months.iter().map(|(month, sum)| {
        let month = Cell::recorded(month, language).words(language);
        format!("{month}: {}", Cell::Count(sum.count).words(language))
    });
    told.collect::<Vec<_>>().join(" · ")
}

/// As the rows of a table would tell them, in a line.
fn departments(rule: &RuleSummary, language: Language) -> String {
    let columns = [TableColumn::code(""), TableColumn::text("")];
    let table = tables::breakdown(
        ("departments-of-rule", ""),
        columns,
        &rule.departments,
        language,
    );
    let told = table.rows.iter().chain(&table.rest).map(|row| {
        let words = |at: usize| {
            row.get(at)
                .map(|cell| cell.words(language))
                .unwrap_or_default()
        };
        format!("{} {} {} ({})", words(0), words(1), words(2), words(3))
    });
    told.collect::<Vec<_>>().join(" · ")
}

fn examples(examples: &[Example], all: u64, language: Language) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let title = language.say("示例（金额最大者）", "Examples (those with most money)");
    let of = format!("{} / {}", examples.len(), Cell::Count(all).words(language));
    let examples = examples
        .iter()
        .map(|example| self::example(example, language));
    format!(
        "<h4>{title} <small>{of}</small></h4>{}",
        examples.collect::<String>()
    )
}

fn example(example: &Example, language: Language) -> String {
    let finding = &example.finding;
    let whose = [
        (language.say("机构", "institution"), &finding.institution),
        (language.say("科室", "department"), &finding.department),
        (language.say("医师", "doctor"), &finding.doctor),
        (language.say("参保人", "patient"), &finding.patient),
        (language.say("就诊", "encounter"), &finding.encounter),
        (language.say("版本", "version"), &finding.pack),
    ];
    let whose = whose.iter().filter(|(_, text)| !text.is_empty());
    let whose =
        whose.map(|(name, text)| format!("<span>{name} <code>{}</code></span>", escape(text)));
    let retroactive = match finding.retroactive {
        true => language.say(
            "<span><b>追溯</b>（发布晚于服务日期）</span>",
            "<span><b>retroactive</b> (published after the day of service)</span>",
        ),
        false => "",
    };
    let rows = rows(
        language.say("违规项", "offending"),
        &finding.offending,
        example.offending_rows,
        language,
    ) + &rows(
        language.say("涉及项", "related"),
        &finding.related,
        example.related_rows,
        language,
    );
    format!(
        "<article><p class=\"message\"><b class=\"{}\">{}</b> {} <strong>{}</strong></p><p class=\"whose\"><span>{}</span>{retroactive}{}</p>\
         <table class=\"rows\"><tbody>{rows}</tbody></table></article>",
        ["violation", "high", "low"]
            .get(crate::summary::certainty_rank(&finding.certainty))
            .unwrap_or(&"low"),
        escape(&finding.certainty),
        escape(&finding.message),
        money(finding.amount),
        escape(&finding.day),
        whose.collect::<String>(),
    )
}

fn rows(kind: &str, rows: &[AuditRow], all: u64, language: Language) -> String {
    let told = rows.iter().map(|row| {
        format!(
            "<tr><td>{kind}</td><td class=\"code\">{} {}</td><td class=\"code\">{}</td><td>{}</td><td class=\"number\">{}</td></tr>",
            escape(&row.table),
            escape(&row.key),
            escape(&row.item),
            escape(&row.name),
            money(row.amount),
        )
    });
    let mut told: String = told.collect();
    let left_out = all.saturating_sub(rows.len() as u64);
    if left_out > 0 {
        let words = language.say("行未列出，见疑点明细", "more rows, in the list of findings");
        let left_out = Cell::Count(left_out).words(language);
        told += &format!("<tr><td>{kind}</td><td colspan=\"4\">… {left_out} {words}</td></tr>");
    }
    told
}
