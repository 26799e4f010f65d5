//! Every case of the pack gets the answer that it expects.

#[test]
fn every_case_gets_its_answer() {
    rulepack_sdk::harness::assert_cases::<dip_checks::DipChecks>(env!("CARGO_MANIFEST_DIR"));
}
