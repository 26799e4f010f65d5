//! What of a shadow run asks for a person, by the thresholds of `host.toml`.

use rulepack_contract::units::{format_decimal, format_short};

use super::ShadowReport;
use crate::settings::ShadowSettings;

/// Fuel a patient below which no version is slow: about a millisecond of the engine.
const FUEL_OF_A_PATIENT_FREE: u64 = 1_000_000;

/// Why the version waits for a person; `None` where it may become active by itself. Without history
/// nothing can be said against a version, and without an earlier version nothing changes: then only
/// patients without a verdict count.
#[must_use]
pub fn asks_for_a_person(report: &ShadowReport, settings: &ShadowSettings) -> Option<String> {
    let reviewed = report.reviewed?;
    let mut reasons = Vec::new();
    let lost = report.no_verdict.only_after;
    if lost > u64::from(settings.no_verdict_max) {
        reasons.push(format!(
            "{lost} patients or institutions get no verdict from it alone (at most {})",
            settings.no_verdict_max
        ));
    }
    if report.old.is_some() {
        reasons.extend(findings(report, settings));
        reasons.extend(engine(report, settings, reviewed.patients));
    }
    (!reasons.is_empty())
        .then(|| format!("the shadow run asks for a person: {}", reasons.join("; ")))
}

/// What a run came to, in a line.
#[must_use]
pub fn measure(report: &ShadowReport) -> String {
    let Some(reviewed) = report.reviewed else {
        return "no history to compare".to_owned();
    };
    let (all, patients) = (&report.all, reviewed.patients);
    if report.old.is_none() {
        let found = all.after.findings;
        return format!(
            "no earlier version to compare with; {found} findings in {patients} patients"
        );
    }
    format!(
        "{} findings before and {} after in {patients} patients: {} gained, {} lost, {} altered ({} % of \
         all, {} CNY)",
        all.before.findings,
        all.after.findings,
        all.gained.findings,
        all.lost.findings,
        all.altered.findings,
        percent(all.share()),
        format_decimal(all.changed_amount(), 2),
    )
}

fn findings(report: &ShadowReport, settings: &ShadowSettings) -> Vec<String> {
    let (all, mut reasons) = (&report.all, Vec::new());
    let is_few = all.changed() <= u64::from(settings.changed_few);
    if !is_few && all.share() > u64::from(settings.changed_percent).saturating_mul(100) {
        reasons.push(format!(
            "{} findings changed, {} % of all (at most {} %)",
            all.changed(),
            percent(all.share()),
            settings.changed_percent
        ));
    }
    let most =
        i64::try_from(settings.changed_yuan).map_or(i64::MAX, |yuan| yuan.saturating_mul(100));
    if all.changed_amount() > most {
        reasons.push(format!(
            "findings of {} CNY changed (at most {} CNY)",
            format_decimal(all.changed_amount(), 2),
            settings.changed_yuan
        ));
    }
    reasons
}

fn engine(report: &ShadowReport, settings: &ShadowSettings, patients: u64) -> Option<String> {
    let (old, new) = (report.old_engine.fuel, report.new_engine.fuel);
    let is_quick = new <= patients.saturating_mul(FUEL_OF_A_PATIENT_FREE);
    let share = u128::from(new) * 100 / u128::from(old.max(1));
    let is_slow = !is_quick && share > u128::from(settings.engine_percent);
    is_slow.then(|| {
        format!(
            "it uses {share} % of the engine's time of the old version (at most {} %)",
            settings.engine_percent
        )
    })
}

/// Ten-thousandths as percent.
pub(super) fn percent(share: u64) -> String {
    format_short(i64::try_from(share).unwrap_or(i64::MAX), 2)
}
