//! A comparison for the terminal.

use super::{Comparison, tables};
use crate::report::Language;
use crate::report::table::Table;
use crate::report::text::write_table;

/// The figures of the page as text.
#[must_use]
pub fn comparison_text(comparison: &Comparison, language: Language) -> String {
    let of = |table: fn(&Comparison, Language) -> Table| table(comparison, language);
    let mut text = format!("{}\n\n", language.say("两次审核对比", "Two runs compared"));
    for table in [
        of(tables::overview),
        of(tables::changes),
        of(tables::rules),
        of(tables::institutions),
        of(tables::departments),
        of(tables::examples),
    ] {
        if !table.rows.is_empty() {
            write_table(&mut text, &table, language);
        }
    }
    text
}
