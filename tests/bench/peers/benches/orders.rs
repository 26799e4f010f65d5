//! One order and one encounter of 40 lines beside regorus and zen-engine: `cargo build --release -p peer-regorus`, the
//! same with `peer-zen`, then `cargo bench --bench orders`.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::ops::Range;
use std::sync::Arc;

use peers_common::contender::{self, Before};
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

/// Turns that are tried for one in which neither is interrupted.
const TRIES: usize = 20;
/// Requests, each of a patient of its own.
const REQUESTS: u32 = 64;

/// Who is asked what.
struct Entry {
    program: &'static str,
    argument: &'static str,
    /// What the table calls it.
    told: &'static str,
    work: Work,
    /// How many times its speed ours should reach.
    target: Option<f64>,
    effort: Effort,
}

/// How much is asked of a pair.
#[derive(Clone, Copy)]
struct Effort {
    /// Requests that answers are compared on: enough that each family finds something.
    compared: u32,
    /// Turns, in each of which both answer the same requests.
    turns: usize,
    /// Requests of a turn: few, so that it ends before somebody else is given the core.
    requests_of_turn: u32,
}

const USUAL: Effort = Effort {
    compared: 4_000,
    turns: 401,
    requests_of_turn: 8,
};

/// Of a peer that takes milliseconds for a request.
const SLOW: Effort = Effort {
    compared: 1_000,
    turns: 41,
    requests_of_turn: 1,
};

const REGORUS: Entry = Entry {
    program: "peer-regorus",
    argument: "given",
    told: "regorus, sums given",
    work: Work::OneOrder,
    target: None,
    effort: USUAL,
};

const ZEN: Entry = Entry {
    program: "peer-zen",
    argument: "rows",
    told: "zen-engine, a row a knowledge point, sums and pairs given",
    ..REGORUS
};

const ENTRIES: [Entry; 11] = [
    Entry {
        target: Some(1.0),
        ..REGORUS
    },
    REGORUS_SUMS_MADE,
    REGORUS_INTERPRETED,
    Entry {
        work: Work::Encounter,
        target: Some(10.0),
        ..REGORUS
    },
    Entry {
        work: Work::Encounter,
        ..REGORUS_SUMS_MADE
    },
    Entry {
        work: Work::Encounter,
        ..REGORUS_INTERPRETED
    },
    Entry {
        target: Some(50.0),
        ..ZEN
    },
    ZEN_PARSED,
    ZEN_HANDED_IN,
    Entry {
        work: Work::Encounter,
        ..ZEN
    },
    Entry {
        work: Work::Encounter,
        ..ZEN_HANDED_IN
    },
];

const REGORUS_SUMS_MADE: Entry = Entry {
    argument: "made",
    told: "regorus",
    ..REGORUS
};

const REGORUS_INTERPRETED: Entry = Entry {
    argument: "interpreted",
    told: "regorus, sums given, interpreted",
    ..REGORUS
};

const ZEN_PARSED: Entry = Entry {
    argument: "parsed",
    told: "zen-engine, the same, read but not compiled",
    effort: SLOW,
    ..ZEN
};

const ZEN_HANDED_IN: Entry = Entry {
    argument: "handed-in",
    told: "zen-engine, knowledge, sums and pairs given",
    ..ZEN
};

fn main() {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let ours = Ours {
        pack: pack::load(&engine, &pack::build(&sets(1))),
    };
    let mut comparisons = Vec::new();
    for entry in ENTRIES {
        let mut peer = match Program::start(entry.program, &[entry.argument]) {
            Ok(peer) => peer,
            Err(missing) => {
                println!("skipped: {}, {}: {missing}", title(entry.work), entry.told);
                continue;
            }
        };
        ours.compare(&entry, &mut peer);
        for (instance, before) in CIRCUMSTANCES {
            let pairs = ours.pairs(&entry, &mut peer, (instance, before));
            let what = title(entry.work);
            let what = format!("{what}; {}{}", instance.told(), told(before));
            // The target is one of what a request waits for.
            let target = entry
                .target
                .filter(|_| (instance, before) == CIRCUMSTANCES[0]);
            comparisons.push(Comparison::new(&what, entry.told, &pairs, target));
        }
    }
    report::tell(&comparisons, "peers-orders.json");
}

