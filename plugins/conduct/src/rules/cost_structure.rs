//! CND-14 科室费用结构: the shares of drugs (药占比) and of consumables (耗占比) in what a department charges in a month.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;
use crate::totals::Departments;

/// Id of the rule.
pub const ID: &str = "CND-14";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "totals.departments",
    "totals.charge-types",
    "totals.amounts",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// Each share is a measure; above its limit it is told as a low suspicion, for the patients of a
/// department differ.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    departments: &Departments,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let shares = [
        ("drugs", &settings.drug_charges, settings.drug_share_max),
        (
            "consumables",
            &settings.consumable_charges,
            settings.consumable_share_max,
        ),
    ];
    departments.abstain(ID, answer);
    for department in &departments.departments {
        let whole = department.sum()?;
        for (template, kinds, limit) in &shares {
            let Some((row, part)) = department.sum_of(kinds)? else {
                continue;
            };
            if whole <= Money::ZERO {
                continue;
            }
            answer.add(Measure::new(ID, row, part.0, whole.0));
            let above = i128::from(part.0) * i128::from(Ratio::ONE.0)
                > i128::from(whole.0) * i128::from(limit.0);
            if above {
                answer.add(
                    Finding::low_suspicion(ID, template)
                        .offending(row, Money::ZERO)
                        .argument("department", department.code)
                        .argument("month", department.start)
                        .argument("share", Ratio::of(part.0, whole.0).unwrap_or_default())
                        .argument("limit", *limit),
                );
            }
        }
    }
    Ok(())
}
