//! Upright bars as inline SVG, one a month, in parts.

use std::fmt::Write as _;

use rulepack_contract::units::format_decimal;
use rulepack_host::html::bars::Series;
use rulepack_host::html::escape;

/// One bar: the length of its parts, one a series; below zero counts as zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) parts: Vec<i64>,
}

const WIDTH: i64 = 900;
const LEFT: i64 = 90;
const TOP: i64 = 28;
const PLOT: i64 = 180;
const BOTTOM: i64 = 24;
/// Lines across, without that of zero.
const LINES: i64 = 4;
/// Names that fit below the bars.
const NAMES: usize = 13;

/// The chart; figures have so many decimals.
pub(super) fn columns(series: &[Series<'_>], of: &[Column], places: u32) -> String {
    let step = step(of.iter().map(sum).max().unwrap_or(0), places);
    let height = TOP + PLOT + BOTTOM;
    let mut drawn = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
    legend(&mut drawn, series);
    for line in 0..=LINES {
        let (y, x) = (TOP + PLOT - PLOT * line / LINES, LEFT - 8);
        let label = axis(step.saturating_mul(line), places);
        let grid =
            format!("<line class=\"grid\" x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>");
        add(&mut drawn, &grid);
        add(&mut drawn, &text((x, y + 4), "end", &label));
    }
    let count = i64::try_from(of.len()).unwrap_or(i64::MAX).max(1);
    let every = of.len().div_ceil(NAMES).max(1);
    for ((place, column), at) in of.iter().enumerate().zip(0_i64..) {
        let (from, to) = (
            LEFT + (WIDTH - LEFT) * at / count,
            LEFT + (WIDTH - LEFT) * (at + 1) / count,
        );
        let width = ((to - from) * 3 / 5).clamp(1, 56);
        let middle = i64::midpoint(from, to);
        let title = format!("{} {}", column.name, format_decimal(sum(column), places));
        add(&mut drawn, &format!("<g><title>{}</title>", escape(&title)));
        bar(
            &mut drawn,
            (series, column),
            (middle - width / 2, width),
            step.saturating_mul(LINES),
        );
        drawn.push_str("</g>");
        if place % every == 0 {
            add(
                &mut drawn,
                &text((middle, TOP + PLOT + 18), "middle", &column.name),
            );
        }
    }
    drawn.push_str("</svg>");
    drawn
}

fn sum(column: &Column) -> i64 {
    let parts = column.parts.iter();
    parts.fold(0, |sum, part| sum.saturating_add((*part).max(0)))
}

/// The parts of a bar on each other; one of length `top` is as high as the plot.
fn bar(
    drawn: &mut String,
    (series, column): (&[Series<'_>], &Column),
    (x, width): (i64, i64),
    top: i64,
) {
    let mut y = TOP + PLOT;
    for (series, part) in series.iter().zip(&column.parts) {
        // In 128 bits, so that no amount overflows.
        let long = i128::from((*part).max(0)) * i128::from(PLOT) / i128::from(top.max(1));
        let long = i64::try_from(long).unwrap_or(PLOT);
        y -= long;
        if long > 0 {
            let class = series.class;
            add(
                drawn,
                &format!(
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{long}\"/>"
                ),
            );
        }
    }
}

fn text((x, y): (i64, i64), anchor: &str, words: &str) -> String {
    let words = escape(words);
    format!("<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{words}</text>")
}

fn legend(drawn: &mut String, series: &[Series<'_>]) {
    for (Series { class, words }, place) in series.iter().zip(0_i64..) {
        let (x, words) = (LEFT + place * 120, escape(words));
        let text = x + 16;
        add(
            drawn,
            &format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"2\" width=\"12\" height=\"12\"/><text x=\"{text}\" y=\"12\">{words}</text>"
            ),
        );
    }
}

/// The distance of two lines: 1, 2 or 5 and noughts of whole units, the least with which the largest bar fits.
fn step(largest: i64, places: u32) -> i64 {
    let mut unit = 10_i64.saturating_pow(places);
    loop {
        for times in [1, 2, 5] {
            let step = unit.saturating_mul(times);
            if step.saturating_mul(LINES) >= largest {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

/// A figure of the axis without decimals, with `万` for ten thousands.
fn axis(value: i64, places: u32) -> String {
    let whole = value / 10_i64.saturating_pow(places);
    match whole {
        10_000.. => format!("{}万", rulepack_contract::units::format_short(whole, 4)),
        _ => whole.to_string(),
    }
}

fn add(drawn: &mut String, markup: &str) {
    drawn.write_str(markup).expect("a text can always grow");
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERIES: [Series<'_>; 2] = [
        Series {
            class: "violation",
            words: "明确违规",
        },
        Series {
            class: "high",
            words: "高度可疑",
        },
    ];

    #[test]
    fn parts_stand_on_each_other_and_names_are_escaped() {
        let column = Column {
            name: "<2026>".to_owned(),
            parts: vec![200, 100],
        };
        let drawn = columns(&SERIES, &[column], 0);
        // 300 of 400 are 135 of 180 high.
        for part in [
            "class=\"violation\" x=\"467\" y=\"118\" width=\"56\" height=\"90\"",
            "class=\"high\" x=\"467\" y=\"73\" width=\"56\" height=\"45\"",
            "<title>&lt;2026&gt; 300</title>",
            ">400</text>",
        ] {
            assert!(drawn.contains(part), "{part}: {drawn}");
        }
    }

    #[test]
    fn any_amount_can_be_drawn() {
        assert_eq!((step(0, 2), step(4, 0), step(5, 0)), (100, 1, 2));
        assert_eq!(axis(1_250_000_000, 2), "1250万");
        let column = Column {
            name: String::new(),
            parts: vec![i64::MAX, i64::MIN],
        };
        assert!(columns(&SERIES, &[column], 2).ends_with("</svg>"));
        assert!(columns(&SERIES, &[], 0).ends_with("</svg>"));
    }
}
