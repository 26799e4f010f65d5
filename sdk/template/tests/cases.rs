//! Runs `cases/*.json` natively.

use my_pack::MyPack;

#[test]
fn every_case_gets_the_answer_that_it_expects() {
    rulepack_sdk::harness::assert_cases::<MyPack>(env!("CARGO_MANIFEST_DIR"));
}
