//! Bars as inline SVG: what both versions find, what is altered and gained to the right, what is lost to
//! the left.

use std::fmt::Write as _;

use rulepack_contract::units::format_decimal;

use crate::html::escape;

/// One bar: kept, altered and gained findings in a row, and lost ones on the other side.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) parts: [i64; 4],
}

const WIDTH: i64 = 900;
const NAMES: i64 = 260;
const FIGURES: i64 = 110;
const ROW: i64 = 26;
const CLASSES: [(&str, &str); 4] = [
    ("kept", "不变 · kept"),
    ("altered", "变化 · altered"),
    ("gained", "新增 · gained"),
    ("lost", "减少 · lost"),
];
/// Characters of a name that fit beside its bar.
const NAME_CHARACTERS: usize = 20;

/// The chart; figures have so many decimals.
pub(super) fn chart(bars: &[Bar], places: u32) -> String {
    let right = bars
        .iter()
        .map(|bar| sum(&bar.parts[..3]))
        .max()
        .unwrap_or(0);
    let left = bars.iter().map(|bar| bar.parts[3]).max().unwrap_or(0);
    let room = WIDTH - NAMES - FIGURES;
    let all = left.saturating_add(right).max(1);
    // In 128 bits, so that no amount overflows.
    let length = |value: i64| {
        let scaled = i128::from(value.max(0)) * i128::from(room) / i128::from(all);
        i64::try_from(scaled).unwrap_or(room)
    };
    let zero = NAMES + length(left);
    let height = i64::try_from(bars.len()).unwrap_or(0).saturating_mul(ROW) + ROW;
    let mut drawn = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">");
    legend(&mut drawn);
    for (bar, place) in bars.iter().zip(1..) {
        let top = place * ROW;
        let middle = top + ROW / 2 + 4;
        let name = escape(&shortened(&bar.name));
        let text = format!("<text x=\"0\" y=\"{middle}\">{name}</text>");
        drawn.push_str(&text);
        let lost = length(bar.parts[3]);
        rectangle(&mut drawn, 3, (zero - lost, top, lost));
        let mut start = zero;
        for (class, part) in bar.parts[..3].iter().enumerate() {
            let long = length(*part);
            rectangle(&mut drawn, class, (start, top, long));
            start += long;
        }
        let figure = figure(bar, places);
        let x = WIDTH - FIGURES + 8;
        let text = format!("<text x=\"{x}\" y=\"{middle}\">{figure}</text>");
        drawn.push_str(&text);
    }
    drawn.push_str("</svg>");
    drawn
}

fn legend(drawn: &mut String) {
    for ((class, words), place) in CLASSES.iter().zip(0_i64..) {
        let x = NAMES + place * 140;
        let written = write!(
            drawn,
            "<rect class=\"{class}\" x=\"{x}\" y=\"6\" width=\"12\" height=\"12\"/><text x=\"{}\" \
             y=\"16\">{words}</text>",
            x + 16
        );
        written.expect("a text can always grow");
    }
}

fn rectangle(drawn: &mut String, class: usize, (x, top, length): (i64, i64, i64)) {
    let (class, words) = CLASSES[class];
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

/// `+12 −3`
fn figure(bar: &Bar, places: u32) -> String {
    let [_, _, gained, lost] = bar.parts;
    let told = |value| format_decimal(value, places);
    format!("+{} −{}", told(gained), told(lost))
}

fn sum(parts: &[i64]) -> i64 {
    parts
        .iter()
        .fold(0, |sum: i64, part| sum.saturating_add(*part))
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

    #[test]
    fn what_is_lost_lies_to_the_left_of_what_is_gained() {
        let bar = Bar {
            name: "CHR-01 <超>".to_owned(),
            parts: [100, 0, 100, 200],
        };
        let drawn = chart(&[bar], 0);
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
        let whole = chart(
            &[Bar {
                name: String::new(),
                parts: [i64::MAX, i64::MAX, 0, i64::MAX],
            }],
            2,
        );
        assert!(whole.ends_with("</svg>"));
    }
}
