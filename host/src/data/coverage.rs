//! `coverage.csv`: what the files cover, one line a table.

use std::path::Path;

use rulepack_contract::data::{Coverage, DataBuilder, Presence, Reach};
use rulepack_contract::schema::{self, TableId};
use rulepack_contract::units;

use super::error::{DataError, nearest};
use super::table_file::{fault, is_blank, open};

/// Name of the file.
pub(super) const FILE: &str = "coverage.csv";

const COLUMNS: [&str; 4] = ["table", "presence", "history_start", "reach"];
const PRESENCES: &str = "`absent`, `partial` or `complete`";
const REACHES: &str = "`institution`, `pooling-area` or `province`, the same on every line";
const TABLES: &str = "the name of a table of the contract";
const DAY: &str = "a day such as `2026-11-22`, or nothing";

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct CoverageFile {
    tables: Vec<(TableId, Coverage)>,
    reach: Option<Reach>,
}

impl CoverageFile {
    /// Tells a builder, to which all columns were declared.
    pub fn tell(&self, builder: &mut DataBuilder) {
        for (table, coverage) in &self.tables {
            builder.cover(*table, *coverage);
        }
        if let Some(reach) = self.reach {
            builder.reach(reach);
        }
    }
}

/// Reads the file.
///
/// # Errors
/// [`DataError`]: what the data covers decides what is evidence, so that nothing here is left out quietly.
pub fn read_coverage(path: &Path) -> Result<CoverageFile, DataError> {
    let mut told = CoverageFile::default();
    let mut reader = open(path)?;
    let header = reader.headers().map_err(|error| fault(path, error, 1))?;
    let places = places(path, header)?;
    for (line, record) in (2_u64..).zip(reader.records()) {
        let record = record.map_err(|error| fault(path, error, line))?;
        if is_blank(&record) {
            continue;
        }
        let line = record.position().map_or(line, csv::Position::line);
        let cell = |column: usize| {
            let place = places.iter().position(|place| *place == column);
            place
                .and_then(|place| record.get(place))
                .unwrap_or_default()
                .trim()
        };
        let wrong = |column: usize, expected| DataError::Coverage {
            path: path.to_owned(),
            line,
            column: COLUMNS[column],
            value: cell(column).chars().take(60).collect(),
            expected,
        };
        let table = schema::table(cell(0)).ok_or_else(|| wrong(0, TABLES))?;
        let presence = presence(cell(1)).ok_or_else(|| wrong(1, PRESENCES))?;
        let history_start = match cell(2) {
            "" => units::NOT_RECORDED_S32,
            day => units::parse_day(day).map_err(|_| wrong(2, DAY))?,
        };
        let coverage = Coverage {
            presence,
            history_start,
        };
        told.tables.push((table, coverage));
        if !cell(3).is_empty() {
            let reach = reach(cell(3)).ok_or_else(|| wrong(3, REACHES))?;
            if *told.reach.get_or_insert(reach) != reach {
                return Err(wrong(3, REACHES));
            }
        }
    }
    Ok(told)
}

fn places(path: &Path, header: &csv::StringRecord) -> Result<Vec<usize>, DataError> {
    let mut places = Vec::new();
    for name in header.iter().map(str::trim) {
        let place = COLUMNS.iter().position(|column| *column == name);
        let place = place.ok_or_else(|| DataError::UnknownColumn {
            path: path.to_owned(),
            table: "coverage",
            column: name.chars().take(60).collect(),
            nearest: nearest(name, COLUMNS.into_iter()),
        })?;
        if places.contains(&place) {
            return Err(DataError::ColumnTwice {
                path: path.to_owned(),
                column: name.to_owned(),
            });
        }
        places.push(place);
    }
    for (place, purpose) in [
        (0, "which table is meant"),
        (1, "whether its rows are all there"),
    ] {
        if !places.contains(&place) {
            return Err(DataError::MissingColumn {
                path: path.to_owned(),
                column: COLUMNS[place],
                purpose,
            });
        }
    }
    Ok(places)
}

fn presence(text: &str) -> Option<Presence> {
    Some(match text {
        "absent" => Presence::Absent,
        "partial" => Presence::Partial,
        "complete" => Presence::Complete,
        _ => return None,
    })
}

fn reach(text: &str) -> Option<Reach> {
    Some(match text {
        "institution" => Reach::Institution,
        "pooling-area" => Reach::PoolingArea,
        "province" => Reach::Province,
        _ => return None,
    })
}
