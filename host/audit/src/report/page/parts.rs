//! A table as a section of the page, and a chart of its groups.

use rulepack_host::html::escape;

use super::figures;
use crate::report::Language;
use crate::report::table::{Cell, Column, Kind, Table, money};
use crate::summary::Breakdown;
use rulepack_host::html::bars::{Bar, Series, bars};

/// Groups that a chart shows; the table below it has more.
pub(super) const BARS_MAX: usize = 15;

/// A section with a chart, where there is one, and the table.
pub(crate) fn table(table: &Table, chart: &str, language: Language) -> String {
    let heads = table.columns.iter().map(|column| {
        let class = class(column);
        format!("<th{class} scope=\"col\">{}</th>", column.title)
    });
    let rows = table.rows.iter().map(|row| self::row(table, row, language));
    let foot = table
        .rest
        .as_ref()
        .map(|rest| format!("<tfoot>{}</tfoot>", row(table, rest, language)));
    let nothing = match table.rows.is_empty() && table.rest.is_none() {
        true => format!("<p>{}</p>", language.say("无", "None")),
        false => String::new(),
    };
    format!(
        "<section id=\"{}\"><h2>{}</h2>{chart}{nothing}<table class=\"sortable\"><thead><tr>{}</tr></thead>\
         <tbody>{}</tbody>{}</table></section>",
        table.id,
        table.title,
        heads.collect::<String>(),
        rows.collect::<String>(),
        foot.unwrap_or_default(),
    )
}

/// The same; nothing where the table has no row.
pub(super) fn table_if_any(of: &Table, language: Language) -> String {
    match of.rows.is_empty() {
        true => String::new(),
        false => table(of, "", language),
    }
}

/// Bars of the money of the first groups.
pub(super) fn chart_of_groups(of: &Breakdown, language: Language) -> String {
    if of.groups.len() < 2 {
        return String::new();
    }
    let series = [Series {
        class: "all",
        words: language.say("涉及金额（元）", "money (CNY)"),
    }];
    let drawn = of.groups.iter().take(BARS_MAX).map(|group| {
        let name = if group.name.is_empty() {
            &group.code
        } else {
            &group.name
        };
        let name = Cell::recorded(name, language).words(language);
        Bar {
            name: format!("{name} {}", group.institution)
                .trim_end()
                .to_owned(),
            right: vec![group.tally.sum.amount],
            left: 0,
            figure: money(group.tally.sum.amount),
        }
    });
    figures::figure(&bars(&series, None, &drawn.collect::<Vec<_>>()))
}

fn row(table: &Table, cells: &[Cell], language: Language) -> String {
    let cells = cells.iter().zip(&table.columns).map(|(cell, column)| {
        let words = escape(&cell.words(language));
        let number = cell.number().map(|number| format!(" data-v=\"{number}\""));
        let (class, number) = (class(column), number.unwrap_or_default());
        format!("<td{class}{number}>{words}</td>")
    });
    format!("<tr>{}</tr>", cells.collect::<String>())
}

fn class(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "",
        Kind::Code => " class=\"code\"",
        Kind::Number => " class=\"number\"",
    }
}
