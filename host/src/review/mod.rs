//! A review: the packs in force run over data, and what they found told to people.

mod choose;
mod chosen;
pub mod report;
mod settings_used;
pub mod tell;
mod totals;

use std::sync::Arc;

use rulepack_contract::answer::RowReference;
use rulepack_contract::data::{Data, Values};
use rulepack_contract::review::{Review, Scope, Stage};
use rulepack_contract::schema::{TableId, ids};
use rulepack_contract::units::{NOT_RECORDED_S32, NOT_RECORDED_S64};
use rulepack_engine::LoadedPack;
use rulepack_engine::patients::{Division as Batches, Outcome};
use rulepack_engine::{institutions, patients};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::{Division, Jurisdiction, TargetPath};
use rulepack_protocol::overlay::Adjustment;
use rulepack_protocol::pack::manifest::{Manifest, Rule};

pub use choose::{InForce, Reviewed};
pub use chosen::Chosen;
pub use report::Report;
pub use settings_used::{OverlayRefused, SettingsUsed, TableUsed, ValueUsed};
pub use totals::{LeftOut, PartSums, SumKey, SumOfLines, Summing, SumsMade};

use report::{NoVerdict, NotEvaluable, NotGranted, PackRun};

/// A version of a pack, ready to run.
#[derive(Debug, Clone)]
pub struct ActivePack {
    /// Which pack and version.
    pub path: TargetPath,
    /// Of the sealed bytes.
    pub digest: Digest,
    /// As sealed.
    pub manifest: Arc<Manifest>,
    /// Compiled, and prepared.
    pub loaded: Arc<LoadedPack>,
    /// What is set for it, and by whom.
    pub adjustment: Arc<Adjustment>,
    /// Runs for a day before it was published.
    pub retroactive: bool,
}

/// What a review is made for.
#[derive(Debug, Clone)]
pub struct Circumstances {
    /// When in the course of care.
    pub stage: Stage,
    /// Days from 1970-01-01.
    pub today: i32,
    /// 触发场景, where the caller told.
    pub scenes: Vec<String>,
    /// Six digits: the place of care.
    pub jurisdiction: String,
    /// First and last day for institution scope; the year of `today` where nobody says.
    pub period: Option<(i32, i32)>,
    /// Sums of lines that were read in parts; where lines are reviewed with them, they are summed on the way.
    pub sums: Option<Arc<SumsMade>>,
    /// How batches are made.
    pub batches: Batches,
}

impl ActivePack {
    /// Whether the pack applies at this place. A vendor's pack, which names no place, applies everywhere.
    #[must_use]
    pub fn applies(&self, division: &Division) -> bool {
        let places: &[Jurisdiction] = &self.manifest.pack.jurisdictions;
        places.is_empty() || places.iter().any(|place| place.covers(division))
    }

    /// Whether any rule looks at data of this scope at this stage.
    #[must_use]
    pub fn has_rules(&self, scope: Scope, stage: Stage) -> bool {
        self.manifest
            .rules
            .iter()
            .any(|rule| rule.scope == scope && rule.stages.contains(&stage))
    }
}

/// Runs one pack over all patients, and over all institutions where it has rules for them.
#[must_use]
pub fn review(pack: &ActivePack, data: &Arc<Data>, circumstances: &Circumstances) -> Report {
    let mut report = Report::default();
    for scope in [Scope::Patient, Scope::Institution] {
        if pack.has_rules(scope, circumstances.stage) && !is_empty(data, scope) {
            report.append(review_scope(pack, data, circumstances, scope));
        }
    }
    report.sort();
    report
}

