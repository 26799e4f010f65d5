//! A report for the terminal.

use std::fmt::Write as _;

use super::table::{Kind, Table};
use super::{Language, Report, tables};

/// The figures of the page as text. Characters that steer a terminal are replaced.
#[must_use]
pub fn text(report: &Report, language: Language) -> String {
    let mut text = format!("{}\n\n", plain(&report.title(language)));
    for exceeded in &report.exceeded {
        line(&mut text, &format!("! {}", exceeded.words(language)));
    }
    for words in report.facts.choice.words(language) {
        line(&mut text, &format!("! {}", plain(&words)));
    }
    let of = |table: fn(&Report, Language) -> Table| table(report, language);
    for table in [
        of(tables::overview),
        of(tables::no_verdict),
        of(tables::months),
        of(tables::certainties),
        of(tables::behaviours),
        of(tables::rules),
        of(tables::institutions),
        of(tables::departments),
        of(tables::doctors),
        of(tables::items),
        of(tables::not_evaluable),
        of(tables::not_used),
        of(tables::rejected),
        of(tables::packs),
    ] {
        if !table.rows.is_empty() || table.rest.is_some() {
            write_table(&mut text, &table, language);
        }
    }
    let files = report.facts.files.join(", ");
    if !files.is_empty() {
        let all = language.say("完整清单", "full lists");
        line(&mut text, &format!("{all}: {}", plain(&files)));
    }
    text
}

/// A table with its columns aligned, Chinese characters counted as two.
pub(crate) fn write_table(text: &mut String, table: &Table, language: Language) {
    let heads = table.columns.iter().map(|column| column.title.to_owned());
    let rows = table.rows.iter().chain(&table.rest).map(|row| {
        let cells = row.iter().map(|cell| plain(&cell.words(language)));
        cells.collect::<Vec<_>>()
    });
    let lines: Vec<Vec<String>> = std::iter::once(heads.collect()).chain(rows).collect();
    let widths: Vec<usize> = (0..table.columns.len())
        .map(|at| {
            lines
                .iter()
                .filter_map(|line| line.get(at))
                .map(|cell| width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    line(text, table.title);
    for cells in lines {
        let mut written = String::new();
        for ((cell, column), wide) in cells.iter().zip(&table.columns).zip(&widths) {
            let padding = " ".repeat(wide.saturating_sub(width(cell)));
            written.push_str("  ");
            match column.kind {
                Kind::Number => written.extend([padding.as_str(), cell]),
                Kind::Text | Kind::Code => written.extend([cell, padding.as_str()]),
            }
        }
        line(text, written.trim_end());
    }
    text.push('\n');
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("a text can always grow");
}

/// The text without characters that steer a terminal, or turn the direction of what follows.
pub(crate) fn plain(text: &str) -> String {
    let steers = |character: char| {
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        character.is_control() || turns
    };
    text.chars()
        .map(|character| {
            if steers(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// Columns that a terminal gives to a text.
fn width(text: &str) -> usize {
    let is_wide = |character: char| {
        matches!(character, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
    };
    text.chars()
        .map(|character| 1 + usize::from(is_wide(character)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::{Cell, Column};

    #[test]
    fn columns_are_aligned_with_chinese_and_latin_letters() {
        let table = Table {
            id: "t",
            title: "按科室",
            columns: vec![Column::text("科室"), Column::number("疑点数")],
            rows: vec![
                vec![Cell::text("骨科"), Cell::Count(1_000)],
                vec![Cell::text("ICU\u{1b}[31m"), Cell::Count(7)],
            ],
            rest: None,
        };
        let mut text = String::new();
        write_table(&mut text, &table, Language::Chinese);
        let expected =
            "按科室\n  科室      疑点数\n  骨科       1,000\n  ICU\u{fffd}[31m       7\n\n";
        assert_eq!(text, expected);
    }
}
