//! Shows that a verdict depends on pack, data and parameters alone: not on threads, processes, compilers, features of the
//! processor, or on who else is in a batch. Tests only.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::schema::{TableId, ids};
use rulepack_protocol::digest::Digest;
use wasmtime::{Config, OptLevel, RegallocAlgorithm};

use crate::guest::{self, Guest};
use crate::patients::{self, Division, Outcome};
use crate::ward::{self, Attack, leaked};
use crate::{Engine, Fault, Limits, LoadedPack, Preparation, config};

/// What is computed of the quantity of each order: every instruction of integers that compilers translate differently by
/// what the processor has (counting of bits, rotations, wide multiplication, bulk copies), and calls by table.
const MIXED: &str = r#"
    (type $step (func (param i64) (result i64)))
    (table 4 funcref) (elem (i32.const 0) $counted $turned $divided $copied)
    (func $counted (type $step)
      (i64.add (i64.shl (i64.clz (local.get 0)) (i64.const 16))
        (i64.add (i64.shl (i64.ctz (local.get 0)) (i64.const 8)) (i64.popcnt (local.get 0)))))
    (func $turned (type $step)
      (i64.xor (i64.rotl (local.get 0) (i64.const 13)) (i64.xor (i64.rotr (local.get 0) (local.get 0))
        (i64.add (i64.shr_s (local.get 0) (i64.const 67)) (i64.extend32_s (i64.shr_u (local.get 0) (local.get 0)))))))
    (func $divided (type $step)
      (i64.add (i64.div_u (local.get 0) (i64.or (i64.shr_u (local.get 0) (i64.const 40)) (i64.const 1)))
        (i64.add (i64.rem_s (i64.mul (local.get 0) (i64.const -7046029254386353131)) (i64.const 1000003))
          (i64.extend_i32_s (i32.div_s (i32.wrap_i64 (local.get 0)) (i32.const -7))))))
    (func $copied (type $step)
      (i64.store (i32.const 7001) (local.get 0))
      (memory.copy (i32.const 7004) (i32.const 7001) (i32.const 8))
      (memory.fill (i32.const 7010) (i32.wrap_i64 (local.get 0)) (i32.const 3))
      (i64.add (i64.load (i32.const 7003)) (i64.load16_s (i32.const 7009))))
    (func $mixed (param $figure i64) (result i64) (local $left i32)
      (local.set $left (i32.const 64))
      (loop $next
        (local.set $figure (i64.add (i64.const 1442695040888963407) (i64.mul (i64.const 6364136223846793005)
          (i64.add (local.get $figure)
            (call_indirect (type $step) (local.get $figure)
              (i32.and (i32.wrap_i64 (i64.shr_u (local.get $figure) (i64.const 60))) (i32.const 3)))))))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (select (local.get $figure) (i64.const 1) (i64.ne (local.get $figure) (i64.const -9223372036854775808))))"#;

/// Answers what it made of each quantity, traps at the bad ones, and loops where the quantity is 13.
fn guest(preparation: Preparation) -> Guest {
    let mut guest = Attack::new(MIXED, "unreachable").guest();
    let quantity =
        "(i64.load (i32.add (local.get $figures) (i32.shl (local.get $row) (i32.const 3))))";
    let mixed = format!("(call $mixed {quantity})");
    // Where a measure begins to be written.
    let measure = "(i32.store offset=4 (local.get $at) (i32.const 6))";
    let looping = format!(
        "(if (i64.eq {quantity} (i64.const 130000)) (then (loop $again (br $again))))\n      {measure}"
    );
    assert!(guest.evaluate.contains(quantity) && guest.evaluate.contains(measure));
    let evaluate = guest.evaluate.replace(quantity, &mixed);
    guest.evaluate = leaked(evaluate.replace(measure, &looping));
    if preparation == Preparation::EachInstance {
        guest.items = leaked(format!(r#"{} (data $passive "abcdefgh")"#, guest.items));
        guest.prepare = leaked(format!("{} (data.drop $passive)", guest.prepare));
    }
    guest
}

/// Ways to translate the same code: for this processor with all that it has; for the least of its kind, without any of its
/// features; without optimisation; with bounds checked by instructions instead of by guard pages.
fn configs(limits: &Limits) -> Vec<(&'static str, Config)> {
    let own = config::evaluate(limits);
    let mut least = config::evaluate(limits);
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    least.target(&target).unwrap();
    let mut plain = config::evaluate(limits);
    plain.cranelift_opt_level(OptLevel::None);
    plain.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    let mut checked = config::confined(limits);
    checked.signals_based_traps(false);
    checked.memory_guard_size(0);
    checked.target(&target).unwrap();
    vec![
        ("own", own),
        ("least", least),
        ("plain", plain),
        ("checked", checked),
    ]
}

/// The pack in every way, by how its instances come to be.
fn packs(preparation: Preparation) -> &'static [(&'static str, LoadedPack)] {
    static PACKS: [OnceLock<Vec<(&str, LoadedPack)>>; 2] = [OnceLock::new(), OnceLock::new()];
    PACKS[preparation as usize].get_or_init(|| {
        let limits = Limits {
            instances: 4,
            ..Limits::default()
        };
        let load = |(name, evaluate)| {
            let engine = Engine::with(limits.clone(), [evaluate, config::prepare(&limits)]);
            let pack = guest(preparation).load_into(&engine.unwrap(), &ward::manifest(0));
            let pack = pack.unwrap();
            assert_eq!(pack.preparation(), preparation);
            (name, pack)
        };
        configs(&limits).into_iter().map(load).collect()
    })
}

/// Patients by number, each with the quantities of its orders. A quantity of 0 is the bad item.
type Patients = Vec<(u32, Vec<u32>)>;

fn data(patients: &Patients) -> Arc<Data> {
    let mut builder = DataBuilder::new();
    let column = |table: TableId, name| table.table().column(name).unwrap();
    for (number, orders) in patients {
        let key = format!("P{number}");
        builder.push(ids::PATIENTS, 1, &key, []);
        let owner = (column(ids::ENCOUNTERS, "patients"), key.as_str());
        let current = (column(ids::ENCOUNTERS, "current"), "1");
        builder.push(ids::ENCOUNTERS, 1, &key, [owner, current]);
        for (place, quantity) in orders.iter().enumerate() {
            let item = match quantity {
                0 => "bad".to_owned(),
                quantity => format!("item{}", quantity % 5),
            };
            let quantity = quantity.to_string();
            let values = [
                (column(ids::ORDERS, "encounters"), key.as_str()),
                (column(ids::ORDERS, "items"), item.as_str()),
                (column(ids::ORDERS, "quantities"), quantity.as_str()),
            ];
            builder.push(ids::ORDERS, 1, &format!("{key}-{place}"), values);
        }
    }
    let (data, rejections) = builder.finish();
    assert_eq!(rejections, []);
    Arc::new(data)
}

fn review(pack: &LoadedPack, data: &Arc<Data>, rows: u64, threads: usize) -> Outcome {
    patients::review(pack, data, &guest::review(), Division { rows, threads })
}

/// The answer as bytes, and all else of an outcome that is the same for the same batches.
fn told(outcome: &Outcome) -> String {
    let answer = Digest::of(&serde_json::to_vec(&outcome.answer).unwrap());
    let none = &outcome.no_verdict;
    format!(
        "{answer} {none:?} {} fuel {} calls",
        outcome.fuel, outcome.calls
    )
}

/// What was said by the keys of the data, in an order that does not depend on its rows.
fn by_key(outcome: &Outcome, data: &Data) -> BTreeMap<String, String> {
    let mut said = BTreeMap::new();
    for measure in &outcome.answer.measures {
        let key = data.key(ids::ORDERS, measure.about.row).unwrap();
        said.insert(
            key.to_owned(),
            format!("{} of {}", measure.numerator, measure.denominator),
        );
    }
    for (row, fault) in &outcome.no_verdict {
        let key = data.key(ids::PATIENTS, *row).unwrap();
        said.insert(key.to_owned(), fault.to_string());
    }
    said
}

fn patients() -> impl Strategy<Value = Patients> {
    // Few are bad, and few have a quantity that makes the pack loop.
    let quantity = prop_oneof![1 => Just(0_u32), 1 => Just(13), 60 => 1_u32..100_000];
    let orders = proptest::collection::vec(quantity, 0..4);
    let all = proptest::collection::vec(orders, 1..24);
    all.prop_map(|all| (0..).zip(all).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn the_same_batches_give_the_same_bytes_and_fuel_whatever_compiles_and_runs_them(
        patients in patients(),
        rows in 1_u64..100,
    ) {
        let data = data(&patients);
        for preparation in [Preparation::Snapshot, Preparation::EachInstance] {
            let packs = packs(preparation);
            let expected = told(&review(&packs[0].1, &data, rows, 1));
            for (name, pack) in packs {
                for threads in [1, 3] {
                    let outcome = review(pack, &data, rows, threads);
                    prop_assert_eq!(&told(&outcome), &expected, "{} with {} threads", name, threads);
                }
            }
        }
    }

    #[test]
    fn a_patient_gets_the_same_answer_in_any_batch_and_any_order_of_patients(
        (patients, shuffled) in patients().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        rows in 1_u64..100,
    ) {
        let (data, other) = (data(&patients), data(&shuffled));
        for preparation in [Preparation::Snapshot, Preparation::EachInstance] {
            let pack = &packs(preparation)[0].1;
            let alone = review(pack, &data, 1, 1);
            let said = by_key(&alone, &data);
            for rows in [rows, u64::MAX] {
                let together = review(pack, &data, rows, 2);
                prop_assert_eq!(&together.answer, &alone.answer);
                prop_assert_eq!(&together.no_verdict, &alone.no_verdict);
                prop_assert_eq!(&by_key(&review(pack, &other, rows, 1), &other), &said);
            }
        }
    }
}

/// A fixed history, with patients of every kind.
fn fixed() -> Arc<Data> {
    let patients = (0..60_u32).map(|patient| {
        let orders = (0..patient % 5).map(|order| (patient * 37 + order * 13) % 29);
        (patient, orders.collect())
    });
    data(&patients.collect())
}

/// Run by the test below in a process of its own.
#[test]
#[ignore = "the other side of `another_process_says_the_same`"]
fn says_what_it_makes_of_a_fixed_history() {
    for (name, pack) in packs(Preparation::Snapshot) {
        println!("{name}: {}", told(&review(pack, &fixed(), 20, 1)));
    }
}

#[test]
fn another_process_says_the_same() {
    let outcome = review(&packs(Preparation::Snapshot)[0].1, &fixed(), 20, 4);
    let kinds: Vec<&str> = outcome
        .no_verdict
        .iter()
        .map(|(_, fault)| fault.kind())
        .collect();
    assert!(
        kinds.contains(&Fault::Fuel(0).kind()) && kinds.contains(&"trap"),
        "{kinds:?}"
    );
    assert!(outcome.answer.measures.len() > 50);
    let expected = told(&outcome);
    for _ in 0..2 {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture"])
            .arg("determinism_tests::says_what_it_makes_of_a_fixed_history")
            .output()
            .unwrap();
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        for name in ["own", "least", "plain", "checked"] {
            let line = format!("{name}: {expected}");
            assert!(said.lines().any(|said| said == line), "{line}\n{said}");
        }
    }
}
