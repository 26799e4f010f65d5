//! A pack that declares triggers is asked only about the patients in whose data one occurs, and the answer is the same
//! in every batching. What a trigger leaves out is refused by the cases of the pack.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;
#[allow(dead_code, reason = "this file uses a part of it")]
mod ward;

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_contract::answer::Answer;
use rulepack_contract::case::Case;
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::schema::ids;
use rulepack_engine::patients::{self, Division, Outcome};
use rulepack_engine::{Engine, Grants, LoadInput, LoadedPack, Program, cases};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::pack::manifest::{Trigger, Unrecorded};
use ward::{Attack, WHOLE};

const PATIENTS: u32 = 400;

/// The manifest of the ward with triggers.
fn manifest(triggers: Vec<Trigger>) -> Manifest {
    let mut manifest = ward::manifest(0);
    manifest.triggers = triggers;
    manifest
}

/// A trigger on the items of orders.
fn of_items(value: &str) -> Trigger {
    Trigger {
        column: "orders.items".parse().unwrap(),
        values: vec![value.to_owned()],
        parameters: Vec::new(),
        tables: Vec::new(),
        unrecorded: Unrecorded::Occurs,
    }
}

/// A pack that answers a measure for each order of whomever it is asked about.
fn load(engine: &Engine, attack: &Attack, triggers: Vec<Trigger>) -> LoadedPack {
    load_with(engine, attack, &manifest(triggers), LoadInput::default())
}

fn load_with(
    engine: &Engine,
    attack: &Attack,
    manifest: &Manifest,
    input: LoadInput,
) -> LoadedPack {
    let program = Program {
        component: &attack.guest().component(),
        manifest,
        tables: &BTreeMap::new(),
    };
    engine.load(program, input).unwrap()
}

fn review(pack: &LoadedPack, data: &Arc<Data>, division: Division) -> Outcome {
    patients::review(pack, data, &guest::review(), division)
}

/// The patients of whom something is said; each has one order.
fn told(outcome: &Outcome) -> Vec<u32> {
    let measures = outcome.answer.measures.iter();
    measures.map(|measure| measure.about.row).collect()
}

/// Whether the item of a patient, `item` and a number, begins with `item1`.
fn is_asked(patient: u32) -> bool {
    patient.to_string().starts_with('1')
}

#[test]
fn the_answer_is_that_about_patients_with_a_trigger_in_every_batching() {
    let engine = guest::engine();
    let pack = load(&engine, &Attack::default(), vec![of_items("item1")]);
    let data = ward::data(PATIENTS, |_| false);
    let mut expected: Answer = review(&ward::honest(&engine), &data, WHOLE).answer;
    expected
        .measures
        .retain(|measure| is_asked(measure.about.row));
    assert_eq!(expected.measures.len(), 111);
    for rows in [1, 7, 100, u64::MAX] {
        for threads in [1, 3] {
            let outcome = review(&pack, &data, Division { rows, threads });
            assert_eq!(outcome.answer, expected, "{rows} rows, {threads} threads");
            assert_eq!(outcome.untriggered, u64::from(PATIENTS) - 111);
            assert_eq!(outcome.no_verdict, []);
        }
    }
}

#[test]
fn nobody_is_asked_where_no_trigger_occurs_and_few_batches_reach_over_a_gap() {
    let engine = guest::engine();
    let of = |value: &str| {
        let pack = load(&engine, &Attack::default(), vec![of_items(value)]);
        review(&pack, &ward::data(PATIENTS, |_| false), WHOLE)
    };
    let nobody = of("item9999");
    assert_eq!((nobody.calls, nobody.fuel, nobody.untriggered), (0, 0, 400));
    assert_eq!(nobody.answer, Answer::default());
    // 1, 10 to 19, and 100 to 199 lie 8 and 80 patients apart, of 3 rows each.
    assert_eq!(of("item1").calls, 1);
    // 2, 20 to 29 and 200 to 299 lie 17 and 170 apart: more rows than are carried along.
    assert_eq!(of("item2").calls, 2);
}

#[test]
fn a_patient_without_a_trigger_breaks_no_batch_and_has_a_verdict() {
    let engine = guest::engine();
    let attack = Attack::new("", "unreachable");
    let pack = load(&engine, &attack, vec![of_items("item1")]);
    // 15 has a bad item, which is no trigger, among others that have one.
    let data = ward::data(20, |patient| patient == 15);
    for rows in [1, u64::MAX] {
        let outcome = review(&pack, &data, Division { rows, threads: 1 });
        assert_eq!(outcome.no_verdict, []);
        assert_eq!(told(&outcome), [1, 10, 11, 12, 13, 14, 16, 17, 18, 19]);
    }
}

/// Patients with an order each: of item `item0`, of none that is recorded, and of `item2`.
fn three() -> Arc<Data> {
    let mut builder = DataBuilder::new();
    let of = |table: rulepack_contract::schema::TableId, name| table.table().column(name).unwrap();
    for (key, item) in [("A", "item0"), ("B", ""), ("C", "item2")] {
        builder.push(ids::PATIENTS, 1, key, []);
        let owner = (of(ids::ENCOUNTERS, "patients"), key);
        builder.push(ids::ENCOUNTERS, 1, key, [owner]);
        let owner = (of(ids::ORDERS, "encounters"), key);
        let item = (of(ids::ORDERS, "items"), item);
        let quantity = (of(ids::ORDERS, "quantities"), "1");
        builder.push(ids::ORDERS, 1, key, [owner, item, quantity]);
    }
    let (data, rejections) = builder.finish();
    assert_eq!(rejections, []);
    Arc::new(data)
}

