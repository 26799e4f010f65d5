//! What a shadow run found out, for people.

use std::fmt;

use rulepack_contract::units::format_decimal;
use rulepack_host::review::report::ReportedRow;
use rulepack_host::shadow::report::{Change, Example, Kind, NO_DEPARTMENT, ReviewedPart};
use rulepack_host::shadow::{ShadowReport, Told, measure};

use super::Shown;
use crate::commands::Language;

/// The words of one language.
struct Words {
    language: Language,
    run: &'static str,
    beside: &'static str,
    nothing: &'static str,
    made: &'static str,
    history: &'static str,
    to: &'static str,
    encounters: &'static str,
    reviewed: &'static str,
    /// So many patients of so many.
    patients: fn(u64, u64) -> String,
    institutions: &'static str,
    left_out: &'static str,
    rows: &'static str,
    result: &'static str,
    engine: &'static str,
    fuel: &'static str,
    no_verdict: &'static str,
    only_new: &'static str,
    not_evaluable: &'static str,
    misses: &'static str,
    /// Of columns, whose figures are sixteen wide.
    heads: [&'static str; 5],
    all: &'static str,
    by_department: &'static str,
    kind: fn(Kind) -> String,
    department: &'static str,
    money: &'static str,
    page: &'static str,
    /// Table, key, patient, encounter and institution of a row.
    of_row: [&'static str; 5],
    comma: &'static str,
}

impl Words {
    /// A line of what is known.
    fn line(&self, f: &mut fmt::Formatter<'_>, word: &str, told: fmt::Arguments) -> fmt::Result {
        writeln!(f, "  {} {told}", self.language.label(word))
    }

    fn told<'t>(&self, told: &'t Told) -> &'t str {
        self.language.choose(&told.english, &told.chinese)
    }
}

const ENGLISH: Words = Words {
    language: Language::En,
    run: "shadow run of",
    beside: "beside",
    nothing: "nothing: no earlier version is in force",
    made: "made",
    history: "history",
    to: " to ",
    encounters: " encounters",
    reviewed: "reviewed",
    patients: english_patients,
    institutions: " institutions",
    left_out: "left out",
    rows: " rows of the history",
    result: "result",
    engine: "engine",
    fuel: "fuel",
    no_verdict: "no verdict",
    only_new: " from the new version alone",
    not_evaluable: "not evaluable any more: ",
    misses: " misses ",
    heads: ["before", "after", "gained", "lost", "altered"],
    all: "all",
    by_department: "by department",
    kind: |kind| format!("{:<8}", kind.words().1),
    department: NO_DEPARTMENT.1,
    money: " CNY",
    page: "page",
    of_row: ["table", "key", "patient", "encounter", "institution"],
    comma: ", ",
};

const CHINESE: Words = Words {
    language: Language::Zh,
    run: "影子运行",
    beside: "比较版本",
    nothing: "无：此前没有生效版本",
    made: "运行时间",
    history: "历史记录",
    to: " 至 ",
    encounters: " 次就诊",
    reviewed: "审核范围",
    patients: chinese_patients,
    institutions: " 家机构",
    left_out: "未用数据",
    rows: " 行历史记录",
    result: "结果",
    engine: "引擎",
    fuel: "计算量",
    no_verdict: "未得结论",
    only_new: " 个仅因新版本",
    not_evaluable: "不再能评估：",
    misses: " 缺少 ",
    heads: ["现行", "新版", "新增", "减少", "变化"],
    all: "合计",
    by_department: "按科室",
    kind: |kind| format!("{}　　", kind.words().0),
    department: NO_DEPARTMENT.0,
    money: " 元",
    page: "报告页",
    of_row: ["数据表", "主键", "参保人", "就诊", "医疗机构"],
    comma: "，",
};

fn english_patients(reviewed: u64, all: u64) -> String {
    match reviewed == all {
        true => format!("{all} patients"),
        false => format!("{reviewed} of {all} patients"),
    }
}