/// How turns are taken. Contenders in one process, which these cannot be, would be at work.
const CIRCUMSTANCES: [(Instance, Before); 3] = [
    (Instance::MadeReady, Before::Working),
    (Instance::MadeReady, Before::Waiting),
    (Instance::MadeInTurn, Before::Working),
];

fn told(before: Before) -> &'static str {
    match before {
        Before::Working => "",
        Before::Waiting => "; both have just been given the core",
    }
}

/// When the instance of a request is made, and the one of the request before thrown away.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instance {
    /// In the pauses between turns, as a server does it after its answers.
    MadeReady,
    /// In the turn: both are in the time of the request.
    MadeInTurn,
}

impl Instance {
    fn told(self) -> &'static str {
        match self {
            Instance::MadeReady => "instance made ready before",
            Instance::MadeInTurn => "instance made and thrown away in it",
        }
    }
}

/// Our side: a fresh instance for each request.
struct Ours {
    pack: LoadedPack,
}

impl Ours {
    /// Fails where a peer finds something else in one of many requests.
    fn compare(&self, entry: &Entry, peer: &mut Program) {
        let (work, compared) = (entry.work, entry.effort.compared);
        let all = peer.findings(work, compared);
        let mut rules: BTreeMap<String, u32> = BTreeMap::new();
        for (patient, theirs) in work.patients(0..compared).zip(&all) {
            let ours = self.findings(&columns::data(&patient), &review(stage(work)));
            for found in &ours {
                *rules.entry(found.rule.clone()).or_default() += 1;
            }
            assert_same(entry.told, &ours, theirs);
        }
        assert_eq!(all.len(), compared as usize, "it answers every request");
        assert_eq!(rules.len(), 4, "each family finds something: {rules:?}");
        let (what, told) = (title(work), entry.told);
        println!("{what}: {rules:?} in {compared}, the same of ours and of {told}");
    }

    fn findings(&self, data: &Arc<Data>, review: &Review) -> Findings {
        let batch = Batch::patients(data.clone(), 0..1);
        let evaluated = self.pack.evaluate(&batch, review);
        pack::findings(&evaluated.expect("the rules hold").answer, data)
    }

    /// Both in turns, seconds of a request; who begins changes from turn to turn.
    fn pairs(
        &self,
        entry: &Entry,
        peer: &mut Program,
        (instance, before): (Instance, Before),
    ) -> Paired {
        let Entry { work, effort, .. } = *entry;
        match instance {
            Instance::MadeReady => self.pack.keep_ready(),
            Instance::MadeInTurn => self.pack.keep_none_ready(),
        }
        let review = review(stage(work));
        let requests = work
            .patients(0..REQUESTS)
            .map(|patient| columns::data(&patient));
        let requests: Vec<Batch> = requests.map(|data| Batch::patients(data, 0..1)).collect();
        let ours = |numbers: &Range<u32>| {
            let asked = &requests[numbers.start as usize..numbers.end as usize];
            let answer_all = || {
                for request in asked {
                    let _ = black_box(self.pack.evaluate(request, &review));
                }
            };
            if before == Before::Working {
                answer_all();
            }
            self.pack.renew_ready();
            contender::undisturbed(answer_all)
        };
        let mut theirs = |numbers: &Range<u32>| peer.turn(before, work, numbers);
        // The first turn of each makes its inputs ready and warms it.
        let _ = (ours(&(0..REQUESTS)), theirs(&(0..REQUESTS)));
        let turns = (0..effort.turns * TRIES).filter_map(|turn| {
            let turn = u32::try_from(turn).ok()?;
            let first = turn * effort.requests_of_turn % REQUESTS;
            let numbers = first..first + effort.requests_of_turn;
            let (ours, theirs) = if turn.is_multiple_of(2) {
                let ours = ours(&numbers);
                (ours, theirs(&numbers))
            } else {
                let theirs = theirs(&numbers);
                (ours(&numbers), theirs)
            };
            let of_one = |seconds: f64| seconds / f64::from(effort.requests_of_turn);
            Some((of_one(ours?), of_one(theirs?)))
        });
        let turns: Vec<(f64, f64)> = turns.take(effort.turns).collect();
        assert!(turns.len() > effort.turns / 2, "the machine is too busy");
        Paired::of(turns)
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
