//! The native request: tables of the contract as JSON, for callers whose data is more than 3101 has fields for.
//!
//! ```json
//! {
//!   "stage": "before",
//!   "scenes": ["2"],
//!   "tables": {
//!     "patients":   [{"patient": "P1", "pooling-areas": "3703"}],
//!     "encounters": [{"encounter": "E1", "patients": "P1", "current": 1}],
//!     "orders":     [{"order": "O1", "encounters": "E1", "current": 1, "amounts": 98.00}]
//!   },
//!   "coverage": {"care-records": {"presence": "partial", "history_start": "2026-01-01"}},
//!   "reach": "institution",
//!   "history": true,
//!   "period": {"first": "2026-01-01", "last": "2026-06-30"}
//! }
//! ```
//!
//! Only `stage` and `tables` must be there. Values are written as in the CSV files, as texts or as numbers, which
//! are read from the very characters; `true` and `false` are flags; null, and an empty text, are "not recorded".
//! A row names the rows that it belongs to by their keys. A table that is not named is not recorded.

use std::collections::BTreeSet;

use rulepack_contract::data::{Coverage, DataBuilder, Presence, Reach};
use rulepack_contract::review::Stage;
use rulepack_contract::schema::{self, Kind, TableId};
use rulepack_contract::units;

use super::call::{Brought, Call, RequestError, refuse_faults};
use super::checks;
use super::national::names::Names;
use super::national::node::{Node, Place};

const STAGES: &str = "`before`, `during` or `after`";
const TABLES: &str = "an object of lists of rows, each under the name of a table of the contract";
const ROW: &str = "an object with columns of its table only";
const FIELDS: &str = "an object with `stage`, `scenes`, `tables`, `coverage`, `reach`, `history` and \
                      `period` only";
const COVERAGE: &str = "an object with `presence` and `history_start` under the name of each table";
const PRESENCES: &str = "`absent`, `partial` or `complete`";
const REACHES: &str = "`institution`, `pooling-area` or `province`";
const KEY: &str = "a key";
const DAY: &str = "a day such as `2026-11-22`";
const PERIOD: &str = "an object with the days `first` and `last`, in this order";
const FLAG: &str = "`true` or `false`";

/// A request whose frame is sound.
#[derive(Debug)]
pub struct NativeRequest {
    stage: Stage,
    scenes: Vec<String>,
    period: Option<(i32, i32)>,
    wants_history: bool,
    node: Node,
    names: Names,
}

impl NativeRequest {
    /// By which journal and metrics call it.
    pub const INFNO: &'static str = "check";

    /// Reads the frame; rows are read by [`Call::fill`].
    ///
    /// # Errors
    /// [`RequestError`] where the text is no JSON, or a field is not as expected.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let (node, names) = (Node::parse(text)?, Names::default());
        let root = Place::root(&node, &names).object()?;
        let known = [
            "stage", "scenes", "tables", "coverage", "reach", "history", "period",
        ];
        if !root.has_only(|name| known.contains(&name)) {
            return Err(root.unexpected(FIELDS));
        }
        let stage = match root.field("stage").required(STAGES)? {
            "before" => Stage::Before,
            "during" => Stage::During,
            "after" => Stage::After,
            _ => return Err(root.field("stage").unexpected(STAGES)),
        };
        let scenes = root.field("scenes").texts("a list of texts")?;
        let wants_history = match root.field("history").text()? {
            None | Some("" | "true") => true,
            Some("false") => false,
            Some(_) => return Err(root.field("history").unexpected(FLAG)),
        };
        Ok(NativeRequest {
            stage,
            scenes,
            period: period(&root.field("period"))?,
            wants_history,
            node,
            names,
        })
    }

    fn root(&self) -> Place<'_> {
        Place::root(&self.node, &self.names)
    }

    fn tables(&self) -> Result<Vec<(TableId, Vec<Place<'_>>)>, RequestError> {
        let tables = self.root().field("tables").object()?;
        named(&tables, TABLES)?
            .into_iter()
            .map(|(table, place)| Ok((table, place.list()?)))
            .collect()
    }

    fn cover(&self, builder: &mut DataBuilder) -> Result<(), RequestError> {
        let coverage = self.root().field("coverage");
        if coverage.is_there() {
            for (table, place) in named(&coverage.object()?, COVERAGE)? {
                builder.cover(table, read_coverage(&place.object()?)?);
            }
        }
        let reach = self.root().field("reach");
        match reach.text()?.unwrap_or_default() {
            "" => {}
            "institution" => builder.reach(Reach::Institution),
            "pooling-area" => builder.reach(Reach::PoolingArea),
            "province" => builder.reach(Reach::Province),
            _ => return Err(reach.unexpected(REACHES)),
        }
        Ok(())
    }
}

