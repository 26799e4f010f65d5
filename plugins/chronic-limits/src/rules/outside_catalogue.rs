//! CHR-01 超病种目录.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::disease::Disease;
use crate::lines::Lines;

const RULE: &str = "CHR-01";

/// An item charged under a disease whose catalogue does not cover it on that day is a violation: the
/// whole line. Where the line names no disease, the only one that the patient is registered for is taken,
/// and the message says so; with several, or none, the rule abstains.
#[inline(never)]
pub fn outside_catalogue(pack: &ChronicLimits, lines: &Lines, answer: &mut Answer) {
    for line in lines.supplied.iter().filter(|line| line.under_review) {
        let abstain = |column| Abstention::new(RULE, line.order).missing(column);
        let (Some(item), Some(day)) = (line.item, line.day) else {
            let missing = if line.item.is_none() {
                "orders.items"
            } else {
                "orders.days"
            };
            answer.add(abstain(missing));
            continue;
        };
        let (disease, template) = match line.disease {
            Disease::Named(code) => (code, "outside"),
            Disease::OnlyRegistered(code) => (code, "outside-registered"),
            Disease::Unknown => {
                answer.add(abstain("orders.diseases"));
                continue;
            }
        };
        if pack.catalogue.knows(disease, day) && !pack.catalogue.covers(disease, item, day) {
            answer.add(
                Finding::violation(RULE, template)
                    .offending(line.order, line.amount)
                    .argument("item", item)
                    .argument("disease", disease)
                    .argument("amount", line.amount),
            );
        }
    }
}
