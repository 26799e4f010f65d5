#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    rulepack_fuzz::formats::native_json(bytes);
});
