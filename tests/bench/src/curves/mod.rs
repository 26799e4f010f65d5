//! Curves: how a figure grows with what it depends on, as JSON, as a table and as a drawing.

pub mod chart;
pub mod knowledge;
pub mod memory;

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::packs;
use crate::timing::Median;

/// A drawing: series over one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The name of its file.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What is varied.
    pub x: Axis,
    /// What is measured.
    pub y: Axis,
    /// One line each.
    pub series: Vec<Series>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What is on it, with its unit.
    pub label: String,
    /// How it is divided.
    pub scale: Scale,
}

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// From nothing on, evenly.
    Linear,
    /// By powers of ten.
    Logarithmic,
}

/// A line of a drawing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What the legend calls it.
    pub name: String,
    /// In ascending order.
    pub points: Vec<Point>,
    /// The straight line through them, where they are said to lie on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<Line>,
}

/// A measured point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Where.
    pub x: f64,
    /// What was measured there.
    #[serde(flatten)]
    pub y: Median,
}

/// `a + b · x`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What there is of it in any case.
    pub a: f64,
    /// What comes with each.
    pub b: f64,
}

/// An axis divided evenly.
#[must_use]
pub fn linear(label: &str) -> Axis {
    Axis {
        label: label.to_owned(),
        scale: Scale::Linear,
    }
}

/// An axis by powers of ten.
#[must_use]
pub fn logarithmic(label: &str) -> Axis {
    Axis {
        scale: Scale::Logarithmic,
        ..linear(label)
    }
}

impl Series {
    /// A series of these points.
    #[must_use]
    pub fn new(name: &str, points: impl IntoIterator<Item = (f64, Median)>) -> Self {
        let points = points.into_iter().map(|(x, y)| Point { x, y });
        Series {
            name: name.to_owned(),
            points: points.collect(),
            line: None,
        }
    }

    /// The same with the straight line through its points.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        self.line = Line::through(&self.points);
        self
    }
}

impl Line {
    /// The line from which the points are the least away, each in parts of itself: so that small ones count as much as
    /// large ones. `None` for fewer than two.
    #[must_use]
    pub fn through(points: &[Point]) -> Option<Self> {
        let mut sums = [0.0; 5];
        for Point { x, y } in points {
            let weight = y.median.powi(-2);
            let terms = [1.0, *x, x * x, y.median, x * y.median];
            for (sum, term) in sums.iter_mut().zip(terms) {
                *sum += weight * term;
            }
        }
        let [n, x, xx, y, xy] = sums;
        let divisor = n * xx - x * x;
        let b = (n * xy - x * y) / divisor;
        let a = (y - b * x) / n;
        (points.len() > 1 && b.is_finite()).then_some(Line { a, b })
    }
}

/// The JSON in the folder `bench` of the target folder.
#[must_use]
pub fn file() -> PathBuf {
    packs::target_folder().join("bench").join("curves.json")
}

/// Prints tables, and writes the curves as JSON into the folder `bench` of the target folder.
///
/// # Panics
/// Where the target folder cannot be written to.
pub fn tell(curves: &[Curve]) {
    for curve in curves {
        println!("\n{}", table(curve));
    }
    let file = file();
    let folder = file.parent().unwrap_or(&file);
    fs::create_dir_all(folder).expect("the target folder can be written to");
    let json = serde_json::to_string_pretty(curves).expect("curves are plain numbers");
    fs::write(&file, json).expect("the target folder can be written to");
    println!("\nwritten to {}", file.display());
}

/// The points as a table, and the lines below it.
fn table(curve: &Curve) -> String {
    let mut text = format!("### {}\n\n| {} |", curve.title, curve.x.label);
    let mut places: Vec<f64> = Vec::new();
    for series in &curve.series {
        push(&mut text, format_args!(" {} |", series.name));
        places.extend(series.points.iter().map(|point| point.x));
    }
    push(
        &mut text,
        format_args!("\n|{}", "---|".repeat(curve.series.len() + 1)),
    );
    places.sort_by(f64::total_cmp);
    places.dedup();
    for x in places {
        push(&mut text, format_args!("\n| {} |", chart::number(x)));
        for series in &curve.series {
            let point = series.points.iter().find(|point| point.x == x);
            let told = point.map_or_else(String::new, |point| chart::number(point.y.median));
            push(&mut text, format_args!(" {told} |"));
        }
    }
    push(&mut text, format_args!("\n\n{}", curve.y.label));
    for series in &curve.series {
        if let Some(Line { a, b }) = series.line {
            let (a, b) = (chart::number(a), chart::number(b));
            push(&mut text, format_args!("; {}: {a} + {b} · n", series.name));
        }
    }
    text
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a text can grow");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_again_and_small_points_count_as_much_as_large_ones() {
        let at = |x: f64, y: f64| Point {
            x,
            y: Median {
                median: y,
                low: y,
                high: y,
            },
        };
        let exact: Vec<Point> = [1.0, 10.0, 5_000.0].map(|x| at(x, 12.5 + 0.25 * x)).into();
        let line = Line::through(&exact).unwrap();
        assert!((line.a - 12.5).abs() < 1e-6 && (line.b - 0.25).abs() < 1e-9);
        let mut off = exact;
        off.push(at(1_000_000.0, 200_000.0));
        let line = Line::through(&off).unwrap();
        assert!((12.0..14.0).contains(&line.a), "{line:?}");
        assert_eq!(Line::through(&off[..1]), None);
    }
}