fn chinese_patients(reviewed: u64, all: u64) -> String {
    match reviewed == all {
        true => format!("{all} 名参保人"),
        false => format!("{reviewed} 名参保人（共 {all} 名）"),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shown::Row { row, lang } => write_row(f, lang.choose(&ENGLISH, &CHINESE), &row.0),
            Shown::Report {
                report,
                asks,
                page,
                lang,
            } => {
                let words = lang.choose(&ENGLISH, &CHINESE);
                write_report(f, words, report)?;
                if let Some(asks) = asks {
                    writeln!(f, "{}", words.told(asks))?;
                }
                match page {
                    Some(page) => {
                        let label = lang.label(words.page);
                        writeln!(f, "{label} {}", page.display())
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, words: &Words, row: &ReportedRow) -> fmt::Result {
    let keys = [
        Some(row.table),
        Some(&*row.key),
        row.patient.as_deref(),
        row.encounter.as_deref(),
        row.institution.as_deref(),
    ];
    for (word, key) in words.of_row.iter().zip(keys) {
        if let Some(key) = key {
            writeln!(f, "{} {key}", words.language.label(word))?;
        }
    }
    Ok(())
}

fn write_report(f: &mut fmt::Formatter<'_>, words: &Words, report: &ShadowReport) -> fmt::Result {
    writeln!(f, "{} {}", words.run, report.new)?;
    match &report.old {
        Some(old) => words.line(f, words.beside, format_args!("{old}"))?,
        None => words.line(f, words.beside, format_args!("{}", words.nothing))?,
    }
    words.line(f, words.made, format_args!("{}", report.made))?;
    if let Some(part) = &report.reviewed {
        write_part(f, words, part)?;
    }
    let measured = measure(report);
    words.line(f, words.result, format_args!("{}", words.told(&measured)))?;
    if report.reviewed.is_some() {
        write_use(f, words, report)?;
        write_changes(f, words, report)?;
    }
    Ok(())
}

/// What was reviewed.
fn write_part(f: &mut fmt::Formatter<'_>, words: &Words, part: &ReviewedPart) -> fmt::Result {
    let (comma, encounters) = (words.comma, words.encounters);
    words.line(
        f,
        words.history,
        format_args!(
            "{}{}{}{comma}{}{encounters}",
            part.from, words.to, part.to, part.encounters
        ),
    )?;
    let patients = (words.patients)(part.patients, part.patients_in_all);
    let (institutions, word) = (part.institutions, words.institutions);
    words.line(
        f,
        words.reviewed,
        format_args!("{patients}{comma}{institutions}{word}"),
    )?;
    match part.left_out {
        0 => Ok(()),
        rows => words.line(f, words.left_out, format_args!("{rows}{}", words.rows)),
    }
}

/// What both versions used of the engine, and what they have no verdict on.
fn write_use(f: &mut fmt::Formatter<'_>, words: &Words, report: &ShadowReport) -> fmt::Result {
    let (old, new) = (report.old_engine, report.new_engine);
    words.line(
        f,
        words.engine,
        format_args!(
            "{} → {} ms{}{} → {} {}",
            old.milliseconds, new.milliseconds, words.comma, old.fuel, new.fuel, words.fuel
        ),
    )?;
    let none = report.no_verdict;
    if none.before + none.after > 0 {
        let (before, after, only) = (none.before, none.after, none.only_after);
        let (label, comma) = (words.no_verdict, words.comma);
        writeln!(
            f,
            "  {label} {before} → {after}{comma}{only}{}",
            words.only_new
        )?;
    }
    for (rule, missing) in &report.not_evaluable {
        let missing = missing.join(words.comma);
        writeln!(
            f,
            "  {}{rule}{}{missing}",
            words.not_evaluable, words.misses
        )?;
    }
    Ok(())
}

fn write_changes(f: &mut fmt::Formatter<'_>, words: &Words, report: &ShadowReport) -> fmt::Result {
    for head in words.heads {
        // A Chinese character is as wide as two columns.
        let width = match words.language {
            Language::En => 16,
            Language::Zh => 16 - head.chars().count(),
        };
        write!(f, "{head:>width$}")?;
    }
    writeln!(f)?;
    write_change(f, words.all, &report.all)?;
    for rule in &report.rules {
        write_change(f, &format!("{} {}", rule.rule, rule.title), &rule.change)?;
    }
    writeln!(f, "{}", words.by_department)?;
    for department in &report.departments {
        let name = department.department.as_deref();
        write_change(f, name.unwrap_or(words.department), &department.change)?;
    }
    let mut examples = report.examples.iter();
    examples.try_for_each(|example| write_example(f, words, example))
}

fn write_change(f: &mut fmt::Formatter<'_>, name: &str, change: &Change) -> fmt::Result {
    for tally in [
        change.before,
        change.after,
        change.gained,
        change.lost,
        change.altered,
    ] {
        write!(f, "{tally:>16}")?;
    }
    writeln!(f, "  {name}")
}

fn write_example(f: &mut fmt::Formatter<'_>, words: &Words, example: &Example) -> fmt::Result {
    let rows: Vec<String> = example.rows.iter().map(ToString::to_string).collect();
    let (kind, amount) = (
        (words.kind)(example.kind),
        format_decimal(example.amount, 2),
    );
    writeln!(
        f,
        "{kind} {} {} {}",
        example.rule,
        example.certainty.chinese(),
        example.message
    )?;
    let department = example.department.as_deref().unwrap_or(words.department);
    writeln!(
        f,
        "         {amount}{}  {department}  {}",
        words.money,
        rows.join(", ")
    )
}
