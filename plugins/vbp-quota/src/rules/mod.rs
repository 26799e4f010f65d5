//! One file per rule.

pub mod completion;
pub mod delivery_rate;
pub mod non_selected_share;
pub mod time_progress;
pub mod zero_purchase;

use rulepack_sdk::prelude::*;

use crate::{Assessment, VbpQuota};

impl Assessment {
    /// Whether the agreed volume entered the store.
    pub(crate) fn fulfilled(&self) -> bool {
        self.volumes.selected >= self.agreement.quantity
    }

    /// Whether less entered the store than the elapsed part of the term asks for.
    pub(crate) fn behind(&self) -> bool {
        self.below_pace(self.volumes.selected)
    }

    /// Whether the hospital ordered what the elapsed part of the term asks for, and the supplier delivered
    /// less of it than the target: then the shortfall is one of supply.
    pub(crate) fn short_of_supply(&self, pack: &VbpQuota) -> bool {
        let below_target = |rate| rate < pack.delivery_bands.target;
        !self.below_pace(self.volumes.ordered)
            && self.volumes.delivery_rate().is_some_and(below_target)
    }

    /// How much of the agreed volume entered the store.
    pub(crate) fn done(&self) -> Ratio {
        Ratio::of(self.volumes.selected.0, self.agreement.quantity.0).unwrap_or_default()
    }

    /// How much of the term has run.
    pub(crate) fn elapsed(&self) -> Ratio {
        Ratio::of(self.progress.elapsed_days, self.progress.term_days).unwrap_or_default()
    }

    /// Which message to show: one with the delivery rate, or one for where nothing was ordered.
    pub(crate) fn template(&self, ordered: &'static str, unordered: &'static str) -> &'static str {
        match self.volumes.delivery_rate() {
            Some(_) => ordered,
            None => unordered,
        }
    }

    fn below_pace(&self, quantity: Quantity) -> bool {
        let due = i128::from(self.agreement.quantity.0) * i128::from(self.progress.elapsed_days);
        i128::from(quantity.0) * i128::from(self.progress.term_days) < due
    }

    /// A finding about the agreement, with the figures that every message of it has.
    pub(crate) fn finding(&self, finding: Finding) -> Finding {
        let finding = finding
            .offending(self.agreement.row, Money::ZERO)
            .argument("variety", self.agreement.variety)
            .argument("round", self.agreement.round)
            .argument("agreed", self.agreement.quantity)
            .argument("stocked", self.volumes.selected)
            .argument("done", self.done())
            .argument("ordered", self.volumes.ordered);
        match self.volumes.delivery_rate() {
            Some(rate) => finding.argument("delivery", rate),
            None => finding,
        }
    }

    /// A notice about the agreement, with the same figures.
    pub(crate) fn notice(&self, notice: Notice) -> Notice {
        let notice = notice
            .about(self.agreement.row)
            .argument("variety", self.agreement.variety)
            .argument("round", self.agreement.round)
            .argument("agreed", self.agreement.quantity)
            .argument("stocked", self.volumes.selected)
            .argument("done", self.done())
            .argument("ordered", self.volumes.ordered);
        match self.volumes.delivery_rate() {
            Some(rate) => notice.argument("delivery", rate),
            None => notice,
        }
    }

    /// Adds the lines of the selected products as those that explain a finding.
    pub(crate) fn with_selected_lines(&self, finding: Finding) -> Finding {
        let lines = self.volumes.selected_lines.iter();
        lines.fold(finding, |finding, row| finding.related(*row, Money::ZERO))
    }
}
