//! 支付标准: what the fund pays for a group, as a city supplies it.

use rulepack_sdk::prelude::*;

/// Place of `payment-standards` among the tables of the manifest.
pub(crate) const TABLE: u8 = 7;

/// The payment standards of the city; none where nobody supplied them.
pub type Standards = Dated<Code, Money>;

/// # Errors
/// Where a row has no group or no amount.
pub(crate) fn read(setup: &Setup) -> Result<Standards, String> {
    let table = setup.table("payment-standards")?;
    let groups = table.codes("group")?.into_iter();
    let rows = groups.zip(table.money("standard")?);
    Ok(Dated::new(rows.zip(table.validity()?)))
}
