//! A curve drawn as SVG that needs nothing else.

use std::fmt::Write as _;

use rulepack_host::html::escape;

use super::{Axis, Curve, Line, Scale, Series};

const WIDTH: f64 = 776.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 60.0;
/// Told apart by those who do not see colours too (Okabe and Ito).
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"];

/// The drawing.
#[must_use]
pub fn draw(curve: &Curve) -> String {
    let points = || curve.series.iter().flat_map(|series| &series.points);
    let across = Ruler::new(
        &curve.x,
        points().map(|point| point.x),
        (LEFT, WIDTH - RIGHT),
    );
    let values = points().flat_map(|point| [point.y.low, point.y.high]);
    let up = Ruler::new(&curve.y, values, (HEIGHT - BOTTOM, TOP));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\"><title>{title}</title>\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n",
        title = escape(&curve.title)
    );
    text(
        &mut svg,
        (LEFT, 22.0),
        ("start", "font-weight=\"bold\""),
        &curve.title,
    );
    for mark in across.marks() {
        let x = across.at(mark);
        stroke(&mut svg, [(x, TOP), (x, HEIGHT - BOTTOM)], "#ddd", "");
        text(
            &mut svg,
            (x, HEIGHT - BOTTOM + 18.0),
            ("middle", ""),
            &number(mark),
        );
    }
    for mark in up.marks() {
        let y = up.at(mark);
        stroke(&mut svg, [(LEFT, y), (WIDTH - RIGHT, y)], "#ddd", "");
        text(&mut svg, (LEFT - 8.0, y + 4.0), ("end", ""), &number(mark));
    }
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    text(
        &mut svg,
        (middle, HEIGHT - 14.0),
        ("middle", ""),
        &curve.x.label,
    );
    text(&mut svg, (8.0, TOP - 8.0), ("start", ""), &curve.y.label);
    for (place, (series, colour)) in curve.series.iter().zip(COLOURS.iter().cycle()).enumerate() {
        series_of(&mut svg, series, (&across, &up), colour);
        // Beside each other above the drawing, to its right.
        let x = middle + (place % 2) as f64 * 180.0;
        let y = TOP - 8.0 - (place / 2) as f64 * 16.0;
        stroke(
            &mut svg,
            [(x, y - 4.0), (x + 22.0, y - 4.0)],
            colour,
            "stroke-width=\"2\"",
        );
        text(&mut svg, (x + 28.0, y), ("start", ""), &series.name);
    }
    svg.push_str("</svg>\n");
    svg
}

/// The points with their intervals, the way between them, and the straight line where there is one.
fn series_of(svg: &mut String, series: &Series, (across, up): (&Ruler, &Ruler), colour: &str) {
    let places = series.points.iter();
    let places: Vec<(f64, f64)> = places
        .map(|point| (across.at(point.x), up.at(point.y.median)))
        .collect();
    for way in places.windows(2) {
        if let [from, to] = way {
            stroke(svg, [*from, *to], colour, "stroke-width=\"2\"");
        }
    }
    for (point, (x, y)) in series.points.iter().zip(&places) {
        let ends = [(*x, up.at(point.y.low)), (*x, up.at(point.y.high))];
        stroke(svg, ends, colour, "");
        let told = format!("{}: {}", number(point.x), number(point.y.median));
        let dot = format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{told}</title></circle>\n"
        );
        svg.push_str(&dot);
    }
    if let Some(line) = series.line {
        let ends = across.steps().map(|x| (x, line.at(x)));
        let ends: Vec<(f64, f64)> = ends.map(|(x, y)| (across.at(x), up.at(y))).collect();
        for way in ends.windows(2) {
            if let [from, to] = way {
                stroke(svg, [*from, *to], colour, "stroke-dasharray=\"5 4\"");
            }
        }
    }
}

impl Line {
    fn at(self, x: f64) -> f64 {
        self.a + self.b * x
    }
}

/// From the values of an axis to places of the drawing.
struct Ruler {
    scale: Scale,
    from: f64,
    to: f64,
    ends: (f64, f64),
}

