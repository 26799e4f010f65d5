//! A table of a report, before it is text, a page or a sheet: the same figures in all of them.

use rulepack_contract::units::format_decimal;

use super::Language;
use crate::summary::{Patients, Sum, Tally};

/// A table with a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// By which a page and a sheet refer to it.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What is not listed, as one row.
    pub(crate) rest: Option<Vec<Cell>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
}

/// How the cells of a column are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words.
    Text,
    /// Codes, digests.
    Code,
    /// Figures.
    Number,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Count(u64),
    /// Counted, or estimated and marked so.
    Patients(Patients),
    /// Fen.
    Money(i64),
    /// Ten-thousandths.
    Share(u64),
    Nothing,
}

impl Column {
    pub(crate) fn text(title: &'static str) -> Self {
        let kind = Kind::Text;
        Column { title, kind }
    }

    pub(crate) fn code(title: &'static str) -> Self {
        let kind = Kind::Code;
        Column { title, kind }
    }

    pub(crate) fn number(title: &'static str) -> Self {
        let kind = Kind::Number;
        Column { title, kind }
    }
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    /// A code, or that none was recorded.
    pub(crate) fn recorded(code: &str, language: Language) -> Self {
        match code {
            "" => Cell::text(language.say("未记录", "not recorded")),
            code => Cell::text(code),
        }
    }

    /// For people: `12,345.60`, `约 70,000`, `12.3 %`.
    pub(crate) fn words(&self, language: Language) -> String {
        match self {
            Cell::Text(text) => text.clone(),
            Cell::Count(count) => grouped(&count.to_string()),
            Cell::Patients(patients) => {
                let about = if patients.exact {
                    ""
                } else {
                    language.say("约 ", "about ")
                };
                format!("{about}{}", grouped(&patients.count.to_string()))
            }
            Cell::Money(fen) => money(*fen),
            Cell::Share(share) => {
                let share = i64::try_from(*share).unwrap_or(i64::MAX);
                format!("{} %", format_decimal(share, 2))
            }
            Cell::Nothing => String::new(),
        }
    }

    /// By which a column of figures is sorted.
    pub(crate) fn number(&self) -> Option<i64> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        match self {
            Cell::Count(count) | Cell::Share(count) => Some(number(*count)),
            Cell::Patients(patients) => Some(number(patients.count)),
            Cell::Money(fen) => Some(*fen),
            Cell::Text(_) | Cell::Nothing => None,
        }
    }
}

/// Fen as yuan: `-1,234.50`.
pub(crate) fn money(fen: i64) -> String {
    grouped(&format_decimal(fen, 2))
}

/// Part of a whole, in ten-thousandths; 0 of nothing, and where either is below zero.
pub(crate) fn share(part: i64, whole: i64) -> u64 {
    match u64::try_from(part).ok().zip(u64::try_from(whole).ok()) {
        Some((part, whole)) if whole > 0 => {
            let share = u128::from(part) * 10_000 / u128::from(whole);
            u64::try_from(share).unwrap_or(u64::MAX)
        }
        _ => 0,
    }
}

/// Findings, money, its share of all money, patients: the columns that most tables end in.
pub(crate) fn tally_columns(language: Language) -> [Column; 4] {
    [
        Column::number(language.say("疑点数", "findings")),
        Column::number(language.say("涉及金额（元）", "money (CNY)")),
        Column::number(language.say("金额占比", "share of money")),
        Column::number(language.say("涉及人数", "patients")),
    ]
}

/// The cells of these columns.
pub(crate) fn tally_cells(tally: &Tally, all: Sum) -> [Cell; 4] {
    [
        Cell::Count(tally.sum.count),
        Cell::Money(tally.sum.amount),
        Cell::Share(share(tally.sum.amount, all.amount)),
        Cell::Patients(tally.patients),
    ]
}

/// Commas between thousands of a decimal number.
fn grouped(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", number),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut text = sign.to_owned();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_for_people() {
        let words = |cell: Cell| cell.words(Language::Chinese);
        assert_eq!(words(Cell::Count(1_234_567)), "1,234,567");
        assert_eq!(words(Cell::Money(-123_456_789)), "-1,234,567.89");
        assert_eq!(words(Cell::Money(5)), "0.05");
        assert_eq!(words(Cell::Money(i64::MIN)), "-92,233,720,368,547,758.08");
        assert_eq!(words(Cell::Share(1_234)), "12.34 %");
        let about = Patients {
            count: 70_000,
            exact: false,
        };
        assert_eq!(words(Cell::Patients(about)), "约 70,000");
        assert_eq!(
            Cell::Patients(about).words(Language::English),
            "about 70,000"
        );
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(share(1, 3), 3_333);
        assert_eq!(share(5, 0), 0);
        assert_eq!(share(-5, 10), 0);
        assert_eq!(share(i64::MAX, 1), u64::MAX);
    }
}
