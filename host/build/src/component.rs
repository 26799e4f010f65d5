//! From a module as the compiler makes it to a component.

use rulepack_protocol::pack::{self, StripError};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{BinaryReaderError, ExternalKind, Parser, Payload};
use wit_component::ComponentEncoder;

/// Why a module cannot become a component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// What was to be a module is none.
    #[error("the file is not a WebAssembly module: {0}")]
    Module(#[from] BinaryReaderError),
    /// The module does not fit the contract.
    #[error("the module cannot be made a component of the contract: {0}")]
    Encode(String),
    /// The result is malformed.
    #[error(transparent)]
    Strip(#[from] StripError),
}

/// Makes a component of a module for `wasm32-unknown-unknown` that was built with the SDK: only the
/// functions of the contract that the code calls are imported. Custom sections are left out, and so is the
/// freeing of answers.
///
/// # Errors
/// [`ComponentError`].
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let module = without_post_return(module)?;
    // The encoder's errors have no types to match on; the chain is the message.
    let component = ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| ComponentError::Encode(format!("{error:#}")))?;
    Ok(pack::strip(&component)?)
}

/// Leaves out the exports by which a component frees each text and list of an answer that was read: an
/// instance ends with its answer, and its memory with it.
fn without_post_return(module: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
    /// How the canonical ABI names them.
    const POST_RETURN: &str = "cabi_post_";
    let mut kept = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if let Payload::ExportSection(exports) = &payload {
            let mut section = ExportSection::new();
            for export in exports.clone() {
                let export = export?;
                if !export.name.starts_with(POST_RETURN) {
                    section.export(export.name, kind(export.kind), export.index);
                }
            }
            kept.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            // The reader told where in these bytes the section lies.
            let data = module.get(range).unwrap_or_default();
            kept.section(&RawSection { id, data });
        }
    }
    Ok(kept.finish())
}

fn kind(kind: ExternalKind) -> ExportKind {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => ExportKind::Func,
        ExternalKind::Table => ExportKind::Table,
        ExternalKind::Memory => ExportKind::Memory,
        ExternalKind::Global => ExportKind::Global,
        ExternalKind::Tag => ExportKind::Tag,
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, ImportSection, TypeSection};

    use super::*;

    #[test]
    fn what_is_no_module_is_refused() {
        let error = componentize(b"text").unwrap_err().to_string();
        assert!(
            error.starts_with("the file is not a WebAssembly module: "),
            "{error}"
        );
    }

    #[test]
    fn a_module_that_imports_what_the_contract_lacks_is_refused() {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import("env", "clock", EntityType::Function(0));
        let mut module = Module::new();
        module.section(&types).section(&imports);
        let error = componentize(&module.finish()).unwrap_err().to_string();
        assert!(
            error.starts_with("the module cannot be made a component of the contract: "),
            "{error}"
        );
    }

    #[test]
    fn only_the_freeing_of_answers_is_left_out() {
        let names = ["evaluate", "cabi_post_evaluate", "cabi_realloc"];
        let mut exports = ExportSection::new();
        for (index, name) in (0..).zip(names) {
            exports.export(name, ExportKind::Func, index);
        }
        let custom = RawSection {
            id: 0,
            data: b"\x01ab",
        };
        let mut module = Module::new();
        module.section(&exports).section(&custom);
        let kept = without_post_return(&module.finish()).unwrap();

        let mut expected = ExportSection::new();
        expected.export("evaluate", ExportKind::Func, 0).export(
            "cabi_realloc",
            ExportKind::Func,
            2,
        );
        let mut module = Module::new();
        module.section(&expected).section(&custom);
        assert_eq!(kept, module.finish());
    }
}
