//! A hostile pack among others that must not notice it: the other patients of its batch, and another pack in
//! the same process.
//!
//! A hostile pack here is honest to everybody but one: for each order of the batch it answers a measure with the
//! quantity of the order, until it meets the item `bad`. So whatever it then does, what it should have said
//! of the others is known.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Instant;

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::schema::ids;
use rulepack_engine::patients::{self, Division, Outcome};
use rulepack_engine::{Engine, Fault, LoadedPack};
use rulepack_protocol::pack::Manifest;

use super::guest::{self, Guest};

/// Patients of every attack, and the one that is attacked.
pub(crate) const PATIENTS: u32 = 20;
pub(crate) const VICTIM: u32 = 5;

/// What a pack does when it meets the patient that it attacks.
#[derive(Default)]
pub(crate) struct Attack {
    /// Its own imports, data and functions.
    pub(crate) items: String,
    /// In the middle of `evaluate`, at the row of that patient. What it answers stands at [`guest::ANSWER`].
    pub(crate) at_victim: String,
    /// More pages of memory than the first two, from the beginning of `evaluate` on.
    pub(crate) pages: u32,
}

impl Attack {
    pub(crate) fn new(items: &str, at_victim: &str) -> Self {
        Attack {
            items: items.to_owned(),
            at_victim: at_victim.to_owned(),
            pages: 0,
        }
    }

    /// The pack.
    pub(crate) fn guest(&self) -> Guest {
        let evaluate = [
            &format!("(drop (memory.grow (i32.const {})))", self.pages),
            BEFORE,
            &self.at_victim,
            AFTER,
        ];
        Guest {
            items: leaked([IMPORTS, &self.items].concat()),
            prepare: "(call $intern (i32.const 3200) (i32.const 1) (i32.const 3000))",
            evaluate: leaked(
                [LOCALS]
                    .into_iter()
                    .chain(evaluate)
                    .collect::<Vec<_>>()
                    .concat(),
            ),
        }
    }

    /// Runs it over twenty patients while another pack answers in the same process, and says why the one
    /// patient has no verdict. All others must have theirs, and the other pack must have noticed nothing.
    pub(crate) fn run(&self) -> Fault {
        let outcome = self.outcome();
        let [(VICTIM, fault)] = outcome.no_verdict.as_slice() else {
            unreachable!("{:?}", outcome.no_verdict);
        };
        let mut expected = alone().answer.clone();
        expected
            .measures
            .retain(|measure| measure.about.row != VICTIM);
        assert_eq!(outcome.answer, expected, "the others keep their verdicts");
        fault.clone()
    }

    /// The same for an attack that ends well: what the pack says of everybody. With instances that were made ready it says the
    /// same as with those that are made for their batches.
    pub(crate) fn outcome(&self) -> Outcome {
        let manifest = manifest(self.pages);
        let (outcome, _) = beside(|engine| {
            let pack = self.guest().load_into(engine, &manifest).unwrap();
            pack.keep_ready();
            let outcome = review(&pack);
            // As many as came, up to some.
            pack.renew_ready();
            assert_eq!(review(&pack), outcome, "with more that were ready");
            outcome
        });
        outcome
    }
}

/// Does something hostile while an honest pack answers in the same process, again and again, and asserts that it
/// answers as if it were alone.
pub(crate) fn beside<T>(hostile: impl FnOnce(&Engine) -> T) -> (T, Engine) {
    let engine = guest::engine();
    let neighbour = honest(&engine);
    assert_eq!(&review(&neighbour), alone());
    let (begun, ended) = (Barrier::new(2), AtomicBool::new(false));
    let result = thread::scope(|scope| {
        let answering = scope.spawn(|| {
            begun.wait();
            neighbour.keep_ready();
            let mut answers = 0;
            while !ended.load(Ordering::Relaxed) || answers == 0 {
                assert_eq!(&review(&neighbour), alone());
                neighbour.renew_ready();
                answers += 1;
            }
            answers
        });
        begun.wait();
        let clock = Instant::now();
        let ending = SetWhenDropped(&ended);
        let result = hostile(&engine);
        drop(ending);
        let answers = answering.join().unwrap();
        println!(
            "took {:?}, {answers} answers of its neighbour meanwhile",
            clock.elapsed()
        );
        result
    });
    assert_eq!(&review(&neighbour), alone());
    (result, engine)
}

