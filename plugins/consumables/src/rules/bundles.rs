//! CON-08 套包拆分: a bundle is charged as the catalogue of bundles says, by its parts (须拆分计费) or as a whole
//! (整包计费), never both.

use rulepack_sdk::prelude::*;

use crate::lines::Line;
use crate::tables::{Billing, Bundle};
use crate::{Care, Consumables};

/// Id of the rule.
pub const ID: &str = "CON-08";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["orders.items", "orders.days"];
/// The place of `bundles` among the tables of the manifest.
const BUNDLES: u8 = 2;

/// The lines of a stay or visit on one day are looked at together, refunds taken off.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    pack: &Consumables,
    care: &Care<'_>,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let mut days: Vec<((Row<Encounters>, Day), &Line)> = Vec::new();
    let items: Set<Code> = pack.bundles.0.iter().flat_map(items_of).collect();
    for line in care.lines.under_review() {
        if !line.item.is_some_and(|item| items.contains(&item)) {
            continue;
        }
        match line.day {
            Some(day) => days.push(((line.encounter, day), line)),
            None => answer.add(Abstention::new(ID, line.order).missing("orders.days")),
        }
    }
    days.sort_by_key(|(key, line)| (*key, line.order));
    for together in days.chunk_by(|one, other| one.0 == other.0) {
        let Some(((_, day), _)) = together.first() else {
            continue;
        };
        let lines: Vec<&Line> = together.iter().map(|(_, line)| *line).collect();
        for bundle in pack
            .bundles
            .0
            .iter()
            .filter(|it| it.validity.includes(*day))
        {
            check_bundle(bundle, &lines, answer)?;
        }
    }
    Ok(())
}

fn items_of(bundle: &Bundle) -> impl Iterator<Item = Code> {
    std::iter::once(bundle.item).chain(bundle.parts.iter().copied())
}

fn check_bundle(bundle: &Bundle, lines: &[&Line], answer: &mut Answer) -> Result<(), Overflow> {
    let of = |item: Code| {
        lines
            .iter()
            .filter(move |line| line.item == Some(item))
            .copied()
    };
    let wholes: Vec<&Line> = of(bundle.item).collect();
    let parts: Vec<&Line> = bundle.parts.iter().flat_map(|part| of(*part)).collect();
    match (bundle.billing, wholes.is_empty()) {
        (Billing::Apart, true) => {}
        (Billing::Apart, false) => {
            answer.add(finding("not-apart", Certainty::Violation, bundle, &wholes));
        }
        (Billing::Whole, false) if !parts.is_empty() => {
            let finding = finding("part-with-whole", Certainty::Violation, bundle, &parts);
            answer.add(
                wholes
                    .iter()
                    .fold(finding, |it, line| it.related(line.order, line.amount)),
            );
        }
        (Billing::Whole, true) if bundle.parts.iter().all(|part| of(*part).next().is_some()) => {
            split(bundle, &parts, answer)?;
        }
        (Billing::Whole, _) => {}
    }
    Ok(())
}

/// All parts are charged and the whole is not: suspicious where that is dearer. At stake is what exceeds
/// the price of the whole; without a price in the catalogue nothing is told of money.
fn split(bundle: &Bundle, parts: &[&Line], answer: &mut Answer) -> Result<(), Overflow> {
    let sum = Money::sum(parts.iter().map(|line| line.amount))?;
    let excess = match bundle.price {
        Some(price) if sum <= price => return Ok(()),
        Some(price) => sum.checked_sub(price)?,
        None => Money::ZERO,
    };
    let Some((first, others)) = parts.split_first() else {
        return Ok(());
    };
    let finding = Finding::high_suspicion(ID, "split")
        .offending(first.order, excess)
        .argument("bundle", bundle.item)
        .argument("amount", excess);
    let finding = others
        .iter()
        .fold(finding, |it, line| it.offending(line.order, Money::ZERO));
    answer.add(with_evidence(finding, bundle));
    Ok(())
}

fn finding(
    template: &'static str,
    certainty: Certainty,
    bundle: &Bundle,
    offending: &[&Line],
) -> Finding {
    let finding = Finding::new(ID, template, certainty).argument("bundle", bundle.item);
    let lines = offending.iter();
    let finding = lines.fold(finding, |it, line| it.offending(line.order, line.amount));
    with_evidence(finding, bundle)
}

fn with_evidence(finding: Finding, bundle: &Bundle) -> Finding {
    bundle
        .rows
        .iter()
        .fold(finding, |it, row| it.evidence(BUNDLES, *row))
}
