//! Shows that a pack finds the place that it left, whoever was asked in between. Tests only.

use rulepack_contract::data::Batch;

use crate::guest::{self, Guest};
use crate::{Engine, Limits, LoadedPack};

/// More than instances that live at the same time.
const PACKS: u32 = 20;

/// A pack that writes to its memory, and answers nothing.
const WRITES: Guest = Guest {
    items: "",
    prepare: "",
    evaluate: "(i64.store (i32.const 40000) (i64.const 7))",
};

/// How many places hold the memory of some code: after each of many packs was asked, and after all were asked again.
fn asked_in_turn(places: u32) -> [u32; 2] {
    let limits = Limits {
        instances: 4,
        places,
        ready: 0,
        ..Limits::default()
    };
    let engine = Engine::new(limits).unwrap();
    let load = |_| WRITES.load_into(&engine, &guest::manifest()).unwrap();
    let packs: Vec<LoadedPack> = (0..PACKS).map(load).collect();
    let pool = engine.shared.evaluate.pooling_allocator_metrics().unwrap();
    let batch = Batch::patients(guest::data(1), 0..1);
    [(); 2].map(|()| {
        for pack in &packs {
            let evaluated = pack.evaluate(&batch, &guest::review());
            evaluated.unwrap();
        }
        pool.unused_warm_memories()
    })
}

#[test]
fn every_pack_finds_the_place_that_it_left_however_many_were_asked_in_between() {
    // A place for small batches and one for large ones each, and none more when they are asked again.
    assert_eq!(asked_in_turn(100), [2 * PACKS, 2 * PACKS]);
}

#[test]
fn with_fewer_places_than_packs_each_takes_that_of_another_and_still_answers() {
    assert_eq!(asked_in_turn(0), [4, 4]);
}

#[test]
fn where_address_space_for_the_places_is_not_to_be_had_there_are_as_many_as_instances() {
    // Four pebibytes.
    let limits = Limits {
        instances: 4,
        places: 1_000_000,
        ..Limits::default()
    };
    let engine = Engine::new(limits).unwrap();
    assert_eq!((engine.limits().places, engine.limits().ready), (4, 0));
    let pack = WRITES.load_into(&engine, &guest::manifest()).unwrap();
    let batch = Batch::patients(guest::data(1), 0..1);
    pack.evaluate(&batch, &guest::review()).unwrap();
}