impl Call for NativeRequest {
    fn infno(&self) -> &'static str {
        Self::INFNO
    }

    fn stage(&self) -> Stage {
        self.stage
    }

    fn scenes(&self) -> &[String] {
        &self.scenes
    }

    fn care_division(&self) -> Option<&str> {
        None
    }

    fn period(&self) -> Option<(i32, i32)> {
        self.period
    }

    fn wants_history(&self) -> bool {
        self.wants_history
    }

    fn patients(&self) -> Result<Vec<&str>, RequestError> {
        let patients = self.root().field("tables").field("patients").list()?;
        let keys = patients
            .iter()
            .map(|row| row.field("patient").required(KEY));
        let keys: BTreeSet<&str> = keys.collect::<Result<_, _>>()?;
        Ok(keys.into_iter().collect())
    }

    fn fill(&self, builder: &mut DataBuilder) -> Result<Brought, RequestError> {
        let mut brought = Brought::default();
        let mut paths = Vec::new();
        for (table, rows) in self.tables()? {
            builder.declare(table, []);
            for row in rows {
                paths.push(row.path().to_owned());
                push(builder, (table, paths.len() as u64), &row, &mut brought)?;
                refuse_faults(builder, &paths, own_name)?;
            }
        }
        self.cover(builder)?;
        checks::consistency(builder);
        checks::refunds(builder);
        refuse_faults(builder, &paths, own_name)?;
        Ok(brought)
    }
}

/// Adds a row, and notes it.
fn push(
    builder: &mut DataBuilder,
    (table, line): (TableId, u64),
    row: &Place<'_>,
    brought: &mut Brought,
) -> Result<(), RequestError> {
    let columns = table.table();
    let is_known = |name: &str| columns.key() == Some(name) || columns.column(name).is_some();
    if !row.has_only(is_known) {
        return Err(row.unexpected(ROW));
    }
    let key = match columns.key() {
        Some(name) => row.field(name).required(KEY)?,
        None => "",
    };
    let mut cells = Vec::new();
    for (name, cell) in row.fields() {
        if let Some(column) = columns.column(name) {
            let text = cell.text()?.unwrap_or_default();
            let text = match (columns.columns[column].kind, text) {
                (Kind::Flag, "true") => "1",
                (Kind::Flag, "false") => "0",
                _ => text,
            };
            cells.push((column, text.to_owned()));
        }
    }
    let texts = cells.iter().map(|(column, text)| (*column, text.as_str()));
    builder.push(table, line, key, texts);
    brought.row(table, key, cells);
    Ok(())
}

/// The fields of an object, each named after a table.
fn named<'n>(
    place: &Place<'n>,
    expected: &'static str,
) -> Result<Vec<(TableId, Place<'n>)>, RequestError> {
    let fields = place.fields().into_iter();
    let named = fields.map(|(name, field)| {
        let table = schema::table(name).ok_or_else(|| place.unexpected(expected))?;
        Ok((table, field))
    });
    named.collect()
}

fn read_coverage(place: &Place<'_>) -> Result<Coverage, RequestError> {
    if !place.has_only(|name| ["presence", "history_start"].contains(&name)) {
        return Err(place.unexpected("an object with `presence` and `history_start` only"));
    }
    let presence = place.field("presence");
    let presence = match presence.required(PRESENCES)? {
        "absent" => Presence::Absent,
        "partial" => Presence::Partial,
        "complete" => Presence::Complete,
        _ => return Err(presence.unexpected(PRESENCES)),
    };
    let start = place.field("history_start");
    let history_start = match start.text()?.unwrap_or_default() {
        "" => units::NOT_RECORDED_S32,
        _ => day(&start)?,
    };
    Ok(Coverage {
        presence,
        history_start,
    })
}

fn period(place: &Place<'_>) -> Result<Option<(i32, i32)>, RequestError> {
    if !place.is_there() {
        return Ok(None);
    }
    if !place.has_only(|name| ["first", "last"].contains(&name)) {
        return Err(place.unexpected(PERIOD));
    }
    let (first, last) = (day(&place.field("first"))?, day(&place.field("last"))?);
    if first > last {
        return Err(place.unexpected(PERIOD));
    }
    Ok(Some((first, last)))
}

