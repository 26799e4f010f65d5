//! A batch that fails is split until the patient that breaks it stands alone: everybody else keeps the verdict, and
//! it costs so many calls as the logarithm of the batch says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use std::time::Instant;

use rulepack_engine::patients::{self, Division, Outcome};
use rulepack_engine::{Fault, LoadedPack};
use ward::{Attack, WHOLE};

/// Room for the columns and the answer of 100,000 orders.
const PAGES: u32 = 80;

/// A pack that does this to each bad patient, and one that does nothing to anybody.
fn packs(at_victim: &str) -> [LoadedPack; 2] {
    let engine = guest::engine();
    let manifest = ward::manifest(PAGES);
    [at_victim, ""].map(|at_victim| {
        let attack = Attack {
            pages: PAGES,
            ..Attack::new("", at_victim)
        };
        attack.guest().load_into(&engine, &manifest).unwrap()
    })
}

/// The most calls for one batch, as [`Outcome::calls`] promises.
fn calls_max(patients: u32, bad: usize) -> u64 {
    let depth = u64::from(patients.next_power_of_two().trailing_zeros());
    1 + 2 * bad as u64 * depth
}

/// Reviews so many patients, these of them bad, as one batch; asserts that exactly these have no verdict and that
/// all others have exactly what an honest pack says of them.
fn split([hostile, honest]: &[LoadedPack; 2], patients: u32, bad: &[u32]) -> Outcome {
    let data = ward::data(patients, |patient| bad.contains(&patient));
    let clock = Instant::now();
    let outcome = patients::review(hostile, &data, &guest::review(), WHOLE);
    let took = clock.elapsed();
    let mut expected = patients::review(honest, &data, &guest::review(), WHOLE).answer;
    assert_eq!(expected.measures.len(), patients as usize);
    expected
        .measures
        .retain(|measure| !bad.contains(&measure.about.row));
    assert!(outcome.answer == expected, "somebody else lost a verdict");
    let none: Vec<u32> = outcome.no_verdict.iter().map(|(row, _)| *row).collect();
    assert_eq!(none, bad);
    let (calls, calls_max) = (outcome.calls, calls_max(patients, bad.len()));
    println!(
        "{} bad of {patients}: {calls} calls, at most {calls_max}, {took:?}",
        bad.len()
    );
    assert!(calls <= calls_max, "{calls} calls, at most {calls_max}");
    outcome
}

/// The largest that a debug build can afford: one order in 14,000, of 300,000 rows in one batch.
#[test]
fn seven_bad_patients_among_a_hundred_thousand_stand_alone_and_all_others_keep_their_verdicts() {
    let packs = packs("unreachable");
    let bad = [0, 1, 31_337, 49_999, 50_000, 77_777, 99_999];
    let outcome = split(&packs, 100_000, &bad);
    let trap = Fault::Trap("wasm trap: wasm `unreachable` instruction executed".into());
    assert!(outcome.no_verdict.iter().all(|(_, fault)| *fault == trap));
    assert_eq!(calls_max(100_000, 7), 239);
}

#[test]
fn one_bad_row_in_three_hundred_thousand_costs_two_calls_for_each_halving() {
    let packs = packs("unreachable");
    // 100,000 patients are halved 17 times at most, and here 16 or 17 times.
    let calls: Vec<u64> = [100, 10_000, 100_000]
        .into_iter()
        .map(|patients| split(&packs, patients, &[patients / 3]).calls)
        .collect();
    assert_eq!(calls, [15, 29, 35]);
}

#[test]
fn patients_padded_beyond_their_fuel_cost_no_more_calls_than_those_that_trap() {
    let packs = packs("(loop $again (br $again))");
    let outcome = split(&packs, 1_000, &[3, 500, 501]);
    let ended = |(_, fault): &(u32, Fault)| *fault == Fault::Fuel(10_000_000);
    assert!(outcome.no_verdict.iter().all(ended));
}

#[test]
fn a_batch_of_bad_patients_alone_is_split_to_the_last_one() {
    let packs = packs("unreachable");
    let bad: Vec<u32> = (0..64).collect();
    let outcome = split(&packs, 64, &bad);
    // Every node of the tree of halves: as many as there can be.
    assert_eq!(outcome.calls, 127);
    let data = ward::data(64, |_| true);
    let division = Division {
        rows: 1,
        threads: 3,
    };
    let alone = patients::review(&packs[0], &data, &guest::review(), division);
    assert_eq!(alone.calls, 64);
    assert_eq!(alone.no_verdict, outcome.no_verdict);
}
