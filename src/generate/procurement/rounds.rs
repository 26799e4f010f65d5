//! How the agreements of a hospital stand when the data ends: what of the money saved on them stays with it
//! (结余留用), and the list of each round (采购批次执行汇总). Figures, and no breaches.

use super::super::GenerateError;
use super::super::record::{Breach, Money, Verdict};
use super::super::tables::{Cell, Planted, PlantedRow};
use super::YEAR_DAYS;
use super::sheets::PACK;

static RETAINED: Breach = Breach::new("VBP-RETAINED-SURPLUS", PACK, "VBP-11");
static ROUND: Breach = Breach::new("VBP-ROUND", PACK, "VBP-12");

/// Percent of the cost that the fund pays.
const FUND_PERCENT: i64 = 60;
/// Percent of what the fund saved that stays with the hospital.
const RETAINED_PERCENT: i64 = 50;

/// An agreement on the last generated day.
pub(super) struct Standing {
    pub(super) round: &'static str,
    /// From its first day on, this day included.
    pub(super) days: i64,
    /// Tablets.
    pub(super) agreed: i64,
    /// Of the selected product.
    pub(super) ordered: i64,
    pub(super) delivered: i64,
    /// Less what went back.
    pub(super) stocked: i64,
    pub(super) non_selected: i64,
    /// What the agreed volume cost before the round.
    pub(super) budget: Money,
    /// What all products cost.
    pub(super) spent: Money,
}

impl Standing {
    /// Whether any day of it lies within the year up to the last generated day.
    fn is_reviewed(&self) -> bool {
        self.days < 2 * YEAR_DAYS
    }

    fn is_over(&self) -> bool {
        self.days >= YEAR_DAYS
    }

    /// Less than the agreed volume at the end of the year, or than its elapsed part before.
    fn is_behind(&self) -> bool {
        self.stocked * YEAR_DAYS < self.agreed * self.days.min(YEAR_DAYS)
    }

    fn is_zero(&self) -> bool {
        self.ordered == 0
    }

    /// More than half of the agreed volume in non-selected products.
    fn has_excess(&self) -> bool {
        self.non_selected * 2 > self.agreed
    }

    /// 考核不合格: the volume is unmet, more was bought of other products, and the supplier is not to blame.
    fn has_failed(&self) -> bool {
        let by_supplier = self.ordered >= self.agreed && self.delivered * 100 < self.ordered * 80;
        self.stocked < self.agreed && self.non_selected > self.stocked && !by_supplier
    }

    /// Saved by the fund, and what of it stays with the hospital.
    fn surplus(&self) -> (Money, Money) {
        let base = percent(self.budget, FUND_PERCENT) - percent(self.spent, FUND_PERCENT);
        match self.has_failed() {
            true => (base, 0),
            false => (base, percent(base, RETAINED_PERCENT)),
        }
    }
}

/// Rounded half up.
fn percent(money: Money, percent: i64) -> Money {
    (money * percent + 50).div_euclid(100)
}

/// The rounds of a hospital, each with the row of its first agreement.
#[derive(Default)]
pub(super) struct Rounds {
    rounds: Vec<(&'static str, u64, Counts)>,
}

/// Agreements of a round.
#[derive(Default)]
struct Counts {
    agreed: u32,
    zero: u32,
    behind: u32,
    over: u32,
    non_selected: u32,
    excess: u32,
    both: u32,
}

impl Rounds {
    /// Counts an agreement, and notes what is retained of it when its year is over. One whose year ended before those
    /// that are reviewed is counted in no list.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn add(
        &mut self,
        standing: &Standing,
        row: u64,
        planted: &mut Planted,
    ) -> Result<(), GenerateError> {
        if !standing.is_reviewed() {
            return planted.note(&PlantedRow {
                breach: &ROUND,
                verdict: Verdict::NearMiss,
                table: "agreements",
                key: Cell::Number(row.cast_signed()),
                patient: Cell::Empty,
                amount: None,
                note: "the term ended the day before the review: in no list",
            });
        }
        let known = self
            .rounds
            .iter()
            .position(|(round, ..)| *round == standing.round);
        let place = known.unwrap_or(self.rounds.len());
        if known.is_none() {
            self.rounds.push((standing.round, row, Counts::default()));
        }
        self.rounds[place].2.add(standing);
        if !standing.is_over() {
            return Ok(());
        }
        let (verdict, amount, note) = match standing.surplus() {
            (base, _) if base <= 0 => (Verdict::NearMiss, None, "more spent than budgeted"),
            (_, 0) => (
                Verdict::NearMiss,
                None,
                "nothing of the surplus stays where the round is failed",
            ),
            (_, retained) => (Verdict::Hit, Some(retained), "half of what the fund saved"),
        };
        planted.note(&PlantedRow {
            breach: &RETAINED,
            verdict,
            table: "agreements",
            key: Cell::Number(row.cast_signed()),
            patient: Cell::Empty,
            amount,
            note,
        })
    }

    /// Notes the list of each round, under its first agreement.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn note(&self, planted: &mut Planted) -> Result<(), GenerateError> {
        for (_, row, counts) in &self.rounds {
            planted.note(&PlantedRow {
                breach: &ROUND,
                verdict: Verdict::Hit,
                table: "agreements",
                key: Cell::Number(row.cast_signed()),
                patient: Cell::Empty,
                amount: None,
                note: &counts.note(),
            })?;
        }
        Ok(())
    }
}

impl Counts {
    fn add(&mut self, standing: &Standing) {
        let (zero, behind) = (standing.is_zero(), standing.is_behind());
        self.agreed += 1;
        self.zero += u32::from(zero);
        self.behind += u32::from(behind && !zero);
        self.over += u32::from(standing.stocked > standing.agreed);
        self.non_selected += u32::from(standing.non_selected > 0);
        self.excess += u32::from(standing.has_excess());
        self.both += u32::from(behind && standing.has_excess());
    }

    fn note(&self) -> String {
        let Counts {
            agreed,
            zero,
            behind,
            over,
            non_selected,
            excess,
            both,
        } = self;
        let normal = agreed - zero - behind - over;
        format!(
            "{agreed} agreed: {zero} zero {behind} behind {over} over {normal} normal; \
             {non_selected} non-selected {excess} in excess {both} both"
        )
    }
}