#[test]
fn a_row_that_is_not_recorded_asks_for_the_pack_unless_the_manifest_says_otherwise() {
    let engine = guest::engine();
    let of = |unrecorded| {
        let trigger = Trigger {
            unrecorded,
            ..of_items("item2")
        };
        let pack = load(&engine, &Attack::default(), vec![trigger]);
        told(&review(&pack, &three(), WHOLE))
    };
    assert_eq!(of(Unrecorded::default()), [1, 2]);
    assert_eq!(of(Unrecorded::Ignored), [2]);
}

#[test]
fn everybody_is_asked_about_where_the_column_of_a_trigger_is_not_granted_or_not_recorded() {
    let engine = guest::engine();
    let quantities = (
        ids::ORDERS,
        ids::ORDERS.table().column("quantities").unwrap(),
    );
    let input = LoadInput {
        grants: Grants::Only([quantities].into()),
        ..LoadInput::default()
    };
    let narrow = manifest(vec![of_items("item1")]);
    let pack = load_with(&engine, &Attack::default(), &narrow, input);
    let outcome = review(&pack, &three(), WHOLE);
    assert_eq!((outcome.untriggered, told(&outcome)), (0, vec![0, 1, 2]));
    let diagnoses = Trigger {
        column: "diagnoses.codes".parse().unwrap(),
        ..of_items("item1")
    };
    let triggers = vec![of_items("item1"), diagnoses];
    let pack = load(&engine, &Attack::default(), triggers);
    let outcome = review(&pack, &three(), WHOLE);
    assert_eq!((outcome.untriggered, told(&outcome)), (0, vec![0, 1, 2]));
}

/// A trigger on what a city sets and supplies.
fn set_by_the_city() -> Manifest {
    let mut manifest = manifest(vec![Trigger {
        values: Vec::new(),
        parameters: vec!["codes".to_owned()],
        tables: vec!["listed.item".to_owned()],
        unrecorded: Unrecorded::Ignored,
        ..of_items("")
    }]);
    let parameter = r#"{"name": "codes", "default": ["item9"], "set_by": ["city"]}"#;
    manifest.parameters = vec![serde_json::from_str(parameter).unwrap()];
    let table = r#"{"name": "listed", "columns": {"item": "code", "basis": "text"}, "supplied_by": "city"}"#;
    manifest.tables = vec![serde_json::from_str(table).unwrap()];
    manifest
}

#[test]
fn triggers_are_what_parameters_and_knowledge_are_at_this_hospital() {
    let (engine, manifest) = (guest::engine(), set_by_the_city());
    let of = |codes: Option<&str>, rows: &str| {
        let codes =
            codes.map(|code| ("codes".to_owned(), ParameterValue::Codes(vec![code.into()])));
        let table = format!("item,basis\n{rows}");
        let table = KnowledgeTable::from_csv(&manifest.tables[0], table.as_bytes()).unwrap();
        let input = LoadInput {
            parameters: codes.into_iter().collect(),
            supplied: [("listed".to_owned(), table)].into(),
            ..LoadInput::default()
        };
        let pack = load_with(&engine, &Attack::default(), &manifest, input);
        told(&review(&pack, &three(), WHOLE))
    };
    assert_eq!(of(None, ""), [0; 0]);
    assert_eq!(of(Some("item2"), ""), [2]);
    assert_eq!(of(Some("item2"), "item0,x\n"), [0, 2]);
    // A row without a code may be about every code.
    assert_eq!(of(None, ",x\n"), [0, 2]);
}

#[test]
fn a_case_refuses_a_trigger_that_leaves_out_what_the_pack_says() {
    let case = r#"{"name": "c", "stage": "after", "scope": "patient", "today": "2026-11-20",
        "jurisdiction": "370303", "tables": {
          "patients": [{"patient": "P1"}],
          "encounters": [{"encounter": "E1", "patients": "P1", "current": 1}],
          "orders": [{"order": "O1", "encounters": "E1", "items": "item2", "quantities": "7"}]},
        "expected": {}}"#;
    let case: Case = serde_json::from_str(case).unwrap();
    let engine = guest::engine();
    let outcome = |triggers| {
        let program = Program {
            component: &Attack::default().guest().component(),
            manifest: &manifest(triggers),
            tables: &BTreeMap::new(),
        };
        let mut results = cases::run(&engine, program, std::slice::from_ref(&case));
        results.remove(0).outcome
    };
    assert!(outcome(Vec::new()).is_ok());
    assert!(outcome(vec![of_items("item2")]).is_ok());
    let refused = outcome(vec![of_items("item1")]);
    assert!(
        matches!(refused, Err(cases::CaseFailure::Untriggered)),
        "{refused:?}"
    );
}
