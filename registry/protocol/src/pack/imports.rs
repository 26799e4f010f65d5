//! What a component imports and exports: its imports are the list of its permissions.
//!
//! Refused are: every import outside the interfaces and functions of the contract (so all of WASI),
//! exports other than `prepare` and `evaluate`, components within the component, floating-point and
//! vector instructions, threads and shared memory, more than one linear memory or one larger than the
//! bound at its start, function bodies beyond the bound, and start functions: the only module that may
//! have one is a module without code of its own, as componentizing makes to call an initializer.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::schema;
use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::TypesRef;
use wasmparser::{Parser, Payload, ValidPayload, Validator, WasmFeatures};

use super::Bounds;

/// The functions that a component imports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imports {
    /// By table, as in the contract: the columns that it can read.
    pub columns: BTreeMap<String, BTreeSet<String>>,
    /// By interface, as in the contract: the other functions.
    pub functions: BTreeMap<String, BTreeSet<String>>,
}

/// An imported function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import<'a> {
    /// The interface: `orders`.
    pub interface: &'a str,
    /// The function: `unit-prices`.
    pub function: &'a str,
}

impl Imports {
    /// All imported functions in order: first the columns, then the others.
    pub fn iter(&self) -> impl Iterator<Item = Import<'_>> {
        self.columns
            .iter()
            .chain(&self.functions)
            .flat_map(|(interface, functions)| {
                functions.iter().map(move |function| Import {
                    interface,
                    function,
                })
            })
    }

    /// Whether the component can read this column.
    #[must_use]
    pub fn reads(&self, table: &str, column: &str) -> bool {
        let columns = self.columns.get(table);
        columns.is_some_and(|columns| columns.contains(column))
    }
}

/// Why a component cannot be a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportsError {
    /// Not a valid component with the features that packs may use.
    #[error("the component is not valid: {message} (at byte {offset})")]
    Invalid {
        /// What the validator said.
        message: String,
        /// Where.
        offset: u64,
    },
    /// Valid, but with floating-point instructions or types.
    #[error("the component computes with floating-point numbers (at byte {offset})")]
    Floats {
        /// Where the first one stands.
        offset: u64,
    },
    /// An interface that is not of the contract.
    #[error("the component imports `{0}`, which is not of the contract")]
    Interface(String),
    /// A function that the interface does not have.
    #[error(
        "the component imports `{function}` of `{interface}`, which the contract does not have"
    )]
    Function {
        /// The interface.
        interface: String,
        /// The function.
        function: String,
    },
    /// Exports other than the two of the contract.
    #[error(
        "the component exports {found}, expected exactly the functions `prepare` and `evaluate`"
    )]
    Exports {
        /// What it exports.
        found: String,
    },
    /// A component within the component.
    #[error("the component holds another component")]
    Nested,
    /// A start function in a module with code.
    #[error("a module of the component has a start function")]
    Start,
    /// Not exactly one memory.
    #[error("the component has {0} linear memories, expected exactly 1")]
    Memories(usize),
    /// A memory that begins too large.
    #[error("the memory begins with {mib} MiB, expected at most {mib_max}")]
    Memory {
        /// Its first size, rounded up.
        mib: u64,
        /// The bound.
        mib_max: u32,
    },
    /// A function body that is too long.
    #[error("a function body is {bytes} bytes long, expected at most {bytes_max}")]
    FunctionBody {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
}

/// The functions of the contract that are not columns, by interface. Interfaces with types alone have none.
const FUNCTIONS: [(&str, &[&str]); 8] = [
    ("answers", &[]),
    (
        "codes",
        &["intern", "define-set", "contains", "prefixes", "texts"],
    ),
    (
        "coverage",
        &["table", "column", "history-start", "history-reach"],
    ),
    (
        "knowledge",
        &["rows", "supplied", "codes", "integers", "days", "texts"],
    ),
    ("parameters", &["integer", "text", "codes"]),
    ("parts", &["only"]),
    (
        "review",
        &[
            "current-stage",
            "current-scope",
            "scenes",
            "today",
            "jurisdiction",
            "period",
        ],
    ),
    ("units", &[]),
];

const EXPORTS: [&str; 2] = ["evaluate", "prepare"];
const PAGES_OF_A_MIB: u64 = 16;

/// What a pack may use of WebAssembly: integers, one memory, functions and their tables. Whatever rustc emits for
/// `wasm32-unknown-unknown`, and nothing more; an engine is to be set up with the same.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// With these a component that computes with floats is valid otherwise, and can be told so.
const WITH_FLOATS: WasmFeatures = FEATURES
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT);

/// Validates a component and lists what it imports.
///
/// # Errors
/// [`ImportsError`], for the first thing that a pack may not have.
pub fn read(component: &[u8], bounds: &Bounds) -> Result<Imports, ImportsError> {
    check_modules(component, bounds)?;
    match validate(component, FEATURES) {
        Ok(imports) => imports,
        Err(error) => Err(match validate(component, WITH_FLOATS) {
            Ok(_) => ImportsError::Floats {
                offset: error.offset() as u64,
            },
            Err(error) => invalid(&error),
        }),
    }
}

