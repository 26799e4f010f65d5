//! The smallest pack: a component that does nothing, around one rule and no case. For what is about
//! publishing and not about rules; the tests of the registry crate use this file too.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each user needs a part; a test fails by panicking"
)]

use rulepack_protocol::pack::{self, Manifest};
use wasm_encoder::{
    CanonicalOption, CodeSection, ComponentBuilder, ComponentExportKind, ComponentValType,
    ExportKind, ExportSection, Function, FunctionSection, MemorySection, MemoryType, Module,
    ModuleArg, TypeSection,
};

/// A sealed pack: `37/limits`, say, in a version, with a title.
pub fn sealed(name: &str, version: &str, title: &str) -> Vec<u8> {
    sealed_from(name, version, title, "2026-12-01")
}

/// A sealed pack that is in force from a day on.
pub fn sealed_from(name: &str, version: &str, title: &str, from: &str) -> Vec<u8> {
    sealed_as((name, version), (title, from), "")
}

/// A sealed pack whose manifest ends in these lines.
pub fn sealed_with(name: &str, version: &str, lines: &str) -> Vec<u8> {
    sealed_as((name, version), ("限额", "2026-12-01"), lines)
}

fn sealed_as((name, version): (&str, &str), (title, from): (&str, &str), lines: &str) -> Vec<u8> {
    let jurisdiction = name.split('/').next().unwrap();
    let manifest = Manifest::from_toml(&format!(
        r#"
[pack]
name = "{name}"
version = "{version}"
title = "{title}"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = {{ from = "{from}" }}
jurisdictions = ["{jurisdiction}"]

[[rule]]
id = "LIM-01"
title = "超限额"
scope = "patient"
stages = ["before", "after"]
behaviour = "项目类"
action = {{ violation = "block", high-suspicion = "review" }}
basis = "山东省医疗保障局 2024-01-04《通知》"
needs = ["orders.items"]
messages = {{ over = "{{item}}超过 {{limit}}" }}
why = {{ "orders.items" = "what is counted" }}

{lines}
"#
    ))
    .unwrap();
    pack::seal(&component(), &manifest, &Default::default(), &[]).unwrap()
}

/// The smallest component that is a pack.
fn component() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    function.instructions().end();
    code.function(&function);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code);
    let mut builder = ComponentBuilder::default();
    let module = builder.core_module(None, &module);
    let instance = builder.core_instantiate(None, module, Vec::<(&str, ModuleArg)>::new());
    let core = builder.core_alias_export(None, instance, "run", ExportKind::Func);
    let (kind, mut encoder) = builder.type_function(None);
    encoder
        .params::<[(&str, ComponentValType); 0], _>([])
        .result(None);
    let lifted = builder.lift_func(None, core, kind, Vec::<CanonicalOption>::new());
    for name in ["prepare", "evaluate"] {
        builder.export(name, ComponentExportKind::Func, lifted, None);
    }
    builder.finish()
}
