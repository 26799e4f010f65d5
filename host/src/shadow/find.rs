//! From a reference in a report back to the row, for whoever may read this host's history.

use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema;
use rulepack_protocol::moment::Day;
use serde::Serialize;

use super::{PATIENTS_AT_ONCE, Reference, References};
use crate::history::{History, HistoryError};
use crate::review::report::ReportedRow;
use crate::review::tell;

/// A row that a reference names. Patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FoundRow(pub ReportedRow);

/// The row that a report of this host names so; `None` where no row of a patient or institution of the
/// history has this name.
///
/// # Errors
/// [`HistoryError`] where the history cannot be read.
pub fn find(
    wanted: &Reference,
    history: &History,
    references: &References,
    today: Day,
) -> Result<Option<FoundRow>, HistoryError> {
    let recent = history.recent(u16::MAX, today)?;
    let Some((table, recent)) = schema::table(wanted.table()).zip(recent) else {
        return Ok(None);
    };
    let look = |builder: DataBuilder| {
        let (data, _) = builder.finish();
        let mut rows = 0..data.rows(table);
        let row = rows.find(|row| {
            let key = data.key(table, *row);
            key.is_some_and(|key| references.name(table.table().name, key) == *wanted)
        })?;
        let at = rulepack_contract::answer::RowReference {
            table: table.number(),
            row,
        };
        Some(FoundRow(tell::row(&data, at, 0)))
    };
    let mut institutions = DataBuilder::new();
    history.add_institutions(&mut institutions)?;
    if let Some(found) = look(institutions) {
        return Ok(Some(found));
    }
    for patients in recent.patients.chunks(PATIENTS_AT_ONCE) {
        let mut builder = DataBuilder::new();
        history.add_for_review(patients, (recent.from, recent.to), &mut builder)?;
        if let Some(found) = look(builder) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
