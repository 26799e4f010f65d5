//! Planted breaches of the national library (两库, pack `cn/national-library`): for each of its 88 rules at
//! least one, with a near miss beside it.
//!
//! One file for each family of rules, as the pack has one for each way of judging; a family says in its head
//! what its rules forbid. What breaks a rule is worked out here from the words of the catalogue, and the
//! codes, limits and prices are constants of this folder: nothing is read from the pack, so that each
//! checks the other.
//!
//! A [`Round`] plants everything once. Its patients are few whatever the size of the hospital.

mod attribute;
mod consistency;
mod evidence;
mod inventory;
mod items;
mod line_limit;
mod operation;
mod pair;
mod prescription;
mod provincial;
mod records;
mod round;
mod rules;
mod statistic;
mod tables;
mod visits;
mod windowed_sum;

use time::Date;
use time::macros::date;

pub(super) use inventory::write_stock;
pub(super) use provincial::also;
pub(super) use tables::{INSTITUTIONS, LibraryTables};

use super::random::Random;
use super::record::Patient;
use super::timeline::Timeline;
use round::Round;

/// The first day that a breach may lie on: from then on the 2025 edition is in force, and what it looks back
/// to lies in 2026 too.
const FIRST_DAY: Date = date!(2026 - 02 - 12);
/// The earliest last day: a month later.
pub(super) const END_MIN: Date = date!(2026 - 03 - 12);
/// Fewest order lines of a hospital in which everything is planted.
pub(super) const LINES_MIN: u64 = 1_000;
/// Lines for each further round.
const LINES_PER_ROUND: u64 = 10_000;

/// How often everything is planted in a hospital with so many lines.
pub(super) fn rounds(lines: u64) -> u64 {
    (lines / LINES_PER_ROUND).max(1)
}

/// The patients of one round.
pub(super) fn patients(random: &mut Random, timeline: &Timeline) -> Vec<Patient> {
    let mut round = Round::new(random, timeline);
    attribute::plant(&mut round);
    evidence::plant(&mut round);
    line_limit::plant(&mut round);
    windowed_sum::plant(&mut round);
    pair::plant(&mut round);
    prescription::plant(&mut round);
    operation::plant(&mut round);
    visits::plant(&mut round);
    records::plant(&mut round);
    consistency::plant(&mut round);
    statistic::plant(&mut round);
    round.finish()
}
