//! The lines that the rules judge: counted lines of chronic visits, with refunds netted out.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;
use crate::disease::Disease;

const MINUTES_OF_A_DAY: i128 = 1_440;
const PARTS_OF_A_DAY: i128 = 10_000;

/// The lines of a batch, by patient, then by day.
#[derive(Debug, Default)]
pub struct Lines {
    /// What is left of each line after its refunds; lines refunded in full are not here.
    pub supplied: Vec<Line>,
    /// Refunds under review of lines that are not: they give back what was used up before.
    pub credits: Vec<Line>,
}

/// A line, less what was refunded of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which line.
    pub order: Row<Orders>,
    /// Of which visit.
    pub encounter: Row<Encounters>,
    /// Whose.
    pub patient: Row<Patients>,
    /// 处方
    pub prescription: Option<Token>,
    /// National catalogue code.
    pub item: Option<Code>,
    /// What counts as the same drug: the item, or its generic name where the bureau says so.
    pub drug: Option<Code>,
    /// Whether the item is a medicine.
    pub is_medicine: bool,
    /// Day of the charge, or of the order.
    pub day: Option<Day>,
    /// The disease that it is charged under.
    pub disease: Disease,
    /// Before and during care the lines being written; afterwards those of the encounters looked at.
    pub under_review: bool,
    /// What it costs; nothing where it is only ordered and has no price yet.
    pub amount: Money,
    /// What of it is inside the scope of the fund.
    pub covered: Option<Money>,
    /// In the smallest unit.
    pub base_quantity: Option<Quantity>,
    /// How many days it lasts: as told (`prd_days`), else by dose and frequency.
    pub supply: Option<Quantity>,
    /// In billing units, to tell what share was refunded.
    quantity: Option<Quantity>,
}

impl Lines {
    /// Reads the lines of a batch.
    ///
    /// # Errors
    /// Where a sum exceeds 64 bits.
    #[inline(never)]
    pub fn collect(pack: &ChronicLimits, batch: &Batch) -> Result<Self, Overflow> {
        let (encounters, orders) = (batch.encounters(), batch.orders());
        let care_types = encounters.care_types();
        let is_chronic = |encounter| {
            let care_type = care_types.get(encounter);
            care_type.is_some_and(|code| pack.care_types.contains(&code))
        };
        let owners = orders.encounters();
        let chronic = owners.owners().filter(|(owner, _)| is_chronic(*owner));
        // Most lines of a hospital are of other visits: theirs are not fetched.
        let part = orders.part(chronic.map(|(_, lines)| lines));
        let mut lines = Lines::default();
        if part.ranges().next().is_none() {
            return Ok(lines);
        }
        let refunds = lines.read(pack, batch, &part)?;
        lines.net_out(refunds)?;
        // No two lines are equal, and a stable sort would take as much room again.
        lines
            .supplied
            .sort_unstable_by_key(|line| (line.patient, line.day, line.order));
        Ok(lines)
    }

    /// Adds the lines of a part, and gives its refunds, each with the row that it reverses.
    fn read(
        &mut self,
        pack: &ChronicLimits,
        batch: &Batch,
        part: &OrdersPart,
    ) -> Result<Vec<(Row<Orders>, Line)>, Overflow> {
        let owners = batch.orders().encounters();
        let patients = batch.encounters().patients();
        let mut refunds = Vec::new();
        let (items, counted, reverses) = (part.items(), part.counted(), part.reverses());
        let (days, diseases, amounts) = (part.days(), part.diseases(), part.amounts());
        let (base_quantities, quantities) = (part.base_quantities(), part.quantities());
        let medicines = batch.members(pack.medicines, &items);
        let drugs = pack.drugs(batch, &items);
        self.supplied.reserve_exact(items.len());
        for (place, order) in part.rows() {
            // A source that does not tell orders from charges sends lines to sum only.
            if counted.get(place) == Some(false) {
                continue;
            }
            let owner = owners.get(order);
            let Some((encounter, patient)) = owner.and_then(|it| Some((it, patients.get(it)?)))
            else {
                continue;
            };
            let day = days.get(place);
            let named = diseases.get(place);
            let under_review = is_under_review(batch, part, (place, encounter));
            let disease = Disease::of(named, patient, day, batch.enrolments());
            let covered = covered(part, place)?;
            let supply = days_supplied(part, place, medicines.contains(place))?;
            let line = || Line {
                order,
                encounter,
                patient,
                prescription: part.prescriptions().get(place),
                item: items.get(place),
                drug: drugs.get(place, &items),
                is_medicine: medicines.contains(place),
                day,
                disease,
                under_review,
                amount: amounts.get(place).unwrap_or_default(),
                covered,
                base_quantity: base_quantities.get(place),
                supply,
                quantity: quantities.get(place),
            };
            // Made where it stays: moving it costs more than making it.
            match reverses.get(place) {
                Some(target) => refunds.push((target, line())),
                None => self.supplied.push(line()),
            }
        }
        Ok(refunds)
    }

