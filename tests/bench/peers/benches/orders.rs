//! One order and one encounter of 40 lines beside regorus and zen-engine:
//! `cargo build --release -p peer-regorus`, likewise `-p peer-zen`, then `cargo bench --bench orders`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use peers_common::finding::{Findings, assert_same};
use peers_common::knowledge::sets;
use peers_common::request::Work;
use rulepack_bench::hospital::review;
use rulepack_bench::timing::Paired;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::{Review, Stage};
use rulepack_engine::{Engine, Limits, LoadedPack};
use rulepack_peers::program::Program;
use rulepack_peers::report::{self, Comparison};
use rulepack_peers::{columns, pack};

/// Turns of a pair; in each, both answer every request once.
const TURNS: usize = 401;
/// Requests, each of a patient of its own.
const REQUESTS: u32 = 64;
/// Requests that answers are compared on: enough that each family finds something.
const COMPARED: u32 = 4_000;

/// Who is asked what: program, its argument, how it is told, the work, what our speed over it should reach.
type Entry = (&'static str, &'static str, &'static str, Work, Option<f64>);

const ENTRIES: [Entry; 7] = [
    (
        "peer-regorus",
        "given",
        "regorus, sums given",
        Work::OneOrder,
        Some(1.0),
    ),
    ("peer-regorus", "made", "regorus", Work::OneOrder, None),
    (
        "peer-regorus",
        "interpreted",
        "regorus, sums given, interpreted",
        Work::OneOrder,
        None,
    ),
    (
        "peer-zen",
        "",
        "zen-engine, sums given",
        Work::OneOrder,
        Some(50.0),
    ),
    (
        "peer-regorus",
        "given",
        "regorus, sums given",
        Work::Encounter,
        Some(10.0),
    ),
    ("peer-regorus", "made", "regorus", Work::Encounter, None),
    (
        "peer-regorus",
        "interpreted",
        "regorus, sums given, interpreted",
        Work::Encounter,
        None,
    ),
];

fn main() {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let ours = Ours {
        pack: pack::load(&engine, &pack::build(&sets(1))),
    };
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    let mut comparisons = Vec::new();
    for (program, argument, told, work, target) in ENTRIES {
        if only.as_ref().is_some_and(|only| !program.contains(only)) {
            continue;
        }
        let mut peer = Program::start(program, &[argument]);
        ours.compare(work, told, &peer.findings(work, COMPARED));
        let pairs = ours.pairs(work, &mut peer);
        comparisons.push(Comparison::new(title(work), told, &pairs, target));
    }
    report::tell(&comparisons, "peers-orders.json");
}

/// Our side: a fresh instance for each request.
struct Ours {
    pack: LoadedPack,
}

impl Ours {
    /// Fails where a peer finds something else in one of many requests.
    fn compare(&self, work: Work, peer: &str, theirs: &[Findings]) {
        let mut rules: BTreeMap<String, u32> = BTreeMap::new();
        for (patient, theirs) in work.patients(COMPARED).zip(theirs) {
            let ours = self.findings(&columns::data(&patient), &review(stage(work)));
            for found in &ours {
                *rules.entry(found.rule.clone()).or_default() += 1;
            }
            assert_same(peer, &ours, theirs);
        }
        assert_eq!(theirs.len(), COMPARED as usize, "it answers every request");
        assert_eq!(rules.len(), 4, "each family finds something: {rules:?}");
        println!(
            "{}: {rules:?} in {COMPARED}, the same of ours and of {peer}",
            title(work)
        );
    }

    fn findings(&self, data: &Arc<Data>, review: &Review) -> Findings {
        let batch = Batch::patients(data.clone(), 0..1);
        let evaluated = self.pack.evaluate(&batch, review);
        pack::findings(&evaluated.expect("the rules hold").answer, data)
    }

    /// Both in turns, seconds of a request; who begins changes from turn to turn.
    fn pairs(&self, work: Work, peer: &mut Program) -> Paired {
        let review = review(stage(work));
        let requests = work
            .patients(REQUESTS)
            .map(|patient| columns::data(&patient));
        let requests: Vec<Batch> = requests.map(|data| Batch::patients(data, 0..1)).collect();
        let ours = || {
            let started = Instant::now();
            for request in &requests {
                let _ = black_box(self.pack.evaluate(request, &review));
            }
            started.elapsed().as_secs_f64() / f64::from(REQUESTS)
        };
        let mut theirs = || peer.turn(work, REQUESTS) / f64::from(REQUESTS);
        // The first turn of each makes its inputs ready and warms it.
        let _ = (ours(), theirs());
        let turns = (0..TURNS).map(|turn| {
            if turn.is_multiple_of(2) {
                let ours = ours();
                (ours, theirs())
            } else {
                let theirs = theirs();
                (ours(), theirs)
            }
        });
        Paired::of(turns.collect())
    }
}

fn stage(work: Work) -> Stage {
    match work {
        Work::OneOrder => Stage::Before,
        Work::Encounter => Stage::After,
    }
}

fn title(work: Work) -> &'static str {
    match work {
        Work::OneOrder => "one order, four rules",
        Work::Encounter => "encounter of 40 lines, four rules",
    }
}
