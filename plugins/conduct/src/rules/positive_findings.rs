//! CND-22 大型检查阳性率: how many examinations by CT or MR find something.
//!
//! One measure an examination, 1 or 0 of 1. Whoever keeps the answers sums them over department and month; the
//! bureau's limit (35 % in one city) is for that sum, not for one patient.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-22";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["examinations.items", "examinations.positive"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// Examinations of encounters under review. One that does not tell whether it found something is left out, and told.
pub(crate) fn check(settings: &Settings, batch: &Batch, answer: &mut Answer) {
    let examinations = batch.examinations();
    let items = examinations.items();
    let rated = batch.members(settings.rated_examinations, &items);
    for (examination, _) in items.recorded() {
        let encounter = examinations.encounters().get(examination);
        let current = encounter.and_then(|it| batch.encounters().current().get(it));
        if current != Some(true) || !rated.contains(examination) {
            continue;
        }
        match examinations.positive().get(examination) {
            Some(positive) => {
                answer.add(Measure::new(ID, examination, i64::from(positive), 1));
            }
            None => answer.add(Abstention::new(ID, examination).missing("examinations.positive")),
        }
    }
}