/// Runs one pack over all patients, or all institutions, of data that has some.
pub(crate) fn review_scope(
    pack: &ActivePack,
    data: &Arc<Data>,
    circumstances: &Circumstances,
    scope: Scope,
) -> Report {
    let review = Review {
        stage: circumstances.stage,
        scope,
        scenes: circumstances.scenes.clone(),
        today: circumstances.today,
        jurisdiction: circumstances.jurisdiction.clone(),
        period: match scope {
            Scope::Patient => (NOT_RECORDED_S32, NOT_RECORDED_S32),
            _ => circumstances
                .period
                .unwrap_or((NOT_RECORDED_S32, NOT_RECORDED_S32)),
        },
    };
    let made = totals::add(data, &pack.manifest.totals, (scope, circumstances));
    let data = match &made {
        Ok(Some(totalled)) => &totalled.data,
        _ => data,
    };
    let outcome = match scope {
        Scope::Patient => patients::review(&pack.loaded, data, &review, circumstances.batches),
        _ => institutions::review(&pack.loaded, data, &review),
    };
    let mut report = tell::tell(pack, data, &outcome.answer);
    report.no_verdict = no_verdict(pack, data, scope, &outcome);
    report.not_evaluable = outcome
        .not_evaluable
        .iter()
        .filter_map(|missing| {
            let rule = pack.manifest.rule(&missing.rule)?;
            // What does not look at this at all lacks nothing.
            let is_asked = rule.scope == scope && rule.stages.contains(&circumstances.stage);
            is_asked.then(|| NotEvaluable {
                rule: tell::reference(pack, rule),
                missing: missing.missing.clone(),
                not_granted: not_granted(pack, rule, &missing.missing),
            })
        })
        .collect();
    totals::tell_left_out(&mut report, (pack, data), &made);
    let given = pack.loaded.given();
    report.packs.push(PackRun {
        pack: pack.path.clone(),
        digest: pack.digest,
        stage: circumstances.stage,
        fuel: outcome.fuel,
        parameters: parameters(given.parameters, &pack.adjustment),
        grants: given.grants,
        set: SettingsUsed::of(&pack.adjustment),
    });
    report
}

/// Covers values and tables as the engine was given them, and setters and overlays behind them (T14).
fn parameters(given: Digest, adjustment: &Adjustment) -> Digest {
    if adjustment.is_empty() {
        return given;
    }
    let set = adjustment.digest();
    Digest::of(format!("rulepack parameters of overlays 1 {given} {set}").as_bytes())
}

/// Those of the missing columns that the hospital does not grant, with what the manifest says of them.
fn not_granted(pack: &ActivePack, rule: &Rule, missing: &[String]) -> Vec<NotGranted> {
    let asked = rule.needs.iter().filter(|need| {
        let is_granted = pack.loaded.grants().column(need.table, need.column);
        !is_granted && missing.contains(&need.to_string())
    });
    let told = asked.map(|need| NotGranted {
        column: need.to_string(),
        why: rule.why.get(need).cloned(),
    });
    told.collect()
}

fn no_verdict(pack: &ActivePack, data: &Data, scope: Scope, outcome: &Outcome) -> Vec<NoVerdict> {
    let table = root_table(scope);
    outcome
        .no_verdict
        .iter()
        .map(|(row, fault)| NoVerdict {
            pack: pack.path.clone(),
            about: tell::row(
                data,
                RowReference {
                    table: table.number(),
                    row: *row,
                },
                0,
            ),
            reason: fault.to_string(),
            kind: fault.kind(),
            amount: match scope {
                Scope::Patient => amount_under_review(data, *row),
                _ => 0,
            },
        })
        .collect()
}

/// Fen of a patient's encounters under review.
fn amount_under_review(data: &Data, patient: u32) -> i64 {
    let of_patient = (0..data.rows(ids::ENCOUNTERS)).filter(|row| {
        data.number(ids::ENCOUNTERS, "patients", *row) == Some(i64::from(patient))
            && data.number(ids::ENCOUNTERS, "current", *row) == Some(1)
    });
    let amount = |row| {
        let total = data.number(ids::ENCOUNTERS, "total-amounts", row);
        total.unwrap_or_else(|| amount_of_lines(data, row))
    };
    of_patient.map(amount).fold(0, i64::saturating_add)
}

/// Fen of the lines of an encounter, which has a total of its own only once it is settled.
fn amount_of_lines(data: &Data, encounter: u32) -> i64 {
    let column = |name| data.values(ids::ORDERS, ids::ORDERS.table().column(name)?);
    let (Some(Values::U32(owners)), Some(Values::S64(amounts))) =
        (column("encounters"), column("amounts"))
    else {
        return 0;
    };
    // Rows are in the order of their owners.
    let first = owners.partition_point(|owner| *owner < encounter);
    let end = owners.partition_point(|owner| *owner <= encounter);
    let of_encounter = amounts.get(first..end).unwrap_or_default().iter();
    let recorded = of_encounter.filter(|amount| **amount != NOT_RECORDED_S64);
    recorded.copied().fold(0, i64::saturating_add)
}

fn root_table(scope: Scope) -> TableId {
    match scope {
        Scope::Patient => ids::PATIENTS,
        Scope::Institution | Scope::Region => ids::INSTITUTIONS,
    }
}

/// Whether there is nobody to review.
pub(crate) fn is_empty(data: &Data, scope: Scope) -> bool {
    data.rows(root_table(scope)) == 0
}