/// Tells a thread that goes on until then that it may end; also where an assertion fails, which else would wait for it.
pub(crate) struct SetWhenDropped<'f>(pub(crate) &'f AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the honest pack says where nobody else is.
pub(crate) fn alone() -> &'static Outcome {
    static ALONE: OnceLock<Outcome> = OnceLock::new();
    ALONE.get_or_init(|| {
        let outcome = review(&honest(&guest::engine()));
        assert_eq!(outcome.no_verdict, []);
        assert_eq!(outcome.answer.measures.len(), PATIENTS as usize);
        outcome
    })
}

/// A pack that attacks nobody.
pub(crate) fn honest(engine: &Engine) -> LoadedPack {
    let guest = Attack::default().guest();
    guest.load_into(engine, &manifest(0)).unwrap()
}

/// That of the guests, with room for so many pages more.
pub(crate) fn manifest(pages: u32) -> Manifest {
    let mut manifest = guest::manifest();
    manifest.limits.memory_mib += pages.div_ceil(16);
    manifest
}

/// All twenty patients as one batch, which is split where it fails.
pub(crate) fn review(pack: &LoadedPack) -> Outcome {
    let data = data(PATIENTS, |patient| patient == VICTIM);
    patients::review(pack, &data, &guest::review(), WHOLE)
}

/// One batch, however many rows.
pub(crate) const WHOLE: Division = Division {
    rows: u64::MAX,
    threads: 1,
};

/// Patients with one encounter under review and one order each. The item of the order is `bad` or says whose it
/// is, the quantity is different for neighbours.
pub(crate) fn data(patients: u32, is_bad: impl Fn(u32) -> bool) -> Arc<Data> {
    let mut builder = DataBuilder::new();
    let column = |name| ids::ORDERS.table().column(name).unwrap();
    let of = |table: rulepack_contract::schema::TableId, name| table.table().column(name).unwrap();
    for patient in 0..patients {
        let key = format!("P{patient:06}");
        builder.push(ids::PATIENTS, 1, &key, []);
        let owner = (of(ids::ENCOUNTERS, "patients"), key.as_str());
        let current = (of(ids::ENCOUNTERS, "current"), "1");
        builder.push(ids::ENCOUNTERS, 1, &key, [owner, current]);
        let item = match is_bad(patient) {
            true => "bad".to_owned(),
            false => format!("item{patient}"),
        };
        let quantity = (patient * 7 % 1_000).to_string();
        let values = [
            (column("encounters"), key.as_str()),
            (column("items"), item.as_str()),
            (column("quantities"), quantity.as_str()),
        ];
        builder.push(ids::ORDERS, 1, &key, values);
    }
    let (data, rejections) = builder.finish();
    assert_eq!(rejections, []);
    Arc::new(data)
}

pub(crate) fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// `bad` is the only text of `prepare`, so its number is 1. `A` at 2048 is the only name of an answer.
const IMPORTS: &str = r#"
    (import "rulepack:rules/orders@0.1.0" "items" (func $items (param i32)))
    (import "rulepack:rules/orders@0.1.0" "quantities" (func $quantities (param i32)))
    (import "rulepack:rules/codes@0.1.0" "intern" (func $intern (param i32 i32 i32)))
    (data (i32.const 3100) "bad")
    (data (i32.const 3200) "\1c\0c\00\00\03\00\00\00")
    (data (i32.const 2040) "\00\08\00\00\01\00\00\00A")"#;

const LOCALS: &str = "
    (local $codes i32) (local $figures i32) (local $rows i32) (local $row i32) (local $at i32)
    (local $i i32) (local $n i64)";

/// Fetches the columns, and goes through the orders up to the bad one.
const BEFORE: &str = "
    (call $items (i32.const 3000)) (call $quantities (i32.const 3008))
    (local.set $codes (i32.load (i32.const 3000))) (local.set $rows (i32.load (i32.const 3004)))
    (local.set $figures (i32.load (i32.const 3008)))
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (i32.store (i32.const 1028) (i32.const 2040)) (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1052) (local.get $at)) (i32.store (i32.const 1056) (local.get $rows))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $row) (local.get $rows)))
      (if (i32.eq (i32.const 1)
            (i32.load (i32.add (local.get $codes) (i32.shl (local.get $row) (i32.const 2)))))
        (then ";

/// Answers a measure of rule A for the order.
const AFTER: &str = "))
      (i32.store offset=4 (local.get $at) (i32.const 6))
      (i32.store offset=8 (local.get $at) (local.get $row))
      (i64.store offset=16 (local.get $at)
        (i64.load (i32.add (local.get $figures) (i32.shl (local.get $row) (i32.const 3)))))
      (i64.store offset=24 (local.get $at) (i64.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br $next)))";
