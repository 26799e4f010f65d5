//! The tables of a comparison.

use super::{Change, ChangeKind, Comparison, GroupChanges};
use crate::report::Language;
use crate::report::table::{Cell, Column, Table};
use crate::summary::Sum;

/// Both runs, and what changed in all.
pub(super) fn overview(comparison: &Comparison, language: Language) -> Table {
    let say = |zh, en| language.say(zh, en);
    let (before, after, all) = (&comparison.before, &comparison.after, &comparison.all);
    let texts = |name, one: String, other: String| {
        vec![Cell::text(name), Cell::text(one), Cell::text(other)]
    };
    let counts = |name, one, other| vec![Cell::text(name), Cell::Count(one), Cell::Count(other)];
    let rows = vec![
        texts(
            say("审核对象", "whose"),
            before.subject.clone(),
            after.subject.clone(),
        ),
        texts(
            say("审核期间", "period"),
            format!("{} – {}", before.from, before.to),
            format!("{} – {}", after.from, after.to),
        ),
        texts(
            say("生成时间（UTC）", "made (UTC)"),
            before.made.to_string(),
            after.made.to_string(),
        ),
        counts(
            say("费用明细（行）", "order lines"),
            before.read.lines,
            after.read.lines,
        ),
        counts(say("疑点数", "findings"), all.before.count, all.after.count),
        vec![
            Cell::text(say("涉及金额（元）", "money at stake (CNY)")),
            Cell::Money(all.before.amount),
            Cell::Money(all.after.amount),
        ],
        counts(
            say("未得出结论", "without a verdict"),
            before.without_verdict().0,
            after.without_verdict().0,
        ),
        counts(
            say("无法评估的规则", "rules that could not be evaluated"),
            before.not_evaluable.len() as u64,
            after.not_evaluable.len() as u64,
        ),
    ];
    Table {
        id: "overview",
        title: say("总体情况", "Overview"),
        columns: vec![
            Column::text(say("指标", "figure")),
            Column::number(say("前次", "before")),
            Column::number(say("本次", "after")),
        ],
        rows,
        rest: None,
    }
}

/// All findings, by what became of them.
pub(super) fn changes(comparison: &Comparison, language: Language) -> Table {
    let all = &comparison.all;
    let row = |name: &str, sum: Sum| {
        vec![
            Cell::text(name),
            Cell::Count(sum.count),
            Cell::Money(sum.amount),
        ]
    };
    let say = |zh, en| language.say(zh, en);
    Table {
        id: "changes",
        title: say("变动情况", "What changed"),
        columns: vec![
            Column::text(say("类别", "kind")),
            Column::number(say("疑点数", "findings")),
            Column::number(say("金额（元）", "money (CNY)")),
        ],
        rows: vec![
            row(say("新增", "gained"), all.gained),
            row(say("减少", "lost"), all.lost),
            row(say("不变", "kept"), all.kept),
            row(
                say("变化（金额为增减）", "altered (money: more or less)"),
                all.altered,
            ),
        ],
        rest: None,
    }
}

/// By rule.
pub(super) fn rules(comparison: &Comparison, language: Language) -> Table {
    let rows = comparison.rules.iter().map(|rule| {
        let mut row = vec![Cell::text(&rule.rule), Cell::text(&rule.title)];
        row.extend(cells(&rule.change));
        row
    });
    let first = [
        Column::code(language.say("规则编号", "rule")),
        Column::text(language.say("规则名称", "title")),
    ];
    Table {
        id: "rules",
        title: language.say("按规则", "By rule"),
        columns: first.into_iter().chain(columns(language)).collect(),
        rows: rows.collect(),
        rest: None,
    }
}

/// By institution; without a row where there are too many.
pub(super) fn institutions(comparison: &Comparison, language: Language) -> Table {
    let first = [Column::code(language.say("机构编码", "institution"))];
    let title = language.say("按定点医药机构", "By institution");
    let changes = comparison.institutions.as_ref();
    groups(("institutions", title), first, changes, language)
}

