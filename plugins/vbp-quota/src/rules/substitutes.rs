//! VBP-08 高价可替代产品增长: more of the high-priced substitutes (高价可替代产品) of a variety is bought than in the
//! same days of the year before, and they take a larger share from the selected products.
//!
//! Worse where the agreed volume is unmet, or where none was reported although the variety is in a round
//! (未报量).

use rulepack_sdk::prelude::*;

use crate::{Assessment, PurchaseLines, VbpQuota};

/// Id of the rule.
pub const ID: &str = "VBP-08";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &[
    "purchases.varieties",
    "purchases.substitutes",
    "purchases.selected",
    "purchases.delivered",
    "purchases.returned",
    "purchases.base-units",
    "purchases.stocked-days",
];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];
/// Days of a year.
const YEAR: i64 = 365;

/// What entered the store in some days.
#[derive(Debug, Default)]
struct Year {
    substitutes: Quantity,
    selected: Quantity,
    lines: Vec<Row<Purchases>>,
}

/// Both years, and the days of this one.
struct Years {
    this: Year,
    last: Year,
}

/// Why two years cannot be compared.
type Gap = &'static str;

/// The elapsed days of the term against as many days a year earlier.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    assessment: &Assessment<'_>,
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let agreement = &assessment.agreement;
    let lines = assessment.purchases.of(agreement.variety);
    let days = (agreement.start, assessment.progress.last_day);
    let years = match compare(assessment.purchases, lines, days)? {
        Ok(Some(years)) => years,
        Ok(None) => return Ok(()),
        Err(missing) => {
            answer.add(Abstention::new(ID, agreement.row).missing(missing));
            return Ok(());
        }
    };
    years.measure(agreement.row, answer)?;
    if !years.displace(pack)? {
        return Ok(());
    }
    let unmet = assessment.behind() && !assessment.short_of_supply(pack);
    let certainty = match unmet {
        true => Certainty::HighSuspicion,
        false => Certainty::LowSuspicion,
    };
    let finding = Finding::new(ID, years.template(["grown", "new"]), certainty)
        .offending(agreement.row, Money::ZERO)
        .argument("variety", agreement.variety)
        .argument("done", assessment.done());
    answer.add(years.tell(finding)?);
    Ok(())
}

/// The days of the review against as many a year earlier, for varieties with selected products of which the
/// institution has no agreement at all.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check_unreported(
    purchases: &PurchaseLines<'_>,
    days: (Day, Day),
    pack: &VbpQuota,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let agreements = purchases.batch.agreements();
    if purchases.batch.presence::<Agreements>() != Presence::Complete {
        return Ok(());
    }
    let agreed: Set<Code> = agreements
        .varieties()
        .recorded()
        .map(|(_, variety)| variety)
        .collect();
    for (variety, lines) in purchases.varieties() {
        let Some(first) = lines.first().filter(|_| !agreed.contains(&variety)) else {
            continue;
        };
        let years = match compare(purchases, lines, days)? {
            Ok(Some(years)) => years,
            Ok(None) => continue,
            Err(missing) => {
                answer.add(Abstention::new(ID, *first).missing(missing));
                continue;
            }
        };
        let Some(first) = years.this.lines.first() else {
            continue;
        };
        years.measure(*first, answer)?;
        if years.displace(pack)? {
            let template = years.template(["unreported-grown", "unreported-new"]);
            let finding = Finding::high_suspicion(ID, template)
                .offending(*first, Money::ZERO)
                .argument("variety", variety);
            answer.add(years.tell(finding)?);
        }
    }
    Ok(())
}

/// Both years of a variety; `None` where no substitute was bought in this one.
fn compare(
    purchases: &PurchaseLines<'_>,
    lines: &[Row<Purchases>],
    (first, last): (Day, Day),
) -> Result<Result<Option<Years>, Gap>, Overflow> {
    if !purchases.are_complete() {
        return Ok(Err("purchases.substitutes"));
    }
    // The years never overlap, however long the term.
    let back = YEAR.max(last.since(first) + 1);
    let back = i32::try_from(-back).map_err(|_| Overflow)?;
    let before = (first.plus(back)?, last.plus(back)?);
    let this = match bought(purchases, lines, (first, last))? {
        Ok(year) if year.substitutes <= Quantity::ZERO => return Ok(Ok(None)),
        Ok(year) => year,
        Err(missing) => return Ok(Err(missing)),
    };
    if !purchases.reach_back_to(before.0) {
        return Ok(Err("purchases.stocked-days"));
    }
    let last = bought(purchases, lines, before)?;
    Ok(last.map(|last| Some(Years { this, last })))
}

