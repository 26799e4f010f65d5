//! CND-04 分解处方: what belongs on one prescription is written on several.

use rulepack_sdk::prelude::*;

use crate::Care;
use crate::lines::Line;
use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-04";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "encounters.visit-types",
    "orders.items",
    "orders.days",
    "orders.prescriptions",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::Before, Stage::During, Stage::After];

/// A medicine of a visit, on its prescription.
struct Prescribed<'a> {
    line: &'a Line,
    item: Code,
    prescription: Token,
}

/// Medicines that are looked at together: of a visit, a day and a doctor.
type Together = (Row<Encounters>, Day, Option<Token>);

/// Visits to the clinic, each day and doctor for itself. Two signs: the same medicine is on two
/// prescriptions; or together they hold more medicines than one may. A single prescription with too many
/// is not split.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    care: &Care<'_>,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let orders = care.batch.orders();
    let mut groups: Vec<(Together, Prescribed<'_>)> = Vec::new();
    for (line, item) in care.lines.clinic_medicines(care.batch, settings) {
        let (Some(day), Some(prescription)) = (line.day, orders.prescriptions().get(line.order))
        else {
            let missing = if line.day.is_none() {
                "orders.days"
            } else {
                "orders.prescriptions"
            };
            answer.add(Abstention::new(ID, line.order).missing(missing));
            continue;
        };
        let doctor = orders.doctors().get(line.order);
        groups.push((
            (line.encounter, day, doctor),
            Prescribed {
                line,
                item,
                prescription,
            },
        ));
    }
    groups.sort_by_key(|(key, prescribed)| (*key, prescribed.line.order));
    for group in groups.chunk_by(|one, other| one.0 == other.0) {
        let group: Vec<&Prescribed<'_>> = group.iter().map(|(_, prescribed)| prescribed).collect();
        check_group(settings, &group, answer)?;
    }
    Ok(())
}

fn check_group(
    settings: &Settings,
    group: &[&Prescribed<'_>],
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut repeated = false;
    for (place, later) in group.iter().enumerate() {
        let earlier = group.iter().take(place).find(|earlier| {
            earlier.item == later.item && earlier.prescription != later.prescription
        });
        if let Some(earlier) = earlier {
            repeated = true;
            answer.add(
                Finding::high_suspicion(ID, "same-medicine")
                    .offending(later.line.order, later.line.amount)
                    .related(earlier.line.order, earlier.line.amount)
                    .argument("item", later.item),
            );
        }
    }
    let prescriptions: Set<Token> = group.iter().map(|it| it.prescription).collect();
    let medicines = distinct(group.iter().map(|it| it.item));
    let fits = |prescription: &Token| {
        let of_it = group.iter().filter(|it| it.prescription == *prescription);
        distinct(of_it.map(|it| it.item)) <= settings.medicines_max
    };
    let several = prescriptions.len() > 1 && prescriptions.iter().all(fits);
    if repeated || !several || medicines <= settings.medicines_max {
        return Ok(());
    }
    let Some((first, others)) = group.split_first() else {
        return Ok(());
    };
    let finding = Finding::high_suspicion(ID, "many-medicines")
        .offending(first.line.order, Money::ZERO)
        .argument(
            "prescriptions",
            i64::try_from(prescriptions.len()).map_err(|_| Overflow)?,
        )
        .argument("medicines", medicines)
        .argument("limit", settings.medicines_max);
    let others = others.iter();
    answer.add(others.fold(finding, |it, other| {
        it.offending(other.line.order, Money::ZERO)
    }));
    Ok(())
}

fn distinct(items: impl Iterator<Item = Code>) -> i64 {
    let items: Set<Code> = items.collect();
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}
