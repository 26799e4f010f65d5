//! Small components, made by hand.

use wasm_encoder::{
    CanonicalOption, CodeSection, ComponentBuilder, ComponentExportKind, ComponentTypeRef,
    ComponentValType, ExportKind, ExportSection, Function, FunctionSection, InstanceType,
    MemorySection, MemoryType, Module, ModuleArg, PrimitiveValType, StartSection, TypeSection,
    ValType,
};

use super::manifest::Manifest;

/// What a hand-made component is like.
pub(super) struct Recipe<'a> {
    pub(super) imports: &'a [(&'a str, &'a [&'a str])],
    pub(super) exports: &'a [&'a str],
    pub(super) memories: &'a [u64],
    pub(super) shared: bool,
    pub(super) float: bool,
    pub(super) start: bool,
    /// How many instructions that do nothing its functions have.
    pub(super) padding: usize,
}

impl Default for Recipe<'_> {
    fn default() -> Self {
        Recipe {
            imports: &[("rulepack:rules/orders@0.1.0", &["items", "days"])],
            exports: &["prepare", "evaluate"],
            memories: &[1],
            shared: false,
            float: false,
            start: false,
            padding: 0,
        }
    }
}

impl Recipe<'_> {
    pub(super) fn component(&self) -> Vec<u8> {
        let mut builder = ComponentBuilder::default();
        for (name, functions) in self.imports {
            let mut instance = InstanceType::new();
            instance.ty().defined_type().list(PrimitiveValType::U32);
            instance
                .ty()
                .function()
                .params::<[(&str, ComponentValType); 0], _>([])
                .result(Some(ComponentValType::Type(0)));
            for function in *functions {
                instance.export(*function, ComponentTypeRef::Func(1));
            }
            let instance = builder.type_instance(None, &instance);
            builder.import(*name, ComponentTypeRef::Instance(instance));
        }
        let module = builder.core_module(None, &self.module());
        let instance = builder.core_instantiate(None, module, Vec::<(&str, ModuleArg)>::new());
        let core = builder.core_alias_export(None, instance, "run", ExportKind::Func);
        let (function, mut encoder) = builder.type_function(None);
        encoder
            .params::<[(&str, ComponentValType); 0], _>([])
            .result(None);
        let lifted = builder.lift_func(None, core, function, Vec::<CanonicalOption>::new());
        for name in self.exports {
            builder.export(*name, ComponentExportKind::Func, lifted, None);
        }
        builder.finish()
    }

    fn module(&self) -> Module {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut functions = FunctionSection::new();
        functions.function(0);
        let mut memories = MemorySection::new();
        for minimum in self.memories {
            memories.memory(MemoryType {
                minimum: *minimum,
                maximum: self.shared.then_some(*minimum),
                memory64: false,
                shared: self.shared,
                page_size_log2: None,
            });
        }
        let mut exports = ExportSection::new();
        exports.export("run", ExportKind::Func, 0);
        let mut code = CodeSection::new();
        let locals = if self.float {
            vec![(1, ValType::F64)]
        } else {
            vec![]
        };
        let mut function = Function::new(locals);
        for _ in 0..self.padding {
            function.instructions().nop();
        }
        function.instructions().end();
        code.function(&function);
        let mut module = Module::new();
        module
            .section(&types)
            .section(&functions)
            .section(&memories)
            .section(&exports);
        if self.start {
            module.section(&StartSection { function_index: 0 });
        }
        module.section(&code);
        module
    }
}

pub(super) const MANIFEST: &str = r#"
[pack]
name = "37/limits"
version = "1.2.0"
title = "限额"
contract = "rulepack:rules@0.1.0"
profile = "native"
effective = { from = "2024-01-04" }
jurisdictions = ["37"]

[[rule]]
id = "LIM-01"
title = "超限额"
scope = "patient"
stages = ["before", "after"]
behaviour = "项目类"
action = { violation = "block", high-suspicion = "review" }
basis = "山东省医疗保障局 2024-01-04《通知》"
needs = ["orders.items"]
messages = { over = "{item}超过 {limit}" }
why = { "orders.items" = "what is counted" }

[[parameter]]
name = "share_max"
default = 5000
min = 3000
max = 5000
set_by = ["province", "city"]

[[table]]
name = "limits"
file = "tables/limits.csv"
columns = { item = "code", price = "money", valid_from = "day" }

[[table]]
name = "standards"
columns = { group = "code", standard = "money" }
supplied_by = "city"

[[total]]
by = ["department", "item"]
period = "month"
"#;

pub(super) fn manifest() -> Manifest {
    Manifest::from_toml(MANIFEST).unwrap()
}
