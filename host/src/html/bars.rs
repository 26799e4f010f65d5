//! Bars as inline SVG: the parts of each in a row to the right, and where a series lies on the other side,
//! that one to the left.

use std::fmt::Write as _;

use super::escape;

/// One part of every bar. The class gives its colour, by the style of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series<'a> {
    /// Class of its rectangles.
    pub class: &'static str,
    /// What the legend calls it.
    pub words: &'a str,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// What stands before it; cut after [`NAME_CHARACTERS`].
    pub name: String,
    /// Lengths of the parts to the right, one a series; below zero counts as zero.
    pub right: Vec<i64>,
    /// Length of the part to the left.
    pub left: i64,
    /// What stands after it.
    pub figure: String,
}

/// Characters of a name that fit beside its bar.
pub const NAME_CHARACTERS: usize = 20;

const WIDTH: i64 = 900;
const NAMES: i64 = 260;
const FIGURES: i64 = 110;
const ROW: i64 = 26;

/// The chart of all bars, drawn to one scale.
#[must_use]
pub fn bars(series: &[Series<'_>], left: Option<Series<'_>>, bars: &[Bar]) -> String {
    let longest = |length: fn(&Bar) -> i64| bars.iter().map(length).max().unwrap_or(0).max(0);
    let to_left = longest(|bar| bar.left);
    let to_right = longest(|bar| {
        bar.right
            .iter()
            .fold(0, |sum, part| sum.saturating_add((*part).max(0)))
    });
    let room = WIDTH - NAMES - FIGURES;
    let all = to_left.saturating_add(to_right).max(1);
    // In 128 bits, so that no amount overflows.
    let length = |value: i64| {
        let scaled = i128::from(value.max(0)) * i128::from(room) / i128::from(all);
        i64::try_from(scaled).unwrap_or(room)
    };
    let zero = NAMES + length(to_left);
    let height = i64::try_from(bars.len()).unwrap_or(0).saturating_mul(ROW) + ROW;
    let mut drawn = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
    legend(&mut drawn, series.iter().chain(&left));
    for (bar, place) in bars.iter().zip(1..) {
        let top = place * ROW;
        let middle = top + ROW / 2 + 4;
        text(&mut drawn, (0, middle), &shortened(&bar.name));
        if let Some(series) = left {
            let long = length(bar.left);
            rectangle(&mut drawn, series, (zero - long, top, long));
        }
        let mut start = zero;
        for (series, part) in series.iter().zip(&bar.right) {
            let long = length(*part);
            rectangle(&mut drawn, *series, (start, top, long));
            start += long;
        }
        text(&mut drawn, (WIDTH - FIGURES + 8, middle), &bar.figure);
    }
    drawn.push_str("</svg>");
    drawn
}

fn legend<'a>(drawn: &mut String, series: impl Iterator<Item = &'a Series<'a>>) {
    for (Series { class, words }, place) in series.zip(0_i64..) {
        let x = NAMES + place * 140;
        let written = write!(
            drawn,
            "<rect class=\"{class}\" x=\"{x}\" y=\"6\" width=\"12\" height=\"12\"/>"
        );
        written.expect("a text can always grow");
        text(drawn, (x + 16, 16), words);
    }
}

fn text(drawn: &mut String, (x, y): (i64, i64), words: &str) {
    let words = escape(words);
    let written = write!(drawn, "<text x=\"{x}\" y=\"{y}\">{words}</text>");
    written.expect("a text can always grow");
}

fn rectangle(drawn: &mut String, series: Series<'_>, (x, top, length): (i64, i64, i64)) {
    let (class, words) = (series.class, escape(series.words));
    if length > 0 {
        let (y, height) = (top + 4, ROW - 8);
        let written = write!(
            drawn,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{length}\" height=\"{height}\">\
             <title>{words}</title></rect>"
        );
        written.expect("a text can always grow");
    }
}

fn shortened(name: &str) -> String {
    match name.chars().count() > NAME_CHARACTERS {
        true => name
            .chars()
            .take(NAME_CHARACTERS - 1)
            .chain(['…'])
            .collect(),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: Series<'_> = Series {
        class: "kept",
        words: "不变",
    };
    const GAINED: Series<'_> = Series {
        class: "gained",
        words: "新增",
    };
    const LOST: Series<'_> = Series {
        class: "lost",
        words: "减少",
    };

    #[test]
    fn what_is_lost_lies_to_the_left_of_what_is_gained() {
        let bar = Bar {
            name: "CHR-01 <超>".to_owned(),
            right: vec![100, 100],
            left: 200,
            figure: "+100 −200".to_owned(),
        };
        let drawn = bars(&[KEPT, GAINED], Some(LOST), &[bar]);
        // 530 wide in all, lost and the rest as long as each other.
        for part in [
            "class=\"lost\" x=\"260\" y=\"30\" width=\"265\"",
            "class=\"kept\" x=\"525\" y=\"30\" width=\"132\"",
            "class=\"gained\" x=\"657\" y=\"30\" width=\"132\"",
            ">+100 −200<",
            "CHR-01 &lt;超&gt;",
        ] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
        let whole = Bar {
            name: String::new(),
            right: vec![i64::MAX, i64::MAX],
            left: i64::MAX,
            figure: String::new(),
        };
        assert!(bars(&[KEPT, GAINED], Some(LOST), &[whole]).ends_with("</svg>"));
    }

    #[test]
    fn without_a_left_series_every_bar_begins_at_the_names() {
        let bar = Bar {
            name: "内科".to_owned(),
            right: vec![1, 0],
            left: 0,
            figure: String::new(),
        };
        let drawn = bars(&[KEPT, GAINED], None, &[bar]);
        assert!(
            drawn.contains("class=\"kept\" x=\"260\" y=\"30\" width=\"530\""),
            "{drawn}"
        );
        assert!(!drawn.contains("class=\"lost\""), "{drawn}");
    }
}
