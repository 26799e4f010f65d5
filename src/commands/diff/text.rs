//! The changes between two packs, for people.

use std::fmt;

use rulepack_protocol::pack::diff::{
    CellChange, EntryChanges, FieldChange, PackDiff, Release, RowChange, TableChange,
};
use serde_json::Value;

/// The words of one language.
pub struct Words {
    same: &'static str,
    knowledge: &'static str,
    declarations: &'static str,
    code: &'static str,
    gained: &'static str,
    lost: &'static str,
    manifest: &'static str,
    rules: &'static str,
    parameters: &'static str,
    cases: &'static str,
    table: &'static str,
    nothing: &'static str,
    rows: &'static str,
    added: &'static str,
    removed: &'static str,
    changed: &'static str,
    whole_rows: &'static str,
    not_listed: &'static str,
    colon: &'static str,
    semicolon: &'static str,
    comma: &'static str,
}

/// For `--lang en`.
pub const ENGLISH: Words = Words {
    same: "the same bytes",
    knowledge: "knowledge only: code, rules and parameters are the same",
    declarations: "the same code, other declarations",
    code: "other code",
    gained: "gains permission",
    lost: "loses permission",
    manifest: "manifest",
    rules: "rule",
    parameters: "parameter",
    cases: "case",
    table: "table",
    nothing: "nothing",
    rows: "rows",
    added: "added",
    removed: "removed",
    changed: "changed",
    whole_rows: "no common key: rows are compared whole",
    not_listed: "more rows, not listed",
    colon: ": ",
    semicolon: "; ",
    comma: ", ",
};

/// For `--lang zh`.
pub const CHINESE: Words = Words {
    same: "内容完全相同",
    knowledge: "仅知识更新：代码、规则、参数均未变",
    declarations: "代码相同，声明有变",
    code: "代码有变",
    gained: "新增权限",
    lost: "取消权限",
    manifest: "清单",
    rules: "规则",
    parameters: "参数",
    cases: "用例",
    table: "知识表",
    nothing: "无",
    rows: "行",
    added: "新增",
    removed: "删除",
    changed: "修改",
    whole_rows: "无共同主键，按整行比较",
    not_listed: "行未列出",
    colon: "：",
    semicolon: "；",
    comma: "，",
};

/// Everything that changed, one line each, below the names of the two packs.
pub fn changes(f: &mut fmt::Formatter<'_>, diff: &PackDiff, words: &Words) -> fmt::Result {
    let release = match diff.release {
        Release::Same => words.same,
        Release::Knowledge => words.knowledge,
        Release::Declarations => words.declarations,
        Release::Code => words.code,
    };
    writeln!(f, "  {release}")?;
    for import in &diff.imports_gained {
        writeln!(f, "+ {} {import}", words.gained)?;
    }
    for import in &diff.imports_lost {
        writeln!(f, "- {} {import}", words.lost)?;
    }
    for change in &diff.header {
        writeln!(f, "~ {} {}", words.manifest, field(change, words))?;
    }
    entries(f, words.rules, &diff.rules, words)?;
    entries(f, words.parameters, &diff.parameters, words)?;
    for table in &diff.tables {
        table_changes(f, table, words)?;
    }
    entries(f, words.cases, &diff.cases, words)
}

fn entries(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    changes: &EntryChanges,
    words: &Words,
) -> fmt::Result {
    for name in &changes.added {
        writeln!(f, "+ {kind} {}", shown(name))?;
    }
    for name in &changes.removed {
        writeln!(f, "- {kind} {}", shown(name))?;
    }
    for change in &changes.changed {
        for one in &change.fields {
            let (name, colon) = (shown(&change.name), words.colon);
            writeln!(f, "~ {kind} {name}{colon}{}", field(one, words))?;
        }
    }
    Ok(())
}

fn field(change: &FieldChange, words: &Words) -> String {
    let value = |value: &Option<Value>| match value {
        None | Some(Value::Null) => words.nothing.to_owned(),
        // JSON escapes whatever a terminal would obey.
        Some(value) => value.to_string(),
    };
    let (before, after) = (value(&change.before), value(&change.after));
    format!("{} {before} → {after}", shown(&change.field))
}

fn table_changes(f: &mut fmt::Formatter<'_>, table: &TableChange, words: &Words) -> fmt::Result {
    let rows = |rows: Option<u32>| rows.map_or_else(|| "–".to_owned(), |rows| rows.to_string());
    let (before, after) = (rows(table.rows_before), rows(table.rows_after));
    let counts = [
        (words.added, table.added),
        (words.removed, table.removed),
        (words.changed, table.changed),
    ];
    let counts = counts.map(|(what, count)| format!("{what} {count}"));
    writeln!(
        f,
        "~ {} {}{}{before} → {after} {}{}{}",
        words.table,
        shown(&table.name),
        words.colon,
        words.rows,
        words.semicolon,
        counts.join(words.comma),
    )?;
    for change in &table.declaration {
        writeln!(f, "    ~ {}", field(change, words))?;
    }
    if table.key.is_empty() && !table.rows.is_empty() {
        writeln!(f, "    ({})", words.whole_rows)?;
    }
    for row in &table.rows {
        writeln!(f, "    {}", row_change(row))?;
    }
    let listed = table.rows.len() as u64;
    let more = (table.added + table.removed + table.changed).saturating_sub(listed);
    match more {
        0 => Ok(()),
        more => writeln!(f, "    … {more} {}", words.not_listed),
    }
}

fn row_change(row: &RowChange) -> String {
    let cells = |cells: &[(String, String)]| -> String {
        let cells = cells.iter();
        let told: Vec<String> = cells
            .map(|(column, value)| format!("{}={}", shown(column), cell(value)))
            .collect();
        told.join(" ")
    };
    match row {
        RowChange::Added { cells: row } => format!("+ {}", cells(row)),
        RowChange::Removed { cells: row } => format!("- {}", cells(row)),
        RowChange::Changed { key, cells: row } => {
            let changed = row.iter().map(
                |CellChange {
                     column,
                     before,
                     after,
                 }| {
                    format!("{} {} → {}", shown(column), cell(before), cell(after))
                },
            );
            let changed: Vec<String> = changed.collect();
            format!("~ {}: {}", cells(key), changed.join(", "))
        }
    }
}

/// A cell; what is not recorded is a dash.
fn cell(text: &str) -> String {
    match text {
        "" => "–".to_owned(),
        text => shown(text),
    }
}

/// A text of a pack as it may stand on a terminal: control characters are escaped.
fn shown(text: &str) -> String {
    let shown = text.chars().map(|character| match character.is_control() {
        true => character.escape_default().to_string(),
        false => character.to_string(),
    });
    shown.collect()
}
