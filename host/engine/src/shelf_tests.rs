//! Shows that an instance made ahead is one like any other: used once, knowing nobody, and never in anybody's way. Tests only.

use std::sync::{Arc, Barrier};
use std::thread;

use rulepack_contract::data::Batch;

use crate::guest::{self, Guest};
use crate::limits::PAGE_BYTES;
use crate::ward::{self, Attack, VICTIM};
use crate::{Engine, Fault, Limits, LoadedPack, Preparation, Readiness};

/// Traps where it finds what it left behind, in a global or in memory; then leaves it there.
const KEEPS: Guest = Guest {
    items: "(global $kept (mut i64) (i64.const 0))",
    prepare: "",
    evaluate: "(if (i64.ne (global.get $kept) (i64.const 0)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 40000)) (i64.const 0)) (then unreachable))
        (global.set $kept (i64.const 7)) (i64.store (i32.const 40000) (i64.const 7))",
};

fn engine(instances: u32, ready: u32) -> Engine {
    let limits = Limits {
        instances,
        places: 1,
        ready,
        ..Limits::default()
    };
    Engine::new(limits).unwrap()
}

fn load(engine: &Engine, guest: &Guest) -> LoadedPack {
    guest.load_into(engine, &guest::manifest()).unwrap()
}

fn batch() -> Batch {
    Batch::patients(guest::data(1), 0..1)
}

fn answers(pack: &LoadedPack) {
    pack.evaluate(&batch(), &guest::review()).unwrap();
}

fn taken(engine: &Engine) -> u32 {
    engine.shared.room.taken()
}

fn found_and_missed(engine: &Engine) -> (u64, u64) {
    let Readiness { found, missed } = engine.readiness();
    (found, missed)
}

#[test]
fn an_instance_that_was_ready_is_used_once() {
    let engine = engine(1, 4);
    let pack = load(&engine, &KEEPS);
    pack.keep_ready();
    for _ in 0..5 {
        // The first finds one ready, the second makes its own; neither finds what the one before left.
        answers(&pack);
        answers(&pack);
        assert_eq!(taken(&engine), 1, "the used one waits");
        pack.keep_none_ready();
        assert_eq!(taken(&engine), 0);
        pack.keep_ready();
    }
    assert_eq!(found_and_missed(&engine), (5, 5));
}

#[test]
fn as_many_are_ready_as_came_at_once_and_those_used_are_thrown_away() {
    let engine = engine(2, 64);
    let pack = load(&engine, &KEEPS);
    answers(&pack);
    pack.renew_ready();
    assert_eq!((taken(&engine), found_and_missed(&engine)), (0, (0, 0)));
    pack.keep_ready();
    assert_eq!(taken(&engine), 1);
    (0..3).for_each(|_| answers(&pack));
    assert_eq!(found_and_missed(&engine), (1, 2));
    pack.renew_ready();
    assert_eq!(taken(&engine), 3);
    (0..100).for_each(|_| answers(&pack));
    assert_eq!(found_and_missed(&engine), (4, 99));
    pack.renew_ready();
    assert_eq!(taken(&engine), Limits::READY_OF_PACK);
    (0..8).for_each(|_| answers(&pack));
    assert_eq!(found_and_missed(&engine), (12, 99));
    drop(pack);
    assert_eq!(
        taken(&engine),
        0,
        "a pack that goes takes all of them along"
    );
}

#[test]
fn nothing_of_a_batch_stays_in_an_instance_that_waits_to_be_thrown_away() {
    let engine = engine(1, 4);
    let pack = ward::honest(&engine);
    pack.keep_ready();
    let data = ward::data(3, |_| false);
    let evaluation = pack.evaluate(&Batch::patients(data.clone(), 0..3), &guest::review());
    assert_eq!(evaluation.unwrap().answer.measures.len(), 3);
    assert_eq!((taken(&engine), found_and_missed(&engine)), (1, (1, 0)));
    assert_eq!(Arc::strong_count(&data), 1);
    let used = pack.used();
    assert_eq!(used.len(), 1);
    for mut used in used {
        assert!(used.codes().text(2).is_err(), "a code of the batch");
        assert!(used.end().is_none());
    }
}

#[test]
fn an_instance_that_was_ready_says_the_same_with_the_same_fuel_as_one_made_for_its_batch() {
    let engine = engine(1, 8);
    let pack = ward::honest(&engine);
    let data = ward::data(20, |_| false);
    let ask = |patient| {
        let batch = Batch::patients(data.clone(), patient..patient + 1);
        pack.evaluate(&batch, &guest::review()).unwrap()
    };
    let made: Vec<_> = (0..20).map(ask).collect();
    pack.keep_ready();
    let ready = (0..20).map(|patient| {
        let said = ask(patient);
        pack.renew_ready();
        said
    });
    assert_eq!(ready.collect::<Vec<_>>(), made);
    assert_eq!(found_and_missed(&engine), (20, 0));
}

#[test]
fn the_outer_guard_counts_from_the_batch_however_long_an_instance_waited_for_it() {
    let engine = engine(1, 1);
    let looping = Guest {
        evaluate: "(local $i i32) (loop $again
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))",
        ..Guest::default()
    };
    let pack = load(&engine, &looping);
    pack.keep_ready();
    // As if it had waited for ten times as long as anything may run.
    for _ in 0..10 * engine.limits().wall_steps() {
        engine.shared.evaluate.increment_epoch();
    }
    answers(&pack);
    assert_eq!(found_and_missed(&engine), (1, 0));
}

