//! CHR-05 超年度限额, and CHR-08 超季度限额.

use rulepack_sdk::prelude::*;

use crate::accounts::{Account, Accounts};

/// Of limits of a year.
const YEARLY: &str = "CHR-05";
/// Of limits of a quarter.
const QUARTERLY: &str = "CHR-08";

/// What exceeds the limit of the year, or of the quarter, is a violation: of the line that crosses it, the part beyond; of
/// the lines after it, all. A limit on quantity is judged likewise, and the money at stake is the share
/// of the line's covered amount that falls to the quantity beyond.
///
/// # Errors
/// Where a sum exceeds 64 bits.
#[inline(never)]
pub fn yearly_limit(accounts: &Accounts<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    for account in &accounts.accounts {
        over_amount(account, answer)?;
        over_quantity(account, answer)?;
    }
    for order in &accounts.undated {
        answer.add(Abstention::new(YEARLY, *order).missing("orders.days"));
    }
    for order in &accounts.unassigned {
        answer.add(Abstention::new(YEARLY, *order).missing("orders.diseases"));
    }
    Ok(())
}

fn rule_of(account: &Account<'_>) -> &'static str {
    match account.quarter() {
        Some(_) => QUARTERLY,
        None => YEARLY,
    }
}

/// What both messages of a limit have; a quarter is named by its days.
fn finding(account: &Account<'_>, template: &'static str) -> Finding {
    let finding =
        Finding::violation(rule_of(account), template).argument("subject", account.subject);
    match account.quarter() {
        Some((from, to)) => finding.argument("from", from).argument("to", to),
        None => finding,
    }
}

fn over_amount(account: &Account<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    let Some((limit, mut used)) = account.money else {
        return Ok(());
    };
    let rule = rule_of(account);
    let mut finding = finding(account, "over-amount").argument("limit", limit);
    let (mut excess, mut is_over) = (Money::ZERO, false);
    for line in &account.lines {
        let Some(covered) = line.covered else {
            answer.add(Abstention::new(rule, line.order).missing("orders.covered-amounts"));
            continue;
        };
        used = used.checked_add(covered)?;
        let beyond = used.checked_sub(limit)?.min(covered);
        if beyond > Money::ZERO {
            is_over = true;
            excess = excess.checked_add(beyond)?;
            finding = finding.offending(line.order, beyond);
        }
    }
    if is_over {
        answer.add(finding.argument("used", used).argument("excess", excess));
    }
    Ok(())
}

fn over_quantity(account: &Account<'_>, answer: &mut Answer) -> Result<(), Overflow> {
    let Some((limit, mut used)) = account.quantity else {
        return Ok(());
    };
    let rule = rule_of(account);
    let mut finding = finding(account, "over-quantity").argument("limit", limit);
    let (mut excess, mut is_over) = (Quantity::ZERO, false);
    for line in &account.lines {
        let Some(quantity) = line.base_quantity else {
            answer.add(Abstention::new(rule, line.order).missing("orders.base-quantities"));
            continue;
        };
        used = used.checked_add(quantity)?;
        let beyond = used.checked_sub(limit)?.min(quantity);
        if beyond > Quantity::ZERO {
            is_over = true;
            excess = excess.checked_add(beyond)?;
            let covered = line.covered.unwrap_or_default();
            finding = finding.offending(line.order, covered.portion(beyond.0, quantity.0)?);
        }
    }
    if is_over {
        answer.add(finding.argument("used", used).argument("excess", excess));
    }
    Ok(())
}
