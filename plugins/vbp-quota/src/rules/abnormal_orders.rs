//! VBP-09 异常订单: an order of a selected product stands out from the institution's own orders of it, or is for
//! many months of the agreed volume at once. It is weighed in the assessment (考核参考), no breach by itself.

use rulepack_sdk::prelude::*;

use crate::{Agreement, Assessment, PurchaseLines, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-09";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "agreements.base-quantities",
    "purchases.items",
    "purchases.selected",
    "purchases.ordered",
    "purchases.ordered-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];
/// Orders are compared with those of as many days before.
const HISTORY_DAYS: i64 = 365;
/// Days that count as a month of the agreement.
const MONTH_DAYS: i128 = 30;

/// When an order is abnormal.
#[derive(Debug)]
pub(crate) struct Limits {
    /// Standard deviations (σ) above the mean of the earlier orders.
    deviations: i64,
    /// By how much an order must exceed that mean beside: regular orders differ by next to nothing.
    excess_min: Ratio,
    /// Fewer earlier orders give no mean to go by.
    history_min: i64,
    /// Months of the agreed volume in one order.
    months_max: i64,
}

impl Limits {
    pub(crate) fn read(setup: &Setup) -> Result<Self, String> {
        Ok(Limits {
            deviations: setup.integer("order_deviations")?,
            excess_min: Ratio(setup.integer("order_excess_min")?),
            history_min: setup.integer("order_history_min")?,
            months_max: setup.integer("order_months_max")?,
        })
    }
}

/// An order of the platform.
#[derive(Debug, Clone, Copy)]
struct Order {
    row: Row<Purchases>,
    item: Code,
    day: Day,
    quantity: Quantity,
}

/// The orders of the selected products that were written in the days under review, each for itself.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let limits = &pack.order_limits;
    let days = assessment.first_day..=assessment.progress.last_day;
    let orders = orders(assessment.purchases, &assessment.agreement);
    for row in &assessment.volumes.selected_lines {
        if assessment.purchases.table().items().get(*row).is_none() {
            answer.add(Abstention::new(ID, *row).missing("purchases.items"));
        }
        let Some(order) = orders.iter().find(|order| order.row == *row) else {
            continue;
        };
        if !days.contains(&order.day) {
            continue;
        }
        let earlier = orders.iter().filter(|other| {
            let back = order.day.since(other.day);
            other.item == order.item && (1..=HISTORY_DAYS).contains(&back)
        });
        let earlier: Vec<Quantity> = earlier.map(|other| other.quantity).collect();
        let deviates = limits.deviates(order.quantity, &earlier)?;
        let for_months = limits.is_for_months(order.quantity, assessment);
        let template = match (for_months, deviates) {
            (true, _) => "months",
            (false, true) => "deviates",
            (false, false) => continue,
        };
        answer.add(finding(template, order, &earlier, (assessment, limits))?);
    }
    Ok(())
}

