//! CON-10 三数一致: of a traced consumable as many were issued (出库) as were charged (计费) as the book says were
//! consumed (消耗). Each piece bears a code of its own, so nothing is tolerated.

use rulepack_sdk::prelude::*;

use crate::stock::Account;

/// Id of the rule.
pub const ID: &str = "CON-10";
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

/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(accounts: &[Account], answer: &mut Answer) -> Result<(), Overflow> {
    for account in accounts.iter().filter(|account| account.traced) {
        let figures = match &account.figures {
            Ok(figures) => figures,
            Err(missing) => {
                answer.add(Abstention::lacking(ID, account.row, missing));
                continue;
            }
        };
        let Some(issued) = figures.issued()? else {
            let abstention = Abstention::new(ID, account.row).missing("stock.issued");
            answer.add(abstention.missing("stock.patient-returns"));
            continue;
        };
        let consumed = figures.consumed()?;
        if issued == figures.billed && consumed == figures.billed {
            continue;
        }
        answer.add(
            Finding::violation(ID, "differ")
                .offending(account.row, Money::ZERO)
                .argument("item", account.item)
                .argument("issued", issued)
                .argument("billed", figures.billed)
                .argument("consumed", consumed),
        );
    }
    Ok(())
}
