//! CHR-04 年度限额、季度限额提示.

use rulepack_sdk::prelude::*;

use crate::accounts::Accounts;

const RULE: &str = "CHR-04";

/// Who writes a line sees how much of the amount and quantity of the year, and of the quarter, is used, this line included, and
/// how much is left. Less than nothing is told as nothing: what exceeds the limit is CHR-05's and CHR-08's.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn remaining_limit(accounts: &Accounts<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    for account in &accounts.accounts {
        let about = |yearly, quarterly| {
            let notice = match account.quarter() {
                Some((from, to)) => Notice::new(RULE, quarterly)
                    .argument("from", from)
                    .argument("to", to),
                None => Notice::new(RULE, yearly),
            };
            let notice = notice.argument("subject", account.subject);
            let orders = account.lines.iter().map(|line| line.order);
            orders.fold(notice, Notice::about)
        };
        if let Some((limit, before)) = account.money {
            let covered = account.lines.iter().filter_map(|line| line.covered);
            let used = Money::sum(covered.chain([before]))?;
            let left = limit.checked_sub(used)?.max(Money::ZERO);
            answer.add(
                about("amount", "quarter-amount")
                    .argument("used", used)
                    .argument("limit", limit)
                    .argument("left", left),
            );
        }
        if let Some((limit, before)) = account.quantity {
            let quantities = account.lines.iter().filter_map(|line| line.base_quantity);
            let used = Quantity::sum(quantities.chain([before]))?;
            let left = limit.checked_sub(used)?.max(Quantity::ZERO);
            answer.add(
                about("quantity", "quarter-quantity")
                    .argument("used", used)
                    .argument("limit", limit)
                    .argument("left", left),
            );
        }
    }
    Ok(())
}