fn bought(
    purchases: &PurchaseLines<'_>,
    lines: &[Row<Purchases>],
    (first, last): (Day, Day),
) -> Result<Result<Year, Gap>, Overflow> {
    let table = purchases.table();
    let (mut year, mut unit) = (Year::default(), None);
    for row in lines.iter().copied() {
        let delivered = table.delivered().get(row);
        if delivered == Some(Quantity::ZERO) {
            continue;
        }
        let Some(day) = table.stocked_days().get(row) else {
            return Ok(Err("purchases.stocked-days"));
        };
        if !(first..=last).contains(&day) {
            continue;
        }
        let (Some(delivered), Some(returned)) = (delivered, table.returned().get(row)) else {
            let is_delivered = delivered.is_some();
            return Ok(Err(match is_delivered {
                true => "purchases.returned",
                false => "purchases.delivered",
            }));
        };
        let line_unit = table.base_units().get(row);
        if line_unit.is_none() || *unit.get_or_insert(line_unit) != line_unit {
            return Ok(Err("purchases.base-units"));
        }
        let quantity = delivered.checked_sub(returned)?;
        match (table.substitutes().get(row), table.selected().get(row)) {
            (Some(true), _) => {
                year.substitutes = year.substitutes.checked_add(quantity)?;
                year.lines.push(row);
            }
            (Some(false), Some(true)) => year.selected = year.selected.checked_add(quantity)?,
            (Some(false), Some(false)) => {}
            (None, _) => return Ok(Err("purchases.substitutes")),
            (_, None) => return Ok(Err("purchases.selected")),
        }
    }
    Ok(Ok(year))
}

impl Year {
    /// Substitutes and selected products together.
    fn whole(&self) -> Result<Quantity, Overflow> {
        self.substitutes.checked_add(self.selected)
    }

    /// The share of the substitutes.
    fn share(&self) -> Result<Ratio, Overflow> {
        let whole = self.whole()?;
        Ok(Ratio::of(self.substitutes.0, whole.0).unwrap_or_default())
    }
}

impl Years {
    /// Whether substitutes grew beyond the limit and took a larger share.
    fn displace(&self, pack: &VbpQuota) -> Result<bool, Overflow> {
        let (this, last) = (self.this.substitutes.0, self.last.substitutes.0.max(0));
        let limit = i128::from(Ratio::ONE.0) + i128::from(pack.substitute_growth_max.0);
        let grown = i128::from(this) * i128::from(Ratio::ONE.0) > i128::from(last) * limit;
        let shares = [
            i128::from(this) * i128::from(self.last.whole()?.0),
            i128::from(last) * i128::from(self.this.whole()?.0),
        ];
        let larger_share = shares[0] > shares[1] || last == 0;
        Ok(grown && larger_share)
    }

    /// The one message where something was bought in the year before, the other where nothing was.
    fn template(&self, [grown, new]: [&'static str; 2]) -> &'static str {
        match self.last.substitutes > Quantity::ZERO {
            true => grown,
            false => new,
        }
    }

    /// The share of the substitutes: over the years its trend.
    fn measure(&self, about: impl Into<RowReference>, answer: &mut Answer) -> Result<(), Overflow> {
        let whole = self.this.whole()?;
        answer.add(Measure::new(ID, about, self.this.substitutes.0, whole.0));
        Ok(())
    }

    /// The figures of both years, and the lines of this one.
    fn tell(&self, finding: Finding) -> Result<Finding, Overflow> {
        let mut finding = finding
            .argument("this", self.this.substitutes)
            .argument("share", self.this.share()?);
        let (this, last) = (self.this.substitutes, self.last.substitutes);
        if last > Quantity::ZERO {
            let growth = Ratio::of(this.checked_sub(last)?.0, last.0).ok_or(Overflow)?;
            finding = finding
                .argument("last", last)
                .argument("growth", growth)
                .argument("before", self.last.share()?);
        }
        let lines = self.this.lines.iter();
        Ok(lines.fold(finding, |it, row| it.related(*row, Money::ZERO)))
    }
}