fn finding(
    template: &'static str,
    order: &Order,
    earlier: &[Quantity],
    (assessment, limits): (&Assessment<'_>, &Limits),
) -> Result<Finding, Overflow> {
    let finding = Finding::low_suspicion(ID, template)
        .offending(order.row, Money::ZERO)
        .related(assessment.agreement.row, Money::ZERO)
        .argument("item", order.item)
        .argument("day", order.day)
        .argument("ordered", order.quantity);
    if template == "months" {
        return Ok(finding
            .argument("agreed", assessment.agreement.quantity)
            .argument("months", limits.months_max));
    }
    let sum = Quantity::sum(earlier.iter().copied())?;
    let count = i64::try_from(earlier.len()).map_err(|_| Overflow)?;
    let mean = sum.0.checked_div(count).ok_or(Overflow)?;
    Ok(finding
        .argument("mean", Quantity(mean))
        .argument("deviations", limits.deviations))
}

/// All orders of the variety's selected products, whatever their round: what was ordered before the term is history.
fn orders(purchases: &PurchaseLines<'_>, agreement: &Agreement) -> Vec<Order> {
    let table = purchases.table();
    let lines = purchases.of(agreement.variety).iter().copied();
    let selected = lines.filter(|row| table.selected().get(*row) == Some(true));
    let order = |row| {
        Some(Order {
            row,
            item: table.items().get(row)?,
            day: table.ordered_days().get(row)?,
            quantity: table.ordered().get(row)?,
        })
    };
    selected
        .filter_map(order)
        .filter(|order| order.quantity > Quantity::ZERO)
        .collect()
}

impl Limits {
    /// More than so many standard deviations above the mean, and by the least excess. With n orders of sum S and sum
    /// of squares T, `Q > μ + kσ` is `nQ - S > 0` and `(nQ - S)² > k²(nT - S²)`, in whole numbers.
    fn deviates(&self, quantity: Quantity, earlier: &[Quantity]) -> Result<bool, Overflow> {
        let count = i64::try_from(earlier.len()).map_err(|_| Overflow)?;
        if count < self.history_min {
            return Ok(false);
        }
        let (mut sum, mut squares) = (0_i128, 0_i128);
        for one in earlier {
            let one = i128::from(one.0);
            sum = sum.checked_add(one).ok_or(Overflow)?;
            squares = product(one, one)?.checked_add(squares).ok_or(Overflow)?;
        }
        let count = i128::from(count);
        let all = product(count, i128::from(quantity.0))?;
        let beyond = all.checked_sub(sum).ok_or(Overflow)?;
        let one = i128::from(Ratio::ONE.0);
        let least = product(sum, one + i128::from(self.excess_min.0))?;
        // Quantities are above zero: who exceeds the mean by the least excess exceeds it.
        if product(all, one)? <= least {
            return Ok(false);
        }
        let variance = product(count, squares)?
            .checked_sub(product(sum, sum)?)
            .ok_or(Overflow)?;
        let deviations = i128::from(self.deviations);
        let limit = product(product(deviations, deviations)?, variance)?;
        Ok(product(beyond, beyond)? > limit)
    }

    /// More than so many months of the agreed volume.
    fn is_for_months(&self, quantity: Quantity, assessment: &Assessment<'_>) -> bool {
        let term = i128::from(assessment.progress.term_days);
        let months = i128::from(self.months_max) * MONTH_DAYS;
        i128::from(quantity.0) * term > i128::from(assessment.agreement.quantity.0) * months
    }
}

fn product(one: i128, other: i128) -> Result<i128, Overflow> {
    one.checked_mul(other).ok_or(Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            deviations: 3,
            excess_min: Ratio(5_000),
            history_min: 6,
            months_max: 3,
        }
    }

    fn tablets(quantities: &[i64]) -> Vec<Quantity> {
        let quantities = quantities.iter();
        quantities.map(|it| Quantity(it * 10_000)).collect()
    }

    #[test]
    fn an_order_beyond_three_deviations_stands_out_and_one_on_the_bound_does_not() {
        // Mean 100, standard deviation 20: the bound is 160.
        let earlier = tablets(&[80, 120, 80, 120, 80, 120]);
        let deviates = |tablets: i64| limits().deviates(Quantity(tablets * 10_000), &earlier);
        assert_eq!((deviates(160), deviates(161)), (Ok(false), Ok(true)));
        assert_eq!(
            limits().deviates(Quantity(9_000_000), &earlier[1..]),
            Ok(false)
        );
    }

    #[test]
    fn regular_orders_leave_room_for_half_as_much_again() {
        let earlier = tablets(&[100; 6]);
        let deviates = |tablets: i64| limits().deviates(Quantity(tablets * 10_000), &earlier);
        assert_eq!((deviates(150), deviates(151)), (Ok(false), Ok(true)));
    }

    #[test]
    fn what_128_bits_do_not_hold_is_an_overflow() {
        let earlier = vec![Quantity(i64::MAX); 6];
        let told = limits().deviates(Quantity(i64::MAX), &earlier);
        assert_eq!(told, Err(Overflow));
    }
}
