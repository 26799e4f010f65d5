#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    rulepack_fuzz::formats::journal_file(bytes);
});
