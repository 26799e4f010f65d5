//! The whole national library with all public knowledge points: `cargo bench -p rulepack-bench --bench library`.
//!
//! Needs the published tables (`RULEPACK_SHARED_DATA`, else `../shared/data` beside the workspace), and says so where
//! they are not at hand. What the figures were when last looked at stands in `docs/PERFORMANCE.md`.

use rulepack_bench::figure::{self, Figure, Small, small};
use rulepack_bench::packs::{self, Source};
use rulepack_bench::{hospital, timing};
use rulepack_contract::review::Stage;
use rulepack_engine::{Engine, Limits};

const ONE_ORDER: Small = Small {
    what: "one order, before",
    stage: Stage::Before,
    data: hospital::one_order,
    target: 100.0,
};

const ENCOUNTER: Small = Small {
    what: "encounter of 40 lines, after",
    stage: Stage::After,
    data: |patient| hospital::stay(patient, 40),
    target: 1_000.0,
};

/// How often it is loaded.
const LOADS: usize = 5;

fn main() {
    let Some(tables) = packs::published_libraries() else {
        println!("skipped: the published libraries are not at hand (RULEPACK_SHARED_DATA)");
        return;
    };
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let source = Source::read("national-library");
    let built = source.build(Some(tables));
    let rows: u32 = built.pack.tables.values().map(|table| table.rows).sum();
    println!("national-library: {rows} rows of knowledge");
    let pack = source.load_built(&engine, &built);
    let load = timing::alone(LOADS, |_| source.load_built(&engine, &built));
    let seconds = Figure {
        pack: "national-library",
        what: "prepare, snapshot and compile".to_owned(),
        unit: "s",
        value: load,
        target: None,
    };
    let mut figures = Vec::new();
    figures.extend(small("national-library", &pack, &ONE_ORDER));
    figures.extend(small("national-library", &pack, &ENCOUNTER));
    figures.push(seconds);
    figure::tell(&figures, "library.json");
}