    /// Takes each refund off its line, and drops the lines of which nothing is left, as well as refunds
    /// that name no line.
    #[inline(never)]
    fn net_out(&mut self, refunds: Vec<(Row<Orders>, Line)>) -> Result<(), Overflow> {
        for (target, refund) in refunds {
            // Lines were met in the order of their rows.
            let place = self
                .supplied
                .binary_search_by_key(&target, |line| line.order);
            let Some(line) = place.ok().and_then(|place| self.supplied.get_mut(place)) else {
                continue;
            };
            line.take_off(&refund)?;
            if refund.under_review && !line.under_review {
                // A refund names no disease of its own where its line did.
                let disease = match refund.disease {
                    Disease::Unknown => line.disease,
                    known => known,
                };
                self.credits.push(Line { disease, ..refund });
            }
        }
        let left = |line: &Line| {
            line.quantity
                .is_none_or(|quantity| quantity > Quantity::ZERO)
        };
        self.supplied.retain(left);
        Ok(())
    }

    /// The lines of one patient.
    #[must_use]
    pub fn of(&self, patient: Row<Patients>) -> &[Line] {
        let first = self.supplied.partition_point(|line| line.patient < patient);
        let end = self
            .supplied
            .partition_point(|line| line.patient <= patient);
        self.supplied.get(first..end).unwrap_or_default()
    }
}

impl Line {
    /// Subtracts a refund, whose quantity and amounts are negative. The days of supply shrink in
    /// proportion to the quantity.
    fn take_off(&mut self, refund: &Line) -> Result<(), Overflow> {
        let (Some(before), Some(refunded)) = (self.quantity, refund.quantity) else {
            return Ok(());
        };
        let after = before.checked_add(refunded)?;
        self.quantity = Some(after);
        self.amount = self.amount.checked_add(refund.amount)?;
        if let (Some(covered), Some(refunded)) = (self.covered, refund.covered) {
            self.covered = Some(covered.checked_add(refunded)?);
        }
        if let (Some(quantity), Some(refunded)) = (self.base_quantity, refund.base_quantity) {
            self.base_quantity = Some(quantity.checked_add(refunded)?);
        }
        if let Some(supply) = self.supply {
            let days = i128::from(supply.0) * i128::from(after.0);
            let days = days.checked_div(i128::from(before.0)).ok_or(Overflow)?;
            self.supply = Some(Quantity(i64::try_from(days).map_err(|_| Overflow)?));
        }
        Ok(())
    }
}

/// Before and during care, the lines being written; afterwards, those of the encounters looked at.
fn is_under_review(
    batch: &Batch,
    part: &OrdersPart,
    (place, encounter): (Row<InPart<Orders>>, Row<Encounters>),
) -> bool {
    let current = match batch.stage() {
        Stage::After => batch.encounters().current().get(encounter),
        Stage::Before | Stage::During => part.current().get(place),
    };
    current == Some(true)
}

/// As the line tells it; of a medicine that does not, by dose and frequency.
fn days_supplied(
    part: &OrdersPart,
    place: Row<InPart<Orders>>,
    is_medicine: bool,
) -> Result<Option<Quantity>, Overflow> {
    match part.supply_days().get(place) {
        None if is_medicine => days_by_dose(part, place),
        told => Ok(told),
    }
}

/// Quantity ÷ (dose × times a day), in ten-thousandths of a day; `None` where dose, frequency or a common unit is not
/// recorded.
fn days_by_dose(
    part: &OrdersPart,
    place: Row<InPart<Orders>>,
) -> Result<Option<Quantity>, Overflow> {
    let unit = part.base_units().get(place);
    if unit.is_none() || part.dose_units().get(place) != unit {
        return Ok(None);
    }
    let (quantity, dose) = (part.base_quantities().get(place), part.doses().get(place));
    let times = part.frequency_counts().get(place);
    let minutes = part.frequency_minutes().get(place);
    let (Some((quantity, dose)), Some((times, minutes))) = (quantity.zip(dose), times.zip(minutes))
    else {
        return Ok(None);
    };
    // Ten-thousandths of a day are the minutes of a frequency in a day, times ten thousand.
    let taken = i128::from(dose.0) * i128::from(times) * MINUTES_OF_A_DAY;
    let supplied = i128::from(quantity.0) * i128::from(minutes);
    if taken <= 0 || supplied <= 0 {
        return Ok(None);
    }
    let days = supplied.checked_mul(PARTS_OF_A_DAY).ok_or(Overflow)? / taken;
    i64::try_from(days)
        .map(|days| Some(Quantity(days)))
        .map_err(|_| Overflow)
}

/// What is inside the scope of the fund (`inscp_scp_amt`). A request before settlement does not tell it:
/// it is then the amount without what the patient pays alone (全自费, 先行自付).
fn covered(part: &OrdersPart, place: Row<InPart<Orders>>) -> Result<Option<Money>, Overflow> {
    if let Some(covered) = part.covered_amounts().get(place) {
        return Ok(Some(covered));
    }
    let told = (
        part.amounts().get(place),
        part.own_pays().get(place),
        part.self_pays().get(place),
    );
    let (Some(amount), Some(own_pay), Some(self_pay)) = told else {
        return Ok(None);
    };
    amount.checked_sub(own_pay)?.checked_sub(self_pay).map(Some)
}