#[test]
fn used_ones_wait_with_no_more_memory_together_than_there_is_room_for() {
    let mut manifest = guest::manifest();
    manifest.limits.memory_mib = 16;
    let pages = Limits::KEPT_BYTES / PAGE_BYTES;
    let grow = |pages: usize| {
        ward::leaked(format!(
            "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))"
        ))
    };
    // Each has a page before it grows, so that two of them are too many for the room of two.
    for (ready, prepare, evaluate, waits) in [
        (1, "", grow(pages / 2), 1),
        (1, "", grow(pages), 0),
        // Grown before any batch, and written to by each.
        (1, grow(pages), "", 0),
        (2, grow(pages), "", 1),
        (4, grow(pages), "", 2),
    ] {
        let engine = engine(1, ready);
        let pool = engine.shared.evaluate.pooling_allocator_metrics().unwrap();
        let guest = Guest {
            items: "",
            prepare,
            evaluate,
        };
        let pack = guest.load_into(&engine, &manifest).unwrap();
        pack.keep_ready();
        for turn in 0..4 {
            (0..2).for_each(|_| answers(&pack));
            let left = (taken(&engine), pool.component_instances());
            // Before the first turn one was made ready, and then as many as came.
            let waits = if turn == 0 { waits.min(1) } else { waits };
            assert_eq!(
                left,
                (waits, u64::from(waits)),
                "{ready} {prepare} {evaluate}"
            );
            pack.renew_ready();
        }
    }
}

#[test]
fn a_fault_leaves_the_shelf_sound() {
    let engine = engine(1, 4);
    let attack = Attack::new("", "unreachable").guest();
    let pack = attack.load_into(&engine, &ward::manifest(0)).unwrap();
    let data = ward::data(20, |patient| patient == VICTIM);
    let ask = |patient| {
        let batch = Batch::patients(data.clone(), patient..patient + 1);
        pack.evaluate(&batch, &guest::review())
    };
    let trapped = Fault::Trap("wasm trap: wasm `unreachable` instruction executed".into());
    pack.keep_ready();
    for _ in 0..10 {
        assert_eq!(ask(VICTIM), Err(trapped.clone()));
        assert_eq!(taken(&engine), 0, "after a fault it is gone at once");
        pack.renew_ready();
        ask(0).unwrap();
        pack.renew_ready();
    }
    assert_eq!(found_and_missed(&engine), (20, 0));
}

#[test]
fn threads_that_share_a_pack_each_get_an_instance_of_their_own() {
    let engine = engine(8, 8);
    let pack = load(&engine, &KEEPS);
    pack.keep_ready();
    (0..8).for_each(|_| answers(&pack));
    pack.renew_ready();
    for _ in 0..20 {
        let begun = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    begun.wait();
                    answers(&pack);
                    pack.renew_ready();
                });
            }
        });
        pack.renew_ready();
        assert_eq!(taken(&engine), 8);
    }
    // Each round begins with eight that are ready, before which one of eight found one.
    assert_eq!(found_and_missed(&engine), (1 + 160, 7));
}

#[test]
fn no_batch_is_refused_an_instance_for_those_that_wait() {
    // Three packs take all the room; a fourth finds none. One batch at a time, with one place of its own.
    let engine = engine(1, 3);
    let packs: Vec<LoadedPack> = (0..5).map(|_| load(&engine, &KEEPS)).collect();
    packs.iter().for_each(LoadedPack::keep_ready);
    assert_eq!(taken(&engine), 3);
    let pool = engine.shared.evaluate.pooling_allocator_metrics().unwrap();
    assert_eq!(pool.component_instances(), 3);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    packs.iter().for_each(answers);
                }
            });
        }
    });
    // Used up, and not thrown away: they keep their room, and are in nobody's way either.
    assert_eq!((taken(&engine), pool.component_instances()), (3, 3));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    packs.iter().for_each(answers);
                    packs.iter().for_each(LoadedPack::renew_ready);
                }
            });
        }
    });
    // Large ones, and loading, make their own.
    let large = Batch::patients(guest::data(1_000), 0..1_000);
    packs[0].evaluate(&large, &guest::review()).unwrap();
    answers(&load(&engine, &KEEPS));
    drop(packs);
    assert_eq!((taken(&engine), pool.component_instances()), (0, 0));
}

#[test]
fn the_more_packs_have_instances_ready_the_fewer_each_has() {
    let engine = engine(1, 10);
    let packs: Vec<LoadedPack> = (0..5).map(|_| load(&engine, &KEEPS)).collect();
    packs[0].keep_ready();
    (0..10).for_each(|_| answers(&packs[0]));
    packs[0].renew_ready();
    assert_eq!(taken(&engine), Limits::READY_OF_PACK);
    packs.iter().skip(1).for_each(LoadedPack::keep_ready);
    assert_eq!(taken(&engine), 10);
    packs.iter().for_each(LoadedPack::renew_ready);
    packs.iter().for_each(LoadedPack::renew_ready);
    // Two for the pack of many batches, which gave up six of its eight; one for each other.
    assert_eq!(taken(&engine), 2 + 4);
}

#[test]
fn a_pack_that_allows_no_snapshot_has_none_ready_and_large_batches_need_none() {
    let engine = engine(1, 4);
    let shapeless = Guest {
        items: r#"(data $passive "abcdefgh")"#,
        prepare: "(data.drop $passive)",
        evaluate: "",
    };
    let pack = load(&engine, &shapeless);
    assert_eq!(pack.preparation(), Preparation::EachInstance);
    pack.keep_ready();
    answers(&pack);
    assert_eq!((taken(&engine), found_and_missed(&engine)), (0, (0, 0)));
    let pack = load(&engine, &KEEPS);
    pack.keep_ready();
    let large = Batch::patients(guest::data(1_000), 0..1_000);
    pack.evaluate(&large, &guest::review()).unwrap();
    assert_eq!((taken(&engine), found_and_missed(&engine)), (1, (0, 0)));
}
