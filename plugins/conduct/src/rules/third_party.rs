//! CND-16 外伤第三方责任: who is treated for an injury states whether somebody else is liable, before the fund pays.

use rulepack_sdk::prelude::*;

use crate::records::are_told;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-16";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["encounters.care-types", "care-records.kinds"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::During, Stage::After];

/// A stay of the care types of injury (外伤住院) without a signed statement. At stake is what the fund pays for it. That
/// there is none is told only where all records are known.
pub(crate) fn check(settings: &Settings, batch: &Batch, answer: &mut Answer) {
    let encounters = batch.encounters();
    for (encounter, care_type) in encounters.care_types().recorded() {
        let current = encounters.current().get(encounter) == Some(true);
        if !current || !settings.injury_types.contains(&care_type) {
            continue;
        }
        let records = batch.care_records();
        let statements = records.of(encounter).filter(|record| {
            let kind = records.kinds().get(*record);
            kind.is_some_and(|kind| settings.liability_kinds.contains(&kind))
        });
        let signatures: Vec<Option<bool>> = statements.map(|it| records.signed().get(it)).collect();
        if signatures.contains(&Some(true)) {
            continue;
        }
        if signatures.contains(&None) {
            answer.add(Abstention::new(ID, encounter).missing("care-records.signed"));
            continue;
        }
        if !are_told(batch, encounter) {
            answer.add(Abstention::new(ID, encounter).missing("care-records.kinds"));
            continue;
        }
        let template = match signatures.is_empty() {
            true => "no-statement",
            false => "unsigned",
        };
        let paid = encounters.pooled_fund_pays().get(encounter);
        let finding = Finding::high_suspicion(ID, template);
        answer.add(finding.offending(encounter, paid.unwrap_or_default()));
    }
}
