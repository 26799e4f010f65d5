//! CON-09 进销存差异率: what the book says was consumed of a consumable and what was charged of it differ by at most
//! 5 % of what was consumed.

use rulepack_sdk::prelude::*;

use crate::Consumables;
use crate::stock::Account;

/// Id of the rule.
pub const ID: &str = "CON-09";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "stock.items",
    "stock.period-ends",
    "stock.opening",
    "stock.received",
    "stock.supplier-returns",
    "stock.adjusted",
    "stock.closing",
    "stock.billed",
];

/// Charged beyond what was there is suspected to be charged for nothing or exchanged (虚记、串换); consumed
/// beyond what was charged may be loss. The measure is the difference and what was consumed.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    pack: &Consumables,
    accounts: &[Account],
    answer: &mut Answer,
) -> Result<(), Overflow> {
    for account in accounts {
        let figures = match &account.figures {
            Ok(figures) => figures,
            Err(missing) => {
                answer.add(Abstention::lacking(ID, account.row, missing));
                continue;
            }
        };
        let (consumed, billed) = (figures.consumed()?, figures.billed);
        let difference = billed.checked_sub(consumed)?;
        if consumed > Quantity::ZERO {
            answer.add(Measure::new(
                ID,
                account.row,
                difference.0.saturating_abs(),
                consumed.0,
            ));
        }
        if !exceeds(difference, consumed, pack.difference_max) {
            continue;
        }
        let (template, certainty) = match difference > Quantity::ZERO {
            true => ("billed-more", Certainty::HighSuspicion),
            false => ("consumed-more", Certainty::LowSuspicion),
        };
        let finding = |template, certainty| {
            Finding::new(ID, template, certainty)
                .offending(account.row, Money::ZERO)
                .argument("item", account.item)
                .argument("consumed", consumed)
                .argument("billed", billed)
        };
        let rate = Ratio::of(difference.0.saturating_abs(), consumed.0);
        answer.add(match rate.filter(|_| consumed > Quantity::ZERO) {
            Some(rate) => finding(template, certainty)
                .argument("rate", rate)
                .argument("limit", pack.difference_max),
            None => finding("nothing-consumed", Certainty::HighSuspicion),
        });
    }
    Ok(())
}

/// Whether a difference is beyond the tolerated share of what was consumed; of nothing consumed nothing is
/// tolerated.
fn exceeds(difference: Quantity, consumed: Quantity, max: Ratio) -> bool {
    let part = i128::from(difference.0).abs() * i128::from(Ratio::ONE.0);
    part > i128::from(consumed.0.max(0)) * i128::from(max.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tolerated_share_itself_is_tolerated() {
        let exceeds =
            |difference, consumed| exceeds(Quantity(difference), Quantity(consumed), Ratio(500));
        assert!(!exceeds(5, 100) && !exceeds(-5, 100) && !exceeds(0, 0));
        assert!(exceeds(6, 100) && exceeds(-6, 100) && exceeds(1, 0) && exceeds(1, -100));
    }
}
