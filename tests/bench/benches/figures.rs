//! What the sandbox costs beside native code, and what an answer takes: `cargo bench -p rulepack-bench`.
//!
//! Prints a table and writes `figures.json` into the folder `bench` of the target folder. What the figures
//! mean, and what they were when last looked at, stands in `docs/PERFORMANCE.md`.

use chronic_limits::ChronicLimits;
use drg_checks::DrgChecks;
use rulepack_bench::figure::{self, Figure, SAMPLES, Small, Ways, microseconds, small};
use rulepack_bench::hospital::{self, LINES_OF_PATIENT};
use rulepack_bench::packs::Source;
use rulepack_bench::timing;
use rulepack_contract::data::Batch;
use rulepack_contract::review::Stage;
use rulepack_engine::{Engine, Limits, LoadedPack};
use rulepack_sdk::Pack;

/// Order lines of the batch that both forms of a pack evaluate.
const LINES: u32 = 10_000;
/// Lines of the encounter of the third figure.
const LINES_OF_ENCOUNTER: u32 = 200;
/// Turns of a pair, each with a sample of both.
const TURNS: usize = 201;

fn main() {
    let engine = Engine::new(Limits::default()).expect("this machine runs the sandbox");
    let chronic = Source::read("chronic-limits");
    let drg = Source::read("drg-checks");
    let (chronic_pack, drg_pack) = (chronic.load(&engine), drg.load(&engine));

    let mut figures = Vec::new();
    figures.extend(ratio::<ChronicLimits>(
        "chronic-limits",
        &chronic,
        &chronic_pack,
    ));
    figures.extend(ratio::<DrgChecks>("drg-checks", &drg, &drg_pack));
    figures.extend(small("chronic-limits", &chronic_pack, &ONE_ORDER));
    figures.extend(small("chronic-limits", &chronic_pack, &VISIT_BEFORE));
    figures.extend(small("chronic-limits", &chronic_pack, &VISIT_AFTER));
    figures.extend(small("drg-checks", &drg_pack, &STAY));
    figures.extend(fresh_instance("chronic-limits", &chronic_pack));
    figures.extend(fresh_instance("drg-checks", &drg_pack));

    let readiness = engine.readiness();
    println!(
        "where instances were made ready before, {} batches found one and {} did not",
        readiness.found, readiness.missed
    );
    figure::tell(&figures, "figures.json");
}

/// The same functions over the same batch, native and in the sandbox.
fn ratio<P: Pack>(name: &'static str, source: &Source, pack: &LoadedPack) -> Vec<Figure> {
    let data = hospital::batch(LINES / LINES_OF_PATIENT);
    let review = hospital::review(Stage::After);
    let batch = Batch::patients(data.clone(), 0..u32::MAX);
    let prepared = source.prepare::<P>(&data);

    let mut native = prepared
        .evaluate(batch.clone(), &review)
        .expect("the rules hold natively");
    // The host also puts the arguments of a finding into the order of their names.
    for finding in &mut native.findings {
        finding.arguments.sort();
    }
    let sandboxed = pack
        .evaluate(&batch, &review)
        .expect("the rules hold in the sandbox");
    assert!(
        sandboxed.answer == native,
        "`{name}` answers differently in the sandbox"
    );
    let entries = native.findings.len() + native.abstentions.len();
    println!(
        "{name}: {LINES} lines, {entries} findings and abstentions, {} fuel",
        sandboxed.fuel
    );

    let finished = timing::in_undisturbed_turns(
        TURNS,
        || prepared.unchecked(batch.clone(), &review),
        || pack.evaluate(&batch, &review),
    );
    let rules = timing::in_undisturbed_turns(
        TURNS,
        || {
            let seen = prepared.batch(batch.clone(), &review);
            prepared.pack().evaluate(&seen)
        },
        || pack.evaluate(&batch, &review),
    );
    let figure = |what: &str, unit, value, target| Figure {
        pack: name,
        what: format!("{LINES} lines, after: {what}"),
        unit,
        value,
        target,
    };
    vec![
        figure("sandbox ÷ native", "×", finished.ratio, Some(1.3)),
        figure("sandbox ÷ native rules alone", "×", rules.ratio, Some(1.3)),
        figure("native", "µs", microseconds(finished.first), None),
        figure("native rules alone", "µs", microseconds(rules.first), None),
        figure("sandbox", "µs", microseconds(finished.second), None),
    ]
}

const ONE_ORDER: Small = Small {
    what: "one order, before",
    stage: Stage::Before,
    data: hospital::one_order,
    target: 80.0,
};

const VISIT_BEFORE: Small = Small {
    what: "visit of 200 lines, before",
    stage: Stage::Before,
    data: |patient| hospital::chronic_encounter(patient, LINES_OF_ENCOUNTER, "1"),
    target: 120.0,
};

const VISIT_AFTER: Small = Small {
    what: "visit of 200 lines, after",
    stage: Stage::After,
    data: |patient| hospital::chronic_encounter(patient, LINES_OF_ENCOUNTER, "0"),
    target: 120.0,
};

const STAY: Small = Small {
    what: "stay of 200 lines, after",
    stage: Stage::After,
    data: |patient| hospital::stay(patient, LINES_OF_ENCOUNTER),
    target: 120.0,
};

/// An instance asked about nothing.
fn fresh_instance(name: &'static str, pack: &LoadedPack) -> [Figure; 2] {
    let nobody = Batch::patients(hospital::one_order(0), 0..0);
    let review = hospital::review(Stage::After);
    let ways = Ways::of(pack, SAMPLES, |_| pack.evaluate(&nobody, &review));
    ways.told(name, "fresh instance, empty batch", None)
}