impl Ruler {
    fn new(axis: &Axis, values: impl Iterator<Item = f64>, ends: (f64, f64)) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        let (from, to) = match axis.scale {
            Scale::Linear => (0.0, round_up(high.max(f64::MIN_POSITIVE))),
            Scale::Logarithmic => {
                let decade = |value: f64| value.max(1e-9).log10();
                let from = 10_f64.powf(decade(low.min(high)).floor());
                (from, 10_f64.powf(decade(high).ceil()).max(from * 10.0))
            }
        };
        Ruler {
            scale: axis.scale,
            from,
            to,
            ends,
        }
    }

    fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => value / self.to,
            Scale::Logarithmic => {
                let value = value.max(self.from);
                (value / self.from).log10() / (self.to / self.from).log10()
            }
        };
        let (start, end) = self.ends;
        start + share.clamp(0.0, 1.0) * (end - start)
    }

    /// Where lines and figures stand.
    fn marks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => (0..=5)
                .map(|step| self.to * f64::from(step) / 5.0)
                .collect(),
            Scale::Logarithmic => {
                let decades = (self.to / self.from).log10().round() as i32;
                (0..=decades)
                    .map(|step| self.from * 10_f64.powi(step))
                    .collect()
            }
        }
    }

    /// Values a little apart, from one end to the other.
    fn steps(&self) -> impl Iterator<Item = f64> {
        (0..=60).map(|step| {
            let share = f64::from(step) / 60.0;
            match self.scale {
                Scale::Linear => self.to * share,
                Scale::Logarithmic => self.from * (self.to / self.from).powf(share),
            }
        })
    }
}

/// The next of 1, 2, 2.5, 4, 5 and 10 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 4.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= value)
        .unwrap_or(value)
}

/// A number as people read it, with three places that count, thousands apart.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        value if value == 0.0 || value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        value => (2.0 - value.log10().floor()) as usize,
    };
    let text = format!("{value:.digits$}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = part.trim_end_matches('0');
    let mut told = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && digit != '-' {
            told.push(',');
        }
        told.push(digit);
    }
    match part {
        "" => told,
        part => format!("{told}.{part}"),
    }
}

fn stroke(svg: &mut String, [from, to]: [(f64, f64); 2], colour: &str, more: &str) {
    let written = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" {more}/>",
        from.0, from.1, to.0, to.1
    );
    written.expect("a text can grow");
}

fn text(svg: &mut String, (x, y): (f64, f64), (anchor, more): (&str, &str), words: &str) {
    let words = escape(words);
    let written = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#222\" {more}>{words}</text>"
    );
    written.expect("a text can grow");
}

#[cfg(test)]
mod tests {
    use super::super::{Point, linear, logarithmic};
    use super::*;
    use crate::timing::Median;

    fn point(x: f64, y: f64) -> Point {
        let y = Median {
            median: y,
            low: y,
            high: y,
        };
        Point { x, y }
    }

    fn curve(x: Axis) -> Curve {
        let points = vec![point(1.0, 10.0), point(100.0, 20.0)];
        let line = Line::through(&points);
        Curve {
            name: "c".to_owned(),
            title: "a < b".to_owned(),
            x,
            y: linear("µs"),
            series: vec![Series {
                name: "s".to_owned(),
                points,
                line,
            }],
        }
    }

    #[test]
    fn points_lie_where_their_axes_say() {
        let drawn = draw(&curve(logarithmic("n")));
        // Two decades over 656: the ends. Of 20 over 316 from below: half and all.
        for dot in ["cx=\"80.0\" cy=\"222.0\"", "cx=\"736.0\" cy=\"64.0\""] {
            assert!(drawn.contains(dot), "{dot}: {drawn}");
        }
        let drawn = draw(&curve(linear("n")));
        assert!(drawn.contains("cx=\"86.6\" cy=\"222.0\""), "{drawn}");
        assert!(drawn.contains("<title>a &lt; b</title>"), "{drawn}");
        assert!(drawn.contains("stroke-dasharray"), "{drawn}");
    }

    #[test]
    fn numbers_have_three_places_that_count() {
        let told = [0.0, 1.0, 0.01234, 1.256, 12.56, 125.6, 1_000_000.0].map(number);
        assert_eq!(
            told,
            ["0", "1", "0.0123", "1.26", "12.6", "126", "1,000,000"]
        );
    }
}
