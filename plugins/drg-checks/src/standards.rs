//! 支付标准: what the fund pays for a group, as a city supplies it.

use rulepack_sdk::prelude::*;

use crate::DrgChecks;
use crate::grouper::Place;

/// Place of `payment-standards` among the tables of the manifest.
pub(crate) const TABLE: u8 = 7;
/// Place of `average-costs`.
pub(crate) const AVERAGE_COSTS: u8 = 8;

/// The payment standards of the city; none where nobody supplied them.
pub type Standards = Dated<Code, Money>;

/// How much more is paid for one group than for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// By the standards, with their rows.
    Priced(Money, [usize; 2]),
    /// The group is the graver one of its ADRG; what they pay is not known.
    Unpriced,
}

impl Gap {
    /// The money at stake.
    pub(crate) fn amount(self) -> Money {
        match self {
            Gap::Priced(amount, _) => amount,
            Gap::Unpriced => Money::ZERO,
        }
    }

    /// A finding with the difference and its evidence, where it is known.
    pub(crate) fn told(self, mut finding: Finding) -> Finding {
        if let Gap::Priced(amount, rows) = self {
            finding = finding.argument("amount", amount);
            for row in rows {
                finding = finding.evidence(TABLE, row);
            }
        }
        finding
    }
}

/// What `more` is paid above `less` on a day; `None` where it is not known to be the one for more.
///
/// # Errors
/// [`Overflow`].
pub(crate) fn gap(
    pack: &DrgChecks,
    day: Day,
    more: Code,
    less: Code,
) -> Result<Option<Gap>, Overflow> {
    let standard = |group| pack.standards.on(&group, day);
    if let Some((more, less)) = standard(more).zip(standard(less)) {
        let amount = more.value.checked_sub(less.value)?;
        let priced = Gap::Priced(amount, [more.row, less.row]);
        return Ok((amount > Money::ZERO).then_some(priced));
    }
    let places = pack.grouper.place(more).zip(pack.grouper.place(less));
    let graver = places.is_some_and(|(more, less)| is_graver(more, less));
    Ok(graver.then_some(Gap::Unpriced))
}

/// Of one ADRG the groups stand from the gravest; those of different ones cannot be compared without prices.
fn is_graver<C: PartialEq>(one: Place<C>, other: Place<C>) -> bool {
    one.core_group == other.core_group && one.rank < other.rank
}

/// # Errors
/// Where a row has no group or no amount.
pub(crate) fn read(setup: &Setup) -> Result<Standards, String> {
    amounts(setup, "payment-standards", "standard")
}

/// 例均费用 of groups, as the city supplies them.
///
/// # Errors
/// Where a row has no group or no amount.
pub(crate) fn read_average_costs(setup: &Setup) -> Result<Dated<Code, Money>, String> {
    amounts(setup, "average-costs", "cost")
}

fn amounts(setup: &Setup, table: &str, column: &str) -> Result<Dated<Code, Money>, String> {
    let table = setup.table(table)?;
    let groups = table.codes("group")?.into_iter();
    let rows = groups.zip(table.money(column)?);
    Ok(Dated::new(rows.zip(table.validity()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_one_adrg_alone_are_graver_than_each_other() {
        let place = |core_group, rank| Place { core_group, rank };
        assert!(is_graver(place("ES3", 0), place("ES3", 1)));
        assert!(!is_graver(place("ES3", 1), place("ES3", 1)));
        assert!(!is_graver(place("ES3", 0), place("HC2", 1)));
    }
}