/// By department; without a row where there are too many.
pub(super) fn departments(comparison: &Comparison, language: Language) -> Table {
    let first = [
        Column::code(language.say("机构编码", "institution")),
        Column::text(language.say("科室", "department")),
    ];
    let title = language.say("按科室", "By department");
    let changes = comparison.departments.as_ref();
    groups(("departments", title), first, changes, language)
}

/// Groups with one name (the institution) or two (its department too).
fn groups<const N: usize>(
    (id, title): (&'static str, &'static str),
    names: [Column; N],
    changes: Option<&GroupChanges>,
    language: Language,
) -> Table {
    let listed = changes.iter().flat_map(|all| &all.listed);
    let rows = listed.map(|group| {
        let texts = [&group.institution, &group.department];
        let texts = texts.into_iter().take(N);
        let mut row: Vec<Cell> = texts.map(|text| Cell::recorded(text, language)).collect();
        row.extend(cells(&group.change));
        row
    });
    let others = changes.filter(|all| all.others > 0).map(|all| {
        let words = match language {
            Language::Chinese => format!("其余 {} 个合计", all.others),
            Language::English => format!("the other {} together", all.others),
        };
        let mut row = vec![Cell::text(words)];
        row.resize(N, Cell::Nothing);
        row.extend(cells(&all.of_others));
        row
    });
    Table {
        id,
        title,
        columns: names.into_iter().chain(columns(language)).collect(),
        rows: rows.collect(),
        rest: others,
    }
}

/// Some findings that changed.
pub(super) fn examples(comparison: &Comparison, language: Language) -> Table {
    let say = |zh, en| language.say(zh, en);
    let rows = comparison.examples.iter().map(|changed| {
        let finding = &changed.example.finding;
        let rows = finding
            .offending
            .iter()
            .map(|row| format!("{} {}", row.table, row.key));
        let rows = rows.collect::<Vec<_>>().join(", ");
        let left_out = changed
            .example
            .offending_rows
            .saturating_sub(finding.offending.len() as u64);
        let rows = if left_out > 0 {
            format!("{rows} … +{left_out}")
        } else {
            rows
        };
        vec![
            Cell::text(kind(changed.kind, language)),
            Cell::text(&finding.rule),
            Cell::text(&finding.certainty),
            Cell::text(&finding.message),
            Cell::Money(finding.amount),
            Cell::text(&finding.department),
            Cell::text(rows),
        ]
    });
    Table {
        id: "examples",
        title: say("变动示例", "Examples"),
        columns: vec![
            Column::text(say("类别", "kind")),
            Column::code(say("规则编号", "rule")),
            Column::text(say("违规程度", "certainty")),
            Column::text(say("违规内容", "message")),
            Column::number(say("金额（元）", "money (CNY)")),
            Column::text(say("科室", "department")),
            Column::code(say("违规项", "offending rows")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// 新增, 减少, 变化.
pub(super) fn kind(kind: ChangeKind, language: Language) -> &'static str {
    match kind {
        ChangeKind::Gained => language.say("新增", "gained"),
        ChangeKind::Lost => language.say("减少", "lost"),
        ChangeKind::Altered => language.say("变化", "altered"),
    }
}

fn columns(language: Language) -> [Column; 8] {
    [
        ("前次", "before"),
        ("本次", "after"),
        ("新增", "gained"),
        ("减少", "lost"),
        ("变化", "altered"),
        ("前次金额（元）", "CNY before"),
        ("本次金额（元）", "CNY after"),
        ("金额增减（元）", "CNY more or less"),
    ]
    .map(|(chinese, english)| Column::number(language.say(chinese, english)))
}

fn cells(change: &Change) -> [Cell; 8] {
    let more = change.after.amount.saturating_sub(change.before.amount);
    [
        Cell::Count(change.before.count),
        Cell::Count(change.after.count),
        Cell::Count(change.gained.count),
        Cell::Count(change.lost.count),
        Cell::Count(change.altered.count),
        Cell::Money(change.before.amount),
        Cell::Money(change.after.amount),
        Cell::Money(more),
    ]
}
