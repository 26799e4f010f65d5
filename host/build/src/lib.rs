//! From the source of a rule pack to a sealed pack.
//!
//! A pack's source is a folder: `pack.toml`, a crate, `tables/*.csv|.xlsx`, `cases/*.json`. [`build`]
//! compiles the crate, makes a component of it, reads tables and cases, and seals everything into one
//! file. In place of the crate it may hold the code of another pack ([`inherit`]). The same source gives the same bytes, in whatever folder it lies.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod cases;
mod chinese;
mod chinese_lint;
mod chosen_rules;
mod code_system;
mod compile;
mod component;
mod encoding;
pub mod import_chs_drg;
pub mod import_two_libraries;
mod inherit;
mod published;
mod sheet;
mod sheet_write;
mod source;
mod tables;
mod warning;

pub use cases::CasesError;
pub use chinese_lint::lint_in_chinese;
pub use code_system::{CodeSystemError, read_code_system};
pub use compile::{CompileError, Toolchain};
pub use component::{ComponentError, componentize};
pub use encoding::{Encoding, NotGbk};
pub use inherit::{COMPONENT_FILE, InheritError, Inheritor, SheetForm, SourceFile, inherit};
pub use published::{ImportError, TableFile};
pub use sheet::{FoundInCell, SheetError};
pub use sheet_write::SheetWriteError;
pub use source::{BuildError, Built, Options, build, read_source};
pub use tables::{TablesError, supplied_table};
pub use warning::Warning;
