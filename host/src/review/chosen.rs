//! The versions of all packs that look at one rule day: for claims of many months, whose days are grouped by
//! what is chosen for them, so that each group is reviewed with one version of each pack.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::data::Data;
use rulepack_contract::review::{Scope, Stage};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::pack::manifest::Total;

use super::choose::{InForce, Meetings, Reviewed};
use super::{Circumstances, is_empty};
use crate::packs::PackError;

/// What was chosen for a day. Two days with equal choices are reviewed together.
#[derive(Debug)]
pub struct Chosen<'a> {
    in_force: InForce<'a>,
    packs: BTreeMap<PackName, Meetings<'a>>,
}

/// What of a choice tells it from another: versions with what is set for them, and what could not be chosen.
type Told<'c> = (
    &'c PackName,
    bool,
    Vec<(&'c TargetPath, bool, &'c Digest)>,
    Vec<&'c TargetPath>,
);

impl<'a> InForce<'a> {
    /// What is in force on a day, for somebody whose rule day it is.
    #[must_use]
    pub fn on(&self, day: Day, stage: Stage) -> Chosen<'a> {
        let packs = self.lock.packs().into_iter();
        let met = packs.map(|pack| (pack.clone(), self.meetings(pack, &[day].into(), stage)));
        Chosen {
            in_force: *self,
            packs: met.collect(),
        }
    }
}

impl Chosen<'_> {
    /// Runs what was chosen over data, whatever the rule days in it.
    #[must_use]
    pub fn review(
        &self,
        data: &Arc<Data>,
        circumstances: &Circumstances,
        scope: Scope,
    ) -> Reviewed {
        let mut reviewed = Reviewed::default();
        if is_empty(data, scope) {
            return reviewed;
        }
        for (pack, meetings) in &self.packs {
            let of_pack = match meetings.met.first() {
                Some(meeting) => self
                    .in_force
                    .review_meeting(meeting, scope, data, circumstances),
                None => Reviewed::default(),
            };
            of_pack.add_to(&mut reviewed);
            let broken = meetings.broken.iter();
            let told = broken.map(|(path, e)| (path.clone(), PackError::Failed(e.to_string())));
            reviewed.broken.extend(told);
            if meetings.gap {
                reviewed.gaps.push(pack.clone());
            }
        }
        reviewed.report.sort();
        reviewed
    }

    /// The sums that these packs declare and their rules of institutions may read, after care. A version that cannot
    /// be used declares none: [`Self::review`] tells that.
    #[must_use]
    pub fn declared_sums(&self) -> Vec<Total> {
        let InForce {
            packs, division, ..
        } = self.in_force;
        let met = self.packs.values().filter_map(|it| it.met.first());
        let active = met.filter_map(|it| {
            packs
                .get_adjusted(it.version, &it.adjusted, it.retroactive)
                .ok()
        });
        let asked = active.filter(|pack| {
            pack.has_rules(Scope::Institution, Stage::After) && pack.applies(division)
        });
        asked
            .flat_map(|pack| pack.manifest.totals.clone())
            .collect()
    }

    fn told(&self) -> Vec<Told<'_>> {
        let packs = self.packs.iter().map(|(pack, meetings)| {
            let met = meetings.met.iter();
            let met = met.map(|met| (&met.version.path, met.retroactive, &met.adjusted.digest));
            let broken = meetings.broken.iter().map(|(path, _)| path);
            (pack, meetings.gap, met.collect(), broken.collect())
        });
        packs.collect()
    }
}

impl PartialEq for Chosen<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.told() == other.told()
    }
}
