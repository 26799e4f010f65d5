//! How times and memory grow: `cargo bench -p rulepack-bench --bench curves`.
//!
//! Prints tables and writes `curves.json` into the folder `bench` of the target folder; `rulepack-bench draw` makes
//! drawings of it. What they show stands in `docs/PERFORMANCE.md`.

use std::sync::Arc;

use rulepack_bench::curves::{Axis, Curve, Series, knowledge, linear, logarithmic, memory, tell};
use rulepack_bench::figure::{Ways, microseconds};
use rulepack_bench::hospital::{self, LINES_OF_PATIENT};
use rulepack_bench::packs::{self, Source, target_folder};
use rulepack_bench::timing::{self, Median};
use rulepack_build::Built;
use rulepack_contract::data::{Batch, Data};
use rulepack_contract::review::Stage;
use rulepack_engine::patients::{self, Division};
use rulepack_engine::{Engine, Limits, LoadedPack};

/// Samples of what takes microseconds, and of what takes longer.
const SAMPLES: usize = 2_000;
const SAMPLES_OF_MANY: usize = 60;
/// Requests that a point is timed with, one after the other.
const REQUESTS: u32 = 16;
/// The pack with most rules that look at history.
const CHRONIC: &str = "chronic-limits";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if memory::is_part(&arguments) {
        return;
    }
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let source = Source::read(CHRONIC);
    let built = source.build(None);
    let chronic = source.load_built(&engine, &built);
    let drg = Source::read("drg-checks").load(&engine);
    let sealed = packs::sealed(CHRONIC, Some(&rows(1_000)));
    let file = target_folder().join("bench").join("curves-pack.wasm");
    std::fs::write(&file, &sealed).expect("the target folder can be written to");
    let once = memory::Once::make(sealed);
    let taken = memory::measure(&file);
    tell(&[
        knowledge_points(&engine, &built),
        many_packs(&once),
        lines(&chronic, &drg),
        batches(&chronic, &drg),
        history(&chronic),
        threads(&chronic, &drg),
        of_memory(
            "memory-packs",
            "packs",
            "MiB taken, by packs loaded",
            &taken.packs,
        ),
        of_memory(
            "memory-instances",
            "threads that evaluate at the same time",
            "MiB taken, by instances that were at work at the same time",
            &taken.threads,
        ),
    ]);
}

/// Rows of the catalogue of which no request has an item.
fn rows(count: u32) -> String {
    let rows = (0..count).map(|row| format!("M03900,XB{row:021},2024-01-01,,示例\n"));
    rows.collect()
}

fn knowledge_points(engine: &Engine, built: &Built) -> Curve {
    let sizes = [100, 1_000, 10_000, 100_000, 1_000_000];
    let mut series: [Vec<(f64, Median)>; 4] = Default::default();
    for points in sizes {
        let pack = knowledge::load(engine, built, points);
        let nobody = Batch::patients(hospital::one_order(0), 0..0);
        let review = hospital::review(Stage::Before);
        let order = each_way(&pack, Stage::Before, hospital::one_order);
        let fresh = Ways::of(&pack, SAMPLES, |_| pack.evaluate(&nobody, &review));
        let values = [order.ready, order.whole, fresh.ready, fresh.whole];
        for (series, value) in series.iter_mut().zip(values) {
            series.push((f64::from(points), value));
        }
    }
    let names = [
        "one order, instance ready",
        "one order, all of it",
        "empty batch, ready",
        "empty batch, all of it",
    ];
    Curve {
        name: "knowledge-points".to_owned(),
        title: "One order, by knowledge points of the pack".to_owned(),
        x: logarithmic("knowledge points"),
        y: linear("µs"),
        series: names.into_iter().zip(series).map(named).collect(),
    }
}

fn named((name, points): (&str, Vec<(f64, Median)>)) -> Series {
    Series::new(name, points)
}

/// One order to a number of packs, one after the other, as a host asks them.
fn many_packs(once: &memory::Once) -> Curve {
    let limits = Limits::default();
    let engine = Engine::new(limits).expect("this machine runs the sandbox");
    let (mut ready, mut all, mut one) = (Vec::new(), Vec::new(), Vec::new());
    let (mut asked, mut others) = (Vec::new(), Vec::new());
    for count in [1_usize, 2, 5, 10, 20, 50, 100, 200] {
        while asked.len() < count {
            asked.push(once.load(&engine, None));
            others.push(once.load(&engine, Some("no care type")));
        }
        let at = |time| (count as f64, microseconds(time));
        let every: Vec<&LoadedPack> = asked.iter().collect();
        every.iter().for_each(|pack| pack.keep_ready());
        let renew = || every.iter().for_each(|pack| pack.renew_ready());
        ready.push(at(one_order_to(&every, renew)));
        every.iter().for_each(|pack| pack.keep_none_ready());
        all.push(at(one_order_to(&every, || ())));
        let first = asked.iter().take(1);
        let first_alone: Vec<&LoadedPack> = first.chain(others.iter().skip(1)).collect();
        one.push(at(one_order_to(&first_alone, || ())));
    }
    Curve {
        name: "packs".to_owned(),
        title: "One order, by packs that are in force".to_owned(),
        x: logarithmic("packs"),
        y: logarithmic("µs for all of them"),
        series: vec![
            Series::new("all are called", all).fitted(),
            Series::new("triggers in one only", one).fitted(),
            Series::new("all, 64 instances ready", ready),
        ],
    }
}