fn invalid(error: &wasmparser::BinaryReaderError) -> ImportsError {
    ImportsError::Invalid {
        message: error.message().to_owned(),
        offset: error.offset() as u64,
    }
}

/// Everything that is seen without types.
fn check_modules(component: &[u8], bounds: &Bounds) -> Result<(), ImportsError> {
    let mut memories = Vec::new();
    let mut starts = false;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| invalid(&error))? {
            Payload::ComponentSection { .. } => return Err(ImportsError::Nested),
            Payload::ModuleSection { .. } => starts = false,
            Payload::StartSection { .. } => starts = true,
            Payload::CodeSectionStart { .. } if starts => return Err(ImportsError::Start),
            Payload::CodeSectionEntry(body) => {
                let (bytes, bytes_max) = (body.range().len(), bounds.function_bytes);
                if bytes > bytes_max {
                    return Err(ImportsError::FunctionBody { bytes, bytes_max });
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    memories.push(memory.map_err(|error| invalid(&error))?);
                }
            }
            _ => {}
        }
    }
    let [memory] = memories.as_slice() else {
        return Err(ImportsError::Memories(memories.len()));
    };
    let (mib, mib_max) = (memory.initial.div_ceil(PAGES_OF_A_MIB), bounds.memory_mib);
    if mib > u64::from(mib_max) {
        return Err(ImportsError::Memory { mib, mib_max });
    }
    Ok(())
}

type Validated = Result<Result<Imports, ImportsError>, wasmparser::BinaryReaderError>;

/// The outer error is the validator's, the inner one about a valid component.
fn validate(component: &[u8], features: WasmFeatures) -> Validated {
    let mut validator = Validator::new_with_features(features);
    let mut allocations = wasmparser::FuncValidatorAllocations::default();
    let mut depth = 0_usize;
    let mut names = Names::default();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section.clone() {
                    names.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section.clone() {
                    names.exports.push(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
        match validator.payload(&payload)? {
            ValidPayload::Parser(_) => depth += 1,
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(std::mem::take(&mut allocations));
                function.validate(&body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(types) if depth == 0 => return Ok(names.resolve(types.as_ref())),
            ValidPayload::End(_) => depth = depth.saturating_sub(1),
            ValidPayload::Ok => {}
        }
    }
    Ok(Err(ImportsError::Invalid {
        message: "the component does not end".to_owned(),
        offset: component.len() as u64,
    }))
}

/// The names of imports and exports of the component itself.
#[derive(Default)]
struct Names {
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Names {
    fn resolve(mut self, types: TypesRef<'_>) -> Result<Imports, ImportsError> {
        let mut imports = Imports::default();
        for name in &self.imports {
            match types.component_item_for_import(name).map(|item| item.ty) {
                // The world's own names for types of the contract: nothing that could be called.
                Some(ComponentEntityType::Type { .. }) => {}
                Some(ComponentEntityType::Instance(id)) => {
                    let items = types[id].exports.iter();
                    let functions = items.filter_map(|(function, item)| match item.ty {
                        ComponentEntityType::Type { .. } => None,
                        _ => Some(function.as_str()),
                    });
                    imports.add(name, functions)?;
                }
                _ => return Err(ImportsError::Interface(name.clone())),
            }
        }
        self.exports.sort();
        let functions = self.exports.iter().all(|name| {
            let item = types.component_item_for_export(name);
            item.is_some_and(|item| matches!(item.ty, ComponentEntityType::Func(_)))
        });
        if self.exports != EXPORTS || !functions {
            let found: Vec<String> = self
                .exports
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            let found = if found.is_empty() {
                "nothing".to_owned()
            } else {
                found.join(", ")
            };
            return Err(ImportsError::Exports { found });
        }
        Ok(imports)
    }
}

impl Imports {
    fn add<'a>(
        &mut self,
        import: &str,
        functions: impl Iterator<Item = &'a str>,
    ) -> Result<(), ImportsError> {
        let foreign = || ImportsError::Interface(import.to_owned());
        let interface = interface_of(import).ok_or_else(foreign)?;
        let table = schema::table(interface).map(schema::TableId::table);
        let others = FUNCTIONS.iter().find(|(name, _)| *name == interface);
        for function in functions {
            let (known, list) = match (table, others) {
                (Some(table), _) => (table.column(function).is_some(), &mut self.columns),
                (None, Some((_, names))) => (names.contains(&function), &mut self.functions),
                (None, None) => return Err(foreign()),
            };
            if !known {
                let (interface, function) = (interface.to_owned(), function.to_owned());
                return Err(ImportsError::Function {
                    interface,
                    function,
                });
            }
            list.entry(interface.to_owned())
                .or_default()
                .insert(function.to_owned());
        }
        if table.is_none() && others.is_none() {
            return Err(foreign());
        }
        Ok(())
    }
}

/// `orders` of `rulepack:rules/orders@0.1.0`, of this contract and version only.
fn interface_of(import: &str) -> Option<&str> {
    let (package, version) = rulepack_contract::CONTRACT.split_once('@')?;
    let interface = import.strip_prefix(package)?.strip_prefix('/')?;
    interface.strip_suffix(version)?.strip_suffix('@')
}

#[cfg(test)]
#[path = "imports_tests.rs"]
mod tests;
