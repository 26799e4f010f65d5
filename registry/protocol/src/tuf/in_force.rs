//! Which version of a pack a role puts in force on a day, and how a change of the role changes that.
//!
//! The rule that hosts follow (their lock adds what they themselves refused or hold): the highest version
//! whose days include the rule day. Where that one is withdrawn, none is: a bureau that withdraws a
//! version does not by that put its predecessor in force again (T9). A version of the first wave is no
//! more than an offer; withdrawn, it leaves the first wave with what everybody has.

use std::collections::BTreeSet;

use super::{Channel, Custom, Status, Target, Targets};
use crate::moment::Day;
use crate::names::{PackName, TargetPath};

/// What is in force of a pack on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce<'a> {
    /// This version.
    Version(&'a TargetPath),
    /// None, since this one is withdrawn.
    Withdrawn(&'a TargetPath),
    /// None.
    Nothing,
}

/// Days on which another version is in force than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift<'a> {
    /// The first day.
    pub(super) from: Day,
    /// The last day; open where it is none.
    pub(super) to: Option<Day>,
    /// What was in force.
    pub(super) before: InForce<'a>,
    /// What is.
    pub(super) after: InForce<'a>,
}

impl Targets {
    /// What is in force of `pack` on a day, for hosts of the first wave or for all others.
    pub fn in_force(&self, pack: &PackName, day: Day, wave: Channel) -> InForce<'_> {
        let highest = self
            .targets
            .iter()
            .filter(|(path, target)| {
                path.pack() == pack
                    && is_offered(&target.custom, wave)
                    && usable_from(&target.custom) <= day
                    && target.custom.effective.contains(day)
                    && !self.forbids(path, target)
            })
            .max_by(|one, other| one.0.version().cmp(other.0.version()));
        match highest {
            None => InForce::Nothing,
            Some((path, target)) if target.custom.status == Status::Yanked => {
                InForce::Withdrawn(path)
            }
            Some((path, _)) => InForce::Version(path),
        }
    }

    /// Whether the role's own denials stop a pack.
    fn forbids(&self, path: &TargetPath, target: &Target) -> bool {
        self.denials.as_ref().is_some_and(|denials| {
            let minimum = denials.minimum.get(path.pack());
            denials.denied.contains(&target.hashes.sha256)
                || minimum.is_some_and(|minimum| path.version() < minimum)
        })
    }

    /// The days on which `new` puts another version of a pack in force than this role does.
    pub(super) fn shifts<'a>(
        &'a self,
        new: &'a Self,
        pack: &PackName,
        wave: Channel,
    ) -> Vec<Shift<'a>> {
        let days: BTreeSet<Day> = [self, new]
            .iter()
            .flat_map(|targets| &targets.targets)
            .filter(|(path, _)| path.pack() == pack)
            .flat_map(|(_, target)| turning_days(&target.custom))
            .collect();
        let mut shifts: Vec<Shift<'a>> = Vec::new();
        let ends = days.iter().skip(1).map(|next| plus(*next, -1));
        for (from, to) in days.iter().zip(ends.chain([None])) {
            let before = self.in_force(pack, *from, wave);
            let after = new.in_force(pack, *from, wave);
            match shifts.last_mut() {
                Some(last) if last.before == before && last.after == after => last.to = to,
                _ => shifts.push(Shift {
                    from: *from,
                    to,
                    before,
                    after,
                }),
            }
        }
        shifts.retain(|shift| is_another(shift.before, shift.after));
        shifts
    }
}

/// A withdrawn canary version is to nobody; before that, to the first wave alone.
fn is_offered(custom: &Custom, wave: Channel) -> bool {
    match (custom.channel, wave) {
        (Channel::Stable, _) => true,
        (Channel::Canary, Channel::Canary) => custom.status == Status::Active,
        (Channel::Canary, Channel::Stable) => false,
    }
}

/// Nobody is judged by a version before it is published.
fn usable_from(custom: &Custom) -> Day {
    custom.effective.from.max(custom.published)
}

fn turning_days(custom: &Custom) -> impl Iterator<Item = Day> {
    let after = custom.effective.to.and_then(|last| plus(last, 1));
    [usable_from(custom)].into_iter().chain(after)
}

fn plus(day: Day, days: i32) -> Option<Day> {
    Day::from_number(day.number().checked_add(days)?)
}

fn is_another(before: InForce<'_>, after: InForce<'_>) -> bool {
    match (before, after) {
        (InForce::Version(before), InForce::Version(after)) => before != after,
        (InForce::Version(_), _) | (_, InForce::Version(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
