//! What an agreement and its purchases come to.

use rulepack_sdk::prelude::*;

use crate::{Agreement, Progress, PurchaseLines, VbpQuota, Volumes};

/// An agreement with what was bought under it.
pub struct Assessment<'a> {
    /// The agreement.
    pub agreement: Agreement,
    /// How far its term has run.
    pub progress: Progress,
    /// What was bought.
    pub volumes: Volumes,
    /// All lines of the institution.
    pub purchases: &'a PurchaseLines<'a>,
    /// The first day of the term that is under review.
    pub first_day: Day,
}

impl Assessment<'_> {
    /// Whether the agreed volume entered the store.
    pub(crate) fn fulfilled(&self) -> bool {
        self.volumes.selected >= self.agreement.quantity
    }

    /// Whether less entered the store than the elapsed part of the term asks for.
    pub(crate) fn behind(&self) -> bool {
        self.below_pace(self.volumes.selected, Ratio::ONE)
    }

    /// Whether less entered the store than this share of what the elapsed part of the term asks for.
    pub(crate) fn behind_share(&self, share: Ratio) -> bool {
        self.below_pace(self.volumes.selected, share)
    }

    /// Whether the hospital ordered what the elapsed part of the term asks for, and the supplier delivered
    /// less of it than the target: then the shortfall is one of supply.
    pub(crate) fn short_of_supply(&self, pack: &VbpQuota) -> bool {
        let below_target = |rate| rate < pack.delivery_bands.target;
        !self.below_pace(self.volumes.ordered, Ratio::ONE)
            && self.volumes.delivery_rate().is_some_and(below_target)
    }

    /// Whether more than the allowed share of what was bought of the variety is of non-selected products.
    pub(crate) fn over_half_non_selected(&self, pack: &VbpQuota) -> bool {
        let (part, whole) = (self.volumes.non_selected.0, self.volumes.all.0);
        i128::from(part) * i128::from(Ratio::ONE.0)
            > i128::from(whole) * i128::from(pack.non_selected_share_max.0)
    }

    /// 考核不合格, of a term that is over: the volume is not completed, and non-selected products were bought more
    /// than the selected ones, while these were to be had.
    pub(crate) fn failed(&self, pack: &VbpQuota) -> bool {
        !self.fulfilled() && self.over_half_non_selected(pack) && !self.short_of_supply(pack)
    }

    /// Whether nothing of the selected products was ordered, or entered the store.
    pub(crate) fn nothing_bought(&self) -> bool {
        self.volumes.ordered <= Quantity::ZERO && self.volumes.selected <= Quantity::ZERO
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

    fn below_pace(&self, quantity: Quantity, share: Ratio) -> bool {
        let due = i128::from(self.agreement.quantity.0)
            * i128::from(self.progress.elapsed_days)
            * i128::from(share.0);
        let term = i128::from(self.progress.term_days) * i128::from(Ratio::ONE.0);
        i128::from(quantity.0) * term < due
    }

    /// A finding about the agreement, with the figures that every message of its completion has.
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

    /// A notice about the agreement, with the same figures but for the delivery rate.
    pub(crate) fn notice(&self, notice: Notice) -> Notice {
        notice
            .about(self.agreement.row)
            .argument("variety", self.agreement.variety)
            .argument("round", self.agreement.round)
            .argument("agreed", self.agreement.quantity)
            .argument("stocked", self.volumes.selected)
            .argument("done", self.done())
            .argument("ordered", self.volumes.ordered)
    }

    /// The same with the delivery rate, where something was ordered.
    pub(crate) fn notice_with_rate(&self, notice: Notice) -> Notice {
        let notice = self.notice(notice);
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
