//! What WebAssembly has and no pack may use: refused by the reader that registry and host share, before anything is compiled,
//! and once more by the engine itself.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "this file uses a part of it")]
mod guest;

use rulepack_engine::{LoadInput, Program};
use rulepack_protocol::pack::{Bounds, imports};

/// A component of one module, and of these sections of its own.
fn component(module: &str, sections: &[u8]) -> Vec<u8> {
    let module = wat::parse_str(module).unwrap();
    let mut bytes = b"\0asm\x0d\0\x01\0\x01".to_vec();
    bytes.push(u8::try_from(module.len()).unwrap());
    assert!(module.len() < 128, "its length is one byte");
    bytes.extend(module);
    bytes.extend(sections);
    bytes
}

/// What the reader says, and that the engine refuses it too.
fn refusal(component: &[u8]) -> String {
    let refused = imports::read(component, &Bounds::NATIVE).unwrap_err();
    let program = Program {
        component,
        manifest: &guest::manifest(),
        tables: &Default::default(),
    };
    let loaded = guest::engine().load(program, LoadInput::default());
    assert!(
        loaded.is_err(),
        "the engine takes what the reader refuses: {refused}"
    );
    // What the validator said, without the place.
    let text = refused.to_string();
    let text = text
        .strip_prefix("the component is not valid: ")
        .unwrap_or(&text);
    text.split(" (at ").next().unwrap().to_owned()
}

/// Each with the text that names the feature.
fn all_refused(refusals: impl IntoIterator<Item = (Vec<u8>, &'static str)>) {
    let wrong: Vec<String> = refusals
        .into_iter()
        .map(|(component, expected)| (expected, refusal(&component)))
        .filter(|(expected, said)| said != *expected)
        .map(|(expected, said)| format!("said     {said}\nexpected {expected}\n"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

/// Fields of a module, and what is said of them.
const OF_MODULES: &[(&str, &str)] = &[
    (
        "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))",
        "threads support is not enabled",
    ),
    (
        "(memory 1 1 shared)",
        "threads must be enabled for shared memories",
    ),
    (
        "(memory 1) (func (drop (v128.const i64x2 0 0)))",
        "SIMD support is not enabled",
    ),
    (
        "(memory 1) (func unreachable i8x16.relaxed_swizzle drop)",
        "relaxed SIMD support is not enabled",
    ),
    (
        "(memory 1) (func $f return_call $f)",
        "tail calls support is not enabled",
    ),
    (
        "(memory i64 1)",
        "memory64 must be enabled for 64-bit memories",
    ),
    (
        "(memory 1) (memory 1)",
        "the component has 2 linear memories, expected exactly 1",
    ),
    (
        "(memory 1 (pagesize 1))",
        "the custom page sizes proposal must be enabled to customize a memory's page size",
    ),
    ("(memory 1) (tag)", "exceptions proposal not enabled"),
    (
        "(memory 1) (type (struct (field i32)))",
        "struct indexed types not supported without the gc feature",
    ),
    (
        "(memory 1) (func (param externref))",
        "gc types are disallowed but found type which requires gc",
    ),
    (
        "(memory 1) (type $t (func)) (func (param (ref $t)))",
        "function references required for index reference types",
    ),
    (
        "(memory 1) (type $f (func)) (type $c (cont $f))",
        "cannot define continuation types when stack switching is disabled",
    ),
    (
        "(memory 1) (func i64.const 0 i64.const 0 i64.mul_wide_u drop drop)",
        "wide arithmetic support is not enabled",
    ),
    (
        "(memory 1) (func (drop (f64.const 0)))",
        "the component computes with floating-point numbers",
    ),
    (
        "(memory 1) (global f32 (f32.const 0))",
        "the component computes with floating-point numbers",
    ),
    (
        "(memory 1) (func (drop (i32.trunc_sat_f64_s (f64.const 0))))",
        "the component computes with floating-point numbers",
    ),
    (
        "(memory 1) (func $begin) (start $begin)",
        "a module of the component has a start function",
    ),
];

#[test]
fn every_feature_of_a_module_that_packs_do_not_need_is_refused_by_name() {
    let module = |fields| component(&format!("(module {fields})"), &[]);
    all_refused(
        OF_MODULES
            .iter()
            .map(|(fields, text)| (module(fields), *text)),
    );
}

#[test]
fn every_feature_of_a_component_that_packs_do_not_need_is_refused_by_name() {
    // Sections of the binary format: a nested component; types of streams, futures, errors with context, lists of a fixed
    // length, and maps.
    let refusals: [(&[u8], &str); 6] = [
        (
            b"\x04\x08\0asm\x0d\0\x01\0",
            "the component holds another component",
        ),
        (
            b"\x07\x04\x01\x66\x01\x7d",
            "`stream` requires the component model async feature",
        ),
        (
            b"\x07\x03\x01\x65\0",
            "`future` requires the component model async feature",
        ),
        (
            b"\x07\x02\x01\x64",
            "`error-context` requires the component model error-context feature",
        ),
        (
            b"\x07\x04\x01\x67\x7d\x04",
            "Fixed-length lists require the component model fixed-length lists feature",
        ),
        (
            b"\x07\x04\x01\x63\x73\x7d",
            "Maps require the component model map feature",
        ),
    ];
    let module = |sections| component("(module (memory 1))", sections);
    all_refused(refusals.map(|(sections, text)| (module(sections), text)));
}