fn day(place: &Place<'_>) -> Result<i32, RequestError> {
    units::parse_day(place.required(DAY)?).map_err(|problem| RequestError::Value {
        path: place.path().to_owned(),
        problem,
        expected: DAY,
    })
}

/// A column has its own name in a native request.
fn own_name(_: TableId, column: &'static str) -> Option<&'static str> {
    Some(column)
}

#[cfg(test)]
mod tests {
    use rulepack_contract::schema::ids;

    use super::*;

    fn fill(text: &str) -> Result<rulepack_contract::data::Data, RequestError> {
        let request = NativeRequest::parse(text)?;
        let mut builder = DataBuilder::new();
        request.fill(&mut builder)?;
        request.patients()?;
        let (data, rejections) = builder.finish();
        assert!(rejections.is_empty(), "{rejections:?}");
        Ok(data)
    }

    #[test]
    fn rows_of_several_patients_come_with_exact_numbers() {
        let data = fill(
            r#"{"stage": "after", "tables": {
                "patients": [{"patient": "P1"}, {"patient": "P2"}],
                "encounters": [{"encounter": "E1", "patients": "P1", "current": true},
                               {"encounter": "E2", "patients": "P2", "current": 1}],
                "orders": [{"order": "O1", "encounters": "E1", "amounts": 0.29, "doctors": null},
                           {"order": "O2", "encounters": "E2", "amounts": "90071992547409.93"}]},
              "coverage": {"orders": {"presence": "partial", "history_start": "2026-01-01"}},
              "reach": "province"}"#,
        )
        .unwrap();
        assert_eq!(data.rows(ids::PATIENTS), 2);
        assert_eq!(data.number(ids::ENCOUNTERS, "current", 0), Some(1));
        assert_eq!(data.number(ids::ORDERS, "amounts", 0), Some(29));
        assert_eq!(
            data.number(ids::ORDERS, "amounts", 1),
            Some(9_007_199_254_740_993)
        );
        assert_eq!(data.coverage(ids::ORDERS).presence, Presence::Partial);
        assert_eq!(data.reach(), Reach::Province);
        let doctors = ids::ORDERS.table().column("doctors").unwrap();
        assert_eq!(data.presence(ids::ORDERS, doctors), Presence::Partial);
    }

    #[test]
    fn a_fault_is_told_with_its_path_and_without_its_value() {
        const PATIENT: &str = r#""patients": [{"patient": "P1"}]"#;
        let with = |tables: &str| format!(r#"{{"stage": "before", "tables": {{{tables}}}}}"#);
        for (text, expected) in [
            ("[]".to_owned(), "`the request` is something else, expected an object".to_owned()),
            (r#"{"张三": 1}"#.into(), format!("`the request` is something else, expected {FIELDS}")),
            (
                r#"{"stage": "later", "tables": {}}"#.into(),
                format!("`stage` is something else, expected {STAGES}"),
            ),
            (
                r#"{"stage": "before"}"#.into(),
                "`tables` is missing, expected an object".into(),
            ),
            (
                with(r#""patient": []"#),
                format!("`tables` is something else, expected {TABLES}"),
            ),
            (
                with(r#""patients": [{"patient": "P1", "name": "张三"}]"#),
                format!("`tables.patients[0]` is something else, expected {ROW}"),
            ),
            (
                with(r#""patients": [{"genders": "1"}]"#),
                "`tables.patients[0].patient` is missing, expected a key".into(),
            ),
            (
                with(&format!(r#"{PATIENT}, "encounters": [{{"encounter": "E1", "patients": "P1", "ages": "张三"}}]"#)),
                "`tables.encounters[0].ages` is not a number, expected a whole number".into(),
            ),
            (
                with(r#""patients": [{"patient": "P1"}, {"patient": "P1"}]"#),
                "`tables.patients[1].patient` cannot be used: its id is the id of an earlier one too".into(),
            ),
            (
                r#"{"stage": "after", "tables": {}, "period": {"first": "2026-02-01", "last": "2026-01-01"}}"#.into(),
                format!("`period` is something else, expected {PERIOD}"),
            ),
        ] {
            assert_eq!(fill(&text).unwrap_err().to_string(), expected, "{text}");
        }
    }
}
