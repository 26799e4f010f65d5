//! What is in force on each rule day of a period.

use rulepack_contract::review::Stage;
use rulepack_host::review::{Chosen, InForce};
use rulepack_protocol::moment::Day;

/// Days of a period, each with what was chosen for it. Days with equal choices share one.
#[derive(Debug)]
pub(crate) struct Choices<'l> {
    first: i32,
    of_day: Vec<usize>,
    chosen: Vec<Chosen<'l>>,
}

impl<'l> Choices<'l> {
    /// Of all days of a period, the last of which is at least there.
    pub(crate) fn new(in_force: InForce<'l>, (first, last): (i32, i32)) -> Self {
        let mut choices = Choices {
            first,
            of_day: Vec::new(),
            chosen: Vec::new(),
        };
        for day in (first..=last).filter_map(Day::from_number) {
            let chosen = in_force.on(day, Stage::After);
            let known = choices.chosen.iter().position(|known| *known == chosen);
            let number = known.unwrap_or(choices.chosen.len());
            if known.is_none() {
                choices.chosen.push(chosen);
            }
            choices.of_day.push(number);
        }
        choices
    }

    /// The number of what was chosen for a day; `None` outside the period.
    pub(crate) fn number(&self, day: i32) -> Option<usize> {
        let place = usize::try_from(day.checked_sub(self.first)?).ok()?;
        self.of_day.get(place).copied()
    }

    /// What has this number.
    pub(crate) fn numbered(&self, number: usize) -> &Chosen<'l> {
        &self.chosen[number]
    }

    /// What was chosen for a day of the period; the last one where it lies outside.
    pub(crate) fn on(&self, day: i32) -> &Chosen<'l> {
        let last = self.chosen.len().saturating_sub(1);
        self.numbered(self.number(day).unwrap_or(last))
    }
}
