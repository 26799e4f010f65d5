//! 病案记录: when a document that is not there is evidence.

use rulepack_sdk::prelude::*;

/// Whether all records of an encounter are known, each with its kind: then a document of some kind that is not among
/// them was not written.
pub(crate) fn are_told(batch: &Batch, encounter: Row<Encounters>) -> bool {
    let records = batch.care_records();
    let mut of_encounter = records.of(encounter);
    batch.presence::<CareRecords>() == Presence::Complete
        && batch.are_recorded(&["care-records.kinds"])
        && of_encounter.all(|record| records.kinds().get(record).is_some())
}