/// Seconds of one order to all of these packs; something is done before each, outside of the clock.
fn one_order_to(packs: &[&LoadedPack], before: impl FnMut()) -> Median {
    let requests = requests(hospital::one_order);
    let review = hospital::review(Stage::Before);
    timing::alone_after(SAMPLES_OF_MANY * 5, before, |turn| {
        let data = &requests[turn % requests.len()];
        for pack in packs {
            let outcome = patients::review(pack, data, &review, Division::default());
            assert!(outcome.no_verdict.is_empty(), "the rules hold");
        }
    })
}

fn lines(chronic: &LoadedPack, drg: &LoadedPack) -> Curve {
    let counts = [1, 5, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
    let by = |pack: &LoadedPack, data: fn(u32, u32) -> Arc<Data>| {
        let point = |lines| {
            (
                f64::from(lines),
                each(pack, Stage::After, |it| data(it, lines)),
            )
        };
        counts.map(point)
    };
    let visit = |patient, lines| hospital::chronic_encounter(patient, lines, "0");
    Curve {
        name: "lines".to_owned(),
        title: "One encounter, by its lines".to_owned(),
        x: logarithmic("lines of the encounter"),
        y: logarithmic("µs"),
        series: vec![
            Series::new("chronic-limits", by(chronic, visit)).fitted(),
            Series::new("drg-checks", by(drg, hospital::stay)).fitted(),
        ],
    }
}

fn batches(chronic: &LoadedPack, drg: &LoadedPack) -> Curve {
    let review = hospital::review(Stage::After);
    let by = |pack: &LoadedPack| {
        [1, 2, 5, 10, 25, 50, 125, 250].map(|patients| {
            let batch = Batch::patients(hospital::batch(patients), 0..u32::MAX);
            let time = timing::alone(SAMPLES_OF_MANY, |_| pack.evaluate(&batch, &review));
            (f64::from(patients * LINES_OF_PATIENT), microseconds(time))
        })
    };
    Curve {
        name: "batch".to_owned(),
        title: "One batch, by the lines of its patients".to_owned(),
        x: logarithmic("lines of the batch"),
        y: logarithmic("µs"),
        series: vec![
            Series::new("chronic-limits", by(chronic)).fitted(),
            Series::new("drg-checks", by(drg)).fitted(),
        ],
    }
}

fn history(chronic: &LoadedPack) -> Curve {
    let visits = [0, 1, 3, 6, 12, 24, 60, 120];
    let point = |visits| {
        let time = each(chronic, Stage::Before, |it| {
            hospital::after_visits(it, visits)
        });
        (f64::from(visits), time)
    };
    Curve {
        name: "history".to_owned(),
        title: "A visit being written, by earlier visits of the patient".to_owned(),
        x: linear("earlier visits, of four lines each"),
        y: linear("µs"),
        series: vec![Series::new("chronic-limits", visits.map(point)).fitted()],
    }
}

fn threads(chronic: &LoadedPack, drg: &LoadedPack) -> Curve {
    let data = hospital::batch(1_000);
    let all = f64::from(data.rows(rulepack_contract::schema::ids::ORDERS));
    let review = hospital::review(Stage::After);
    let by = |pack: &LoadedPack| {
        [1_usize, 2, 4].map(|threads| {
            let division = Division {
                threads,
                ..Division::default()
            };
            let run = |_| patients::review(pack, &data, &review, division);
            (
                threads as f64,
                millions_a_second(timing::alone(20, run), all),
            )
        })
    };
    Curve {
        name: "threads".to_owned(),
        title: "A month of claims, by threads, on two cores".to_owned(),
        x: linear("threads"),
        y: linear("millions of lines a second"),
        series: vec![
            Series::new("chronic-limits", by(chronic)),
            Series::new("drg-checks", by(drg)),
        ],
    }
}

fn of_memory(name: &str, of: &str, title: &str, taken: &[(u32, f64)]) -> Curve {
    let points = taken
        .iter()
        .map(|(count, mib)| (f64::from(*count), exactly(*mib)));
    let axis: Axis = linear(of);
    Curve {
        name: name.to_owned(),
        title: title.to_owned(),
        x: axis,
        y: linear("MiB"),
        series: vec![Series::new("chronic-limits", points).fitted()],
    }
}

/// Microseconds of an evaluation, over several requests; making an instance and throwing it away are in it.
fn each(pack: &LoadedPack, stage: Stage, data: impl Fn(u32) -> Arc<Data>) -> Median {
    each_way(pack, stage, data).whole
}

fn each_way(pack: &LoadedPack, stage: Stage, data: impl Fn(u32) -> Arc<Data>) -> Ways {
    let batches = requests(data)
        .into_iter()
        .map(|data| Batch::patients(data, 0..1));
    let batches: Vec<Batch> = batches.collect();
    let review = hospital::review(stage);
    for batch in &batches {
        pack.evaluate(batch, &review).expect("the rules hold");
    }
    let rows = batches.first().map_or(0, Batch::all_rows);
    let samples = if rows < 1_000 { SAMPLES } else { SAMPLES / 5 };
    Ways::of(pack, samples, |turn| {
        pack.evaluate(&batches[turn % batches.len()], &review)
    })
}

fn requests(data: impl Fn(u32) -> Arc<Data>) -> Vec<Arc<Data>> {
    (0..REQUESTS).map(data).collect()
}

fn millions_a_second(seconds: Median, lines: f64) -> Median {
    let rate = |seconds: f64| lines / seconds / 1e6;
    Median {
        median: rate(seconds.median),
        low: rate(seconds.high),
        high: rate(seconds.low),
    }
}

fn exactly(value: f64) -> Median {
    Median {
        median: value,
        low: value,
        high: value,
    }
}
