//! CHR-02 超量开药.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::lines::Lines;

const RULE: &str = "CHR-02";

/// A line of a medicine that lasts longer than allowed is a violation. A line that does not tell how
/// long it lasts is not judged.
#[inline(never)]
pub fn days_of_supply(pack: &ChronicLimits, lines: &Lines, answer: &mut Answer) {
    let medicines = lines.supplied.iter().filter(|line| line.is_medicine);
    for line in medicines.filter(|line| line.under_review) {
        let Some(days) = line.supply else {
            answer.add(Abstention::new(RULE, line.order).missing("orders.supply-days"));
            continue;
        };
        if days > pack.days_max {
            let finding = Finding::violation(RULE, "too-long")
                .offending(line.order, line.amount)
                .argument("days", days)
                .argument("limit", pack.days_max);
            answer.add(match line.item {
                Some(item) => finding.argument("item", item),
                None => finding,
            });
        }
    }
}
