//! A shadow report as one page that needs nothing else: no script, no file, no address.

use std::fmt::Write as _;

use rulepack_contract::units::format_decimal;
use rulepack_protocol::pack::manifest::Action;

use super::report::{Change, Example, NO_DEPARTMENT, ShadowReport};
use super::threshold::percent;
use crate::html::bars::{Bar, Series, bars};
use crate::html::{document, escape};

/// Of the page: colours hold in both halves of the day, and where it is printed.
const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:\
64rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:right;\
padding:.3rem .6rem;border-bottom:1px solid #8886}th:first-child,td:first-child,.left td,.left th{\
text-align:left}h2{margin-top:2rem}svg{width:100%;height:auto}code{font-size:.85em}svg text{font:12px \
system-ui,sans-serif;fill:currentColor}.gained{fill:#c2410c}.lost{fill:#1d4ed8}.altered{fill:#a16207}\
.kept{fill:#8888}";

/// Rules or departments that a chart shows; the table below it has all.
const BARS_MAX: usize = 20;

/// To the right, in this order.
const SERIES: [Series<'_>; 3] = [
    Series {
        class: "kept",
        words: "不变 · kept",
    },
    Series {
        class: "altered",
        words: "变化 · altered",
    },
    Series {
        class: "gained",
        words: "新增 · gained",
    },
];
/// To the left.
const LOST: Series<'_> = Series {
    class: "lost",
    words: "减少 · lost",
};

/// The page, with headings in Chinese and English. It holds what the report holds, so no identity.
#[must_use]
pub fn page(report: &ShadowReport) -> String {
    let mut body = head(report);
    if report.reviewed.is_some() {
        let rules = report.rules.iter();
        let rules: Vec<_> = rules
            .map(|rule| (format!("{} {}", rule.rule, rule.title), rule.change))
            .collect();
        let departments = report.departments.iter();
        let departments: Vec<_> = departments
            .map(|of| {
                let none = format!("{} · {}", NO_DEPARTMENT.0, NO_DEPARTMENT.1);
                (of.department.clone().unwrap_or(none), of.change)
            })
            .collect();
        body += &section("按规则", "By rule", &rules);
        body += &section("按科室", "By department", &departments);
        body += &examples(&report.examples);
    }
    let title = format!("影子运行 · shadow run {}", report.new);
    let style = format!("<style>{STYLE}</style>");
    document("zh-CN", &title, &style, &body)
}

/// What ran over what, and what it came to.
fn head(report: &ShadowReport) -> String {
    let old = report.old.as_ref().map(ToString::to_string);
    let old = old.unwrap_or_else(|| "无 · none".to_owned());
    let mut lines = vec![
        ("新版本 · new version", report.new.to_string()),
        ("现行版本 · version in force", old),
        ("运行时间 · made", report.made.to_string()),
    ];
    let Some(part) = report.reviewed else {
        lines.push((
            "结果 · result",
            "没有可比较的历史 · no history to compare".to_owned(),
        ));
        return heading(&lines);
    };
    let (all, none) = (&report.all, report.no_verdict);
    let (old_ms, new_ms) = (
        report.old_engine.milliseconds,
        report.new_engine.milliseconds,
    );
    let (old_fuel, new_fuel) = (report.old_engine.fuel, report.new_engine.fuel);
    lines.extend([
        ("历史 · history", format!("{} – {}", part.from, part.to)),
        ("就诊 · encounters", part.encounters.to_string()),
        (
            "参保人 · patients",
            format!("{} / {}", part.patients, part.patients_in_all),
        ),
        ("机构 · institutions", part.institutions.to_string()),
        ("发现 · findings", format!("{} → {}", all.before, all.after)),
        ("新增 · gained", all.gained.to_string()),
        ("减少 · lost", all.lost.to_string()),
        ("变化 · altered", all.altered.to_string()),
        (
            "变动占比 · share changed",
            format!("{} %", percent(all.share())),
        ),
        (
            "变动金额（元）· money changed (CNY)",
            format_decimal(all.changed_amount(), 2),
        ),
        (
            "无结论 · no verdict",
            format!("{} → {}", none.before, none.after),
        ),
        (
            "引擎用时 · engine",
            format!("{old_ms} → {new_ms} ms, {old_fuel} → {new_fuel} fuel"),
        ),
    ]);
    if part.left_out > 0 {
        let left_out = part.left_out.to_string();
        lines.push(("不能使用的历史行 · rows left out", left_out));
    }
    for (rule, missing) in &report.not_evaluable {
        lines.push((
            "不再能评估 · not evaluable any more",
            format!("{rule}: {}", missing.join(", ")),
        ));
    }
    heading(&lines)
}

fn heading(lines: &[(&str, String)]) -> String {
    let rows = lines.iter();
    let rows =
        rows.map(|(name, text)| format!("<tr><th>{name}</th><td>{}</td></tr>", escape(text)));
    format!(
        "<h1>影子运行报告 · Shadow run</h1><p>两个版本在本机构近期历史上的差别；不含参保人身份。· What two \
         versions find differently in this hospital's own recent history, without identities.</p>\
         <table class=\"left\"><tbody>{}</tbody></table>",
        rows.collect::<String>()
    )
}

/// Two charts, of findings and of money, and the table.
fn section(chinese: &str, english: &str, of: &[(String, Change)]) -> String {
    let shown = of.get(..BARS_MAX).unwrap_or(of);
    let chart = |value: fn(&Change) -> [i64; 4], places| {
        let drawn = shown.iter();
        let drawn = drawn.map(|(name, change)| bar(name, value(change), places));
        bars(&SERIES, Some(LOST), &drawn.collect::<Vec<_>>())
    };
    let mut rows = String::new();
    for (name, change) in of {
        let cells = [
            change.before,
            change.after,
            change.gained,
            change.lost,
            change.altered,
        ];
        let cells: String = cells
            .iter()
            .map(|cell| format!("<td>{}</td>", cell))
            .collect();
        write!(rows, "<tr><td>{}</td>{cells}</tr>", escape(name)).expect("a text can always grow");
    }
    format!(
        "<h2>{chinese} · {english}</h2><h3>发现数 · findings</h3>{}<h3>金额（元）· money (CNY)</h3>{}\
         <table><thead><tr><th>{chinese} · {english}</th><th>现行 · before</th><th>新版 · after</th>\
         <th>新增 · gained</th><th>减少 · lost</th><th>变化 · altered</th></tr></thead><tbody>{rows}\
         </tbody></table>",
        chart(findings, 0),
        chart(money, 2),
    )
}

/// What changed of one rule or department, in figures with so many decimals.
fn bar(name: &str, [kept, altered, gained, lost]: [i64; 4], places: u32) -> Bar {
    let told = |value| format_decimal(value, places);
    Bar {
        name: name.to_owned(),
        right: vec![kept, altered, gained],
        left: lost,
        figure: format!("+{} −{}", told(gained), told(lost)),
    }
}

/// Kept, altered, gained and lost findings.
fn findings(change: &Change) -> [i64; 4] {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let kept = change
        .before
        .findings
        .saturating_sub(change.lost.findings + change.altered.findings);
    [
        kept,
        change.altered.findings,
        change.gained.findings,
        change.lost.findings,
    ]
    .map(number)
}

/// The same in fen: of the altered ones the difference.
fn money(change: &Change) -> [i64; 4] {
    let kept = change.before.amount.saturating_sub(change.lost.amount);
    [
        kept.max(0),
        change.altered.amount,
        change.gained.amount,
        change.lost.amount,
    ]
}

fn examples(examples: &[Example]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let rows = examples.iter().map(|example| {
        let (chinese, english) = example.kind.words();
        let rows = example.rows.iter().map(|row| format!("<code>{}</code>", escape(&row.to_string())));
        let department = example.department.as_deref().unwrap_or("");
        format!(
            "<tr><td>{chinese} · {english}</td><td>{}</td><td>{} · {}</td><td>{}</td><td>{}</td><td>{}\
             </td><td>{}</td></tr>",
            escape(&example.rule),
            example.certainty.chinese(),
            action(example.action),
            escape(&example.message),
            format_decimal(example.amount, 2),
            escape(department),
            rows.collect::<Vec<_>>().join(" "),
        )
    });
    format!(
        "<h2>示例 · Examples</h2><p>行号只能在本机用 <code>rulepack host shadow --row</code> 还原。· Only this \
         host can tell which row a reference names.</p><table class=\"left\"><thead><tr><th>类别 · kind</th>\
         <th>规则 · rule</th><th>程度 · certainty</th><th>内容 · message</th><th>金额（元）· CNY</th>\
         <th>科室 · department</th><th>行 · rows</th></tr></thead><tbody>{}</tbody></table>",
        rows.collect::<String>()
    )
}

fn action(action: Action) -> &'static str {
    match action {
        Action::Remind => "提醒",
        Action::Review => "审核",
        Action::Block => "拦截",
    }
}
