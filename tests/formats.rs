//! Every format whose bytes come from outside, fed with its seeds and with mutations of them: the same
//! functions that the fuzz targets call. No input panics, and what is read keeps the reader's promises.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "fuzz/src/formats.rs"]
mod formats;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// Inputs tried of each format, beside its seeds.
const MUTANTS: u32 = 400;

/// A change of some bytes.
#[derive(Debug, Clone)]
enum Mutation {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

fn seeds(format: &str) -> Vec<Vec<u8>> {
    let folder = fs::read_dir(fuzz().join("seeds").join(format)).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn mutation() -> impl Strategy<Value = Mutation> {
    // Texts that mean something to one of the readers.
    let tokens = prop::sample::select(vec![
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "-1",
        "0",
        "1e9",
        "2147483648",
        "18446744073709551616",
        "9223372036854775807",
        "\\u0000",
        "\0",
        "../",
        "/",
        "%2e",
        "\u{feff}",
        "\n",
        "\r\n",
        "=",
        "医",
        "1.0.0",
        "37",
        "3703",
        "9999-12-31",
        "-0",
    ]);
    let inserted = prop_oneof![
        tokens.prop_map(|token| token.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Set(at, byte)),
        3 => (any::<Index>(), inserted).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        2 => (any::<Index>(), 1_usize..40).prop_map(|(at, count)| Mutation::Remove(at, count)),
        1 => (any::<Index>(), 1_usize..40).prop_map(|(at, count)| Mutation::Repeat(at, count)),
        1 => any::<Index>().prop_map(Mutation::Cut),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    let place = |at: &Index, length: usize| at.index(length + 1);
    match mutation {
        Mutation::Set(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Set(_, byte) => bytes.push(*byte),
        Mutation::Insert(at, new) => {
            let at = place(at, bytes.len());
            drop(bytes.splice(at..at, new.iter().copied()));
        }
        Mutation::Remove(at, count) => {
            let at = place(at, bytes.len());
            drop(bytes.drain(at..(at + count).min(bytes.len())));
        }
        Mutation::Repeat(at, count) => {
            let at = place(at, bytes.len());
            let piece = bytes[at..(at + count).min(bytes.len())].to_vec();
            drop(bytes.splice(at..at, piece));
        }
        Mutation::Cut(at) => bytes.truncate(place(at, bytes.len())),
    }
}

#[test]
fn every_seed_is_well_formed_and_no_mutant_breaks_a_reader() {
    for (format, read) in formats::ALL {
        let seeds = seeds(format);
        assert!(!seeds.is_empty(), "`{format}` has no seed");
        for (number, seed) in seeds.iter().enumerate() {
            assert!(read(seed), "seed {number} of `{format}` is not well formed");
        }
        let strategy = (
            prop::sample::select(seeds),
            prop::collection::vec(mutation(), 1..6),
        );
        let config = Config {
            cases: MUTANTS,
            failure_persistence: None,
            ..Config::default()
        };
        let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let tried = TestRunner::new_with_rng(config, random).run(&strategy, |(seed, mutations)| {
            let mut bytes = seed;
            for mutation in &mutations {
                mutate(&mut bytes, mutation);
            }
            let told = || TestCaseError::fail(format!("`{format}`: {}", bytes.escape_ascii()));
            catch_unwind(|| read(&bytes))
                .map(|_| ())
                .map_err(|_| told())
        });
        if let Err(error) = tried {
            panic!("{error}");
        }
    }
}

#[test]
fn every_format_has_its_fuzz_target() {
    let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let bins = manifest["bin"].as_array().unwrap();
    let named: Vec<_> = bins
        .iter()
        .map(|bin| bin["name"].as_str().unwrap())
        .collect();
    let formats: Vec<_> = formats::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, formats);
    for bin in bins {
        let path = fuzz().join(bin["path"].as_str().unwrap());
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("rulepack_fuzz::formats::"));
    }
}
