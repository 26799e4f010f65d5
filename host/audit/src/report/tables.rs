//! The tables of a report, in the order in which they stand in it.

use super::table::{Cell, Column, Table, share, tally_cells, tally_columns};
use super::{Language, Report};
use crate::run::Totals;
use crate::summary::{Breakdown, Group, Rest};

/// What was reviewed and what it came to: a name and a figure a row.
pub(crate) fn overview(report: &Report, language: Language) -> Table {
    let say = |zh, en| language.say(zh, en);
    let rows = reviewed(report, language).into_iter();
    let rows = rows.chain(came_to(report, language)).chain(missed(report));
    let rows = rows.map(|((chinese, english), cell)| vec![Cell::text(say(chinese, english)), cell]);
    Table {
        id: "overview",
        title: say("总体情况", "Overview"),
        columns: vec![
            Column::text(say("指标", "figure")),
            Column::number(say("数值", "value")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// A row of the overview: its name in both languages, and the figure.
type Figure = ((&'static str, &'static str), Cell);

fn reviewed(report: &Report, language: Language) -> [Figure; 8] {
    let (facts, read) = (&report.facts, report.facts.read);
    let period = Cell::text(format!("{} – {}", facts.from, facts.to));
    [
        (("审核期间", "period"), period),
        (("费用明细（行）", "order lines"), Cell::Count(read.lines)),
        (("就诊人次", "encounters"), Cell::Count(read.encounters)),
        (("参保人", "patients"), Cell::Count(read.patients)),
        (
            ("定点医药机构", "institutions"),
            Cell::Count(read.institutions),
        ),
        (
            ("机构汇总数据", "sums of institutions"),
            Cell::text(totals(&facts.totals, language)),
        ),
        (
            ("审核期间就诊人次", "encounters under review"),
            Cell::Count(read.under_review),
        ),
        (
            ("审核期间费用总额（元）", "money of their lines (CNY)"),
            read.amount
                .map_or_else(|| not_summed(language), Cell::Money),
        ),
    ]
}

/// Where the sums of institutions came from.
fn totals(totals: &Totals, language: Language) -> String {
    match (totals, language) {
        (Totals::NotAsked, _) => language
            .say("无规则需要", "no rule asks for any")
            .to_owned(),
        (Totals::Brought, _) => language
            .say("由文件提供", "brought with the data")
            .to_owned(),
        (Totals::Made { rows, left_out: 0 }, Language::Chinese) => {
            format!("由费用明细汇总，{rows} 行")
        }
        (Totals::Made { rows, left_out: 0 }, Language::English) => {
            format!("made of the lines, {rows} rows")
        }
        (Totals::Made { rows, left_out }, Language::Chinese) => {
            format!("由费用明细汇总，{rows} 行；{left_out} 家机构数据不全")
        }
        (Totals::Made { rows, left_out }, Language::English) => {
            format!("made of the lines, {rows} rows; not whole of {left_out} institutions")
        }
    }
}

fn came_to(report: &Report, language: Language) -> [Figure; 6] {
    let (all, read) = (report.summary.all, report.facts.read);
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let of_money = share_of(all.sum.amount, read.amount, language);
    let of_patients = share(number(all.patients.count), number(read.patients));
    let rules = report.summary.rules.len() as u64;
    [
        (("疑点数", "findings"), Cell::Count(all.sum.count)),
        (
            ("涉及金额（元）", "money at stake (CNY)"),
            Cell::Money(all.sum.amount),
        ),
        (
            ("涉及金额占费用总额", "its share of all money under review"),
            of_money,
        ),
        (
            ("涉及参保人", "patients concerned"),
            Cell::Patients(all.patients),
        ),
        (
            ("涉及参保人占比", "their share of all patients"),
            Cell::Share(of_patients),
        ),
        (("命中规则", "rules with findings"), Cell::Count(rules)),
    ]
}

fn missed(report: &Report) -> [Figure; 6] {
    let facts = &report.facts;
    let (none, none_amount) = facts.without_verdict();
    let not_evaluable = facts.not_evaluable.len() as u64;
    [
        (
            (
                "未得出结论（人、机构）",
                "without a verdict (patients, institutions)",
            ),
            Cell::Count(none),
        ),
        (
            (
                "未得出结论涉及费用（元）",
                "money of those without a verdict (CNY)",
            ),
            Cell::Money(none_amount),
        ),
        (
            ("无法评估的规则", "rules that could not be evaluated"),
            Cell::Count(not_evaluable),
        ),
        (
            ("追溯适用的疑点", "retroactive findings"),
            Cell::Count(facts.retroactive),
        ),
        (
            ("未读入的行", "rows left out"),
            Cell::Count(facts.rejected_rows()),
        ),
        (("用时（秒）", "seconds"), Cell::Count(facts.seconds)),
    ]
}

/// Who got no verdict, and why; those with most money first (T9).
pub(crate) fn no_verdict(report: &Report, language: Language) -> Table {
    let say = |zh, en| language.say(zh, en);
    let mut none: Vec<_> = report.facts.no_verdict.iter().collect();
    none.sort_by_key(|none| (std::cmp::Reverse(none.amount), &none.pack, &none.reason));
    let rows = none.into_iter().map(|none| {
        vec![
            Cell::text(&none.pack),
            Cell::text(reason(&none.reason, language)),
            Cell::Count(none.count),
            Cell::Money(none.amount),
            Cell::text(none.keys.join(", ")),
        ]
    });
    Table {
        id: "no-verdict",
        title: say("未得出结论", "Without a verdict"),
        columns: vec![
            Column::code(say("规则包", "pack")),
            Column::text(say("原因", "reason")),
            Column::number(say("人、机构数", "patients, institutions")),
            Column::number(say("费用（元）", "money (CNY)")),
            Column::code(say("示例编号", "some of their keys")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// The engine's word for a fault, for people.
#[must_use]
pub fn reason(word: &str, language: Language) -> String {
    let (chinese, english) = match word {
        "trap" => ("规则包运行出错", "the pack broke off"),
        "misuse" | "refused" | "malformed" | "answer" => {
            ("规则包结果不合规范", "the pack broke the contract")
        }
        "fuel" => ("计算量超过上限", "more computing than allowed"),
        "memory" => ("内存超过上限", "more memory than allowed"),
        "stack" => ("调用层数超过上限", "too deep"),
        "wall" => ("时间超过上限", "more time than allowed"),
        "too-many-rows" => ("数据行数超过上限", "more rows than allowed"),
        other => return other.to_owned(),
    };
    format!("{} ({word})", language.say(chinese, english))
}

/// By month of service.
pub(crate) fn months(report: &Report, language: Language) -> Table {
    let all = report.summary.all.sum;
    let rows = report.summary.months.iter().map(|month| {
        let mut row = vec![Cell::recorded(&month.month, language)];
        row.extend(tally_cells(&month.tally, all));
        row
    });
    Table {
        id: "months",
        title: language.say("按月份", "By month"),
        columns: with_tally([Column::text(language.say("月份", "month"))], language),
        rows: rows.collect(),
        rest: None,
    }
}

/// By 明确违规, 高度可疑, 轻度可疑.
pub(crate) fn certainties(report: &Report, language: Language) -> Table {
    let title = language.say("按违规程度", "By certainty");
    let column = Column::text(language.say("违规程度", "certainty"));
    breakdown(
        ("certainties", title),
        [column],
        &report.summary.certainties,
        language,
    )
}

/// By 行为类, 项目类.
pub(crate) fn behaviours(report: &Report, language: Language) -> Table {
    let title = language.say("按违规行为分类", "By behaviour");
    let column = Column::text(language.say("分类", "behaviour"));
    breakdown(
        ("behaviours", title),
        [column],
        &report.summary.behaviours,
        language,
    )
}

/// By rule: every one with a finding.
pub(crate) fn rules(report: &Report, language: Language) -> Table {
    let all = report.summary.all.sum;
    let rows = report.summary.rules.iter().map(|rule| {
        let mut row = vec![
            Cell::text(&rule.rule),
            Cell::text(&rule.title),
            Cell::text(&rule.behaviour),
            Cell::text(&rule.pack),
        ];
        row.extend(tally_cells(&rule.tally, all));
        row.push(Cell::Count(rule.retroactive));
        row
    });
    let columns = [
        Column::code(language.say("规则编号", "rule")),
        Column::text(language.say("规则名称", "title")),
        Column::text(language.say("分类", "behaviour")),
        Column::code(language.say("规则包", "pack")),
    ];
    let mut columns = with_tally(columns, language);
    columns.push(Column::number(language.say("其中追溯", "retroactive")));
    Table {
        id: "rules",
        title: language.say("按规则", "By rule"),
        columns,
        rows: rows.collect(),
        rest: None,
    }
}

/// By institution.
pub(crate) fn institutions(report: &Report, language: Language) -> Table {
    let title = language.say("按定点医药机构", "By institution");
    let column = Column::code(language.say("机构编码", "institution"));
    let institutions = &report.summary.institutions;
    let mut table = breakdown(("institutions", title), [column], institutions, language);
    for (row, group) in table.rows.iter_mut().zip(&institutions.groups) {
        let cost = report
            .facts
            .costs
            .get(&group.code)
            .copied()
            .unwrap_or_default();
        let amount = cost.amount;
        row.push(Cell::Count(cost.encounters));
        row.push(amount.map_or_else(|| not_summed(language), Cell::Money));
        row.push(share_of(group.tally.sum.amount, amount, language));
    }
    if let Some(rest) = &mut table.rest {
        rest.resize(table.columns.len() + 3, Cell::Nothing);
    }
    table.columns.extend([
        Column::number(language.say("审核就诊人次", "encounters")),
        Column::number(language.say("审核费用（元）", "money under review (CNY)")),
        Column::number(language.say("涉及金额占比", "share at stake")),
    ]);
    table
}

/// By department, with its institution.
pub(crate) fn departments(report: &Report, language: Language) -> Table {
    let title = language.say("按科室", "By department");
    let columns = [
        Column::code(language.say("机构编码", "institution")),
        Column::text(language.say("科室", "department")),
    ];
    breakdown(
        ("departments", title),
        columns,
        &report.summary.departments,
        language,
    )
}

/// By doctor, with the institution.
pub(crate) fn doctors(report: &Report, language: Language) -> Table {
    let title = language.say("按医师", "By doctor");
    let columns = [
        Column::code(language.say("机构编码", "institution")),
        Column::code(language.say("医师代码", "doctor")),
    ];
    breakdown(
        ("doctors", title),
        columns,
        &report.summary.doctors,
        language,
    )
}

/// By item of the offending rows.
pub(crate) fn items(report: &Report, language: Language) -> Table {
    let title = language.say("违规项目", "Items");
    let columns = [
        Column::code(language.say("项目编码", "item")),
        Column::text(language.say("项目名称", "name")),
    ];
    let mut table = breakdown(("items", title), columns, &report.summary.items, language);
    // Rows, not findings: one finding may have many.
    if let Some(column) = table.columns.get_mut(2) {
        column.title = language.say("违规行数", "offending rows");
    }
    table
}

/// What could not be evaluated, and why.
pub(crate) fn not_evaluable(report: &Report, language: Language) -> Table {
    let say = |zh, en| language.say(zh, en);
    let rows = report.facts.not_evaluable.iter().map(|rule| {
        let rows = match rule.rows {
            Some(rows) => Cell::Count(rows),
            None => Cell::text(say("全部", "all")),
        };
        vec![
            Cell::text(&rule.rule),
            Cell::text(&rule.title),
            Cell::text(&rule.pack),
            Cell::text(rule.missing.join(", ")),
            rows,
        ]
    });
    Table {
        id: "not-evaluable",
        title: say("无法评估的规则", "Rules that could not be evaluated"),
        columns: vec![
            Column::code(say("规则编号", "rule")),
            Column::text(say("规则名称", "title")),
            Column::code(say("规则包", "pack")),
            Column::text(say("原因（缺少）", "why (missing)")),
            Column::number(say("涉及行数", "rows concerned")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// Rows left out, and why.
pub(crate) fn rejected(report: &Report, language: Language) -> Table {
    let rows = report.facts.rejected.iter().map(|rejected| {
        vec![
            Cell::text(&rejected.file),
            Cell::text(&rejected.reason),
            Cell::Count(rejected.rows),
        ]
    });
    Table {
        id: "rejected",
        title: language.say("未读入的数据", "Rows left out"),
        columns: vec![
            Column::code(language.say("文件", "file")),
            Column::text(language.say("原因", "reason")),
            Column::number(language.say("行数", "rows")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// Packs that could not be used, and why.
pub(crate) fn not_used(report: &Report, language: Language) -> Table {
    let rows = report.facts.not_used.iter();
    let rows = rows.map(|pack| vec![Cell::text(&pack.pack), Cell::text(&pack.reason)]);
    Table {
        id: "not-used",
        title: language.say("未能使用的规则包", "Packs that could not be used"),
        columns: vec![
            Column::code(language.say("规则包", "pack")),
            Column::text(language.say("原因", "reason")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// Which versions judged.
pub(crate) fn packs(report: &Report, language: Language) -> Table {
    let rows = report.facts.packs.iter().map(|pack| {
        vec![
            Cell::text(&pack.path),
            Cell::text(&pack.digest),
            Cell::text(&pack.settings),
        ]
    });
    Table {
        id: "packs",
        title: language.say("规则包与版本", "Packs and versions"),
        columns: vec![
            Column::code(language.say("规则包", "pack")),
            Column::code(language.say("摘要（SHA-256）", "digest (SHA-256)")),
            Column::code(language.say("参数摘要", "digest of what is set")),
        ],
        rows: rows.collect(),
        rest: None,
    }
}

/// Part of a whole that may not have been summed.
pub(crate) fn share_of(part: i64, whole: Option<i64>, language: Language) -> Cell {
    match whole {
        Some(whole) => Cell::Share(share(part, whole)),
        None => not_summed(language),
    }
}

fn not_summed(language: Language) -> Cell {
    Cell::text(language.say("未统计", "not summed"))
}

fn with_tally<const N: usize>(columns: [Column; N], language: Language) -> Vec<Column> {
    columns.into_iter().chain(tally_columns(language)).collect()
}

/// A breakdown, its names in one column (the code) or two (institution and code, or code and name).
pub(crate) fn breakdown<const N: usize>(
    (id, title): (&'static str, &'static str),
    columns: [Column; N],
    of: &Breakdown,
    language: Language,
) -> Table {
    let names = |group: &Group| {
        let code = Cell::recorded(&group.code, language);
        match (N, id) {
            (1, _) => vec![code],
            (_, "items") => vec![code, Cell::text(&group.name)],
            _ => vec![Cell::recorded(&group.institution, language), code],
        }
    };
    let rows = of.groups.iter().map(|group| {
        let mut row = names(group);
        row.extend(tally_cells(&group.tally, of.all.sum));
        row
    });
    Table {
        id,
        title,
        columns: with_tally(columns, language),
        rows: rows.collect(),
        rest: of.rest.as_ref().map(|rest| {
            let mut row = vec![Cell::text(rest_words(rest, language))];
            row.resize(N, Cell::Nothing);
            row.extend(tally_cells(&rest.tally, of.all.sum));
            row
        }),
    }
}

fn rest_words(rest: &Rest, language: Language) -> String {
    match (rest.groups, language) {
        (Some(groups), Language::Chinese) => format!("其余 {groups} 个合计"),
        (Some(groups), Language::English) => format!("the other {groups} together"),
        (None, Language::Chinese) => "数量过多，仅列合计".to_owned(),
        (None, Language::English) => "too many to be told apart: all together".to_owned(),
    }
}
