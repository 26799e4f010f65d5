//! The steps from a folder to a sealed pack.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rulepack_contract::case::Case;
use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_protocol::pack::{
    self, ImportsError, Manifest, ManifestError, OpenError, Pack, SealError,
};

use crate::cases::{self, CasesError};
use crate::compile::{self, CompileError, Toolchain};
use crate::component::{self, ComponentError};
use crate::encoding::Encoding;
use crate::inherit::COMPONENT_FILE;
use crate::tables::{self, TablesError};
use crate::warning::{self, Warning};

/// What a build takes from elsewhere than the source.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A folder that holds the tables instead of the pack's own: a regulator's full tables.
    pub tables: Option<PathBuf>,
    /// A folder that holds the cases instead of the pack's own.
    pub cases: Option<PathBuf>,
    /// A component or a sealed pack whose code is used as it is: nothing is compiled.
    pub component: Option<PathBuf>,
    /// How tables that are CSV files are encoded.
    pub encoding: Encoding,
}

/// A sealed pack.
#[derive(Debug)]
pub struct Built {
    /// The file.
    pub bytes: Vec<u8>,
    /// The same, opened.
    pub pack: Pack,
    /// What an author should look at.
    pub warnings: Vec<Warning>,
}

/// Why a pack cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The manifest.
    #[error("`{path}`: {source}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The tables.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// The cases.
    #[error(transparent)]
    Cases(#[from] CasesError),
    /// The compiler.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The way from a module to a component.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The given component.
    #[error("`{path}`: {source}")]
    Given {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: OpenError,
    },
    /// Sealing.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl BuildError {
    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            BuildError::Compile(error) => error.hint(),
            BuildError::Tables(error) => error.hint().map(str::to_owned),
            BuildError::Seal(SealError::Refused(OpenError::Imports(ImportsError::Interface(
                interface,
            )))) if interface.starts_with("wasi:") => Some(OTHER_TARGET.to_owned()),
            _ => None,
        }
    }
}

/// What helps where the code was compiled for a target whose standard library imports WASI (系统接口).
const OTHER_TARGET: &str = "no pack may import WASI; build the component with `--target wasm32-unknown-unknown`, \
                            which imports none of it";

/// Builds the pack whose source lies in `folder`.
///
/// # Errors
/// [`BuildError`], which names file, place and value.
pub fn build(folder: &Path, toolchain: &Toolchain, options: &Options) -> Result<Built, BuildError> {
    let (manifest, tables, cases) = read_source(folder, options)?;
    let component = match options.component.clone().or_else(|| inherited(folder)) {
        Some(path) => given_component(&path)?,
        None => component::componentize(&compile::compile(folder, toolchain)?)?,
    };
    let bytes = pack::seal(&component, &manifest, &tables, &cases)?;
    let pack = pack::open(&bytes, &manifest.bounds()).map_err(SealError::Refused)?;
    let warnings = warning::of(&pack, bytes.get(pack.component.clone()).unwrap_or_default());
    Ok(Built {
        bytes,
        pack,
        warnings,
    })
}

/// What a pack consists of beside its code.
type Source = (Manifest, BTreeMap<String, KnowledgeTable>, Vec<Case>);

/// Reads manifest, tables and cases, without compiling anything.
///
/// # Errors
/// [`BuildError`], which names file, place and value.
pub fn read_source(folder: &Path, options: &Options) -> Result<Source, BuildError> {
    let path = folder.join("pack.toml");
    let text = std::fs::read_to_string(&path).map_err(|source| BuildError::Read {
        path: path.clone(),
        source,
    })?;
    let manifest =
        Manifest::from_toml(&text).map_err(|source| BuildError::Manifest { path, source })?;
    let tables = tables::read(
        folder,
        options.tables.as_deref(),
        options.encoding,
        &manifest,
    )?;
    let own_cases = folder.join("cases");
    let cases = cases::read(options.cases.as_deref().unwrap_or(&own_cases))?;
    Ok((manifest, tables, cases))
}

/// The code of another pack, where the source has it in place of a crate.
fn inherited(folder: &Path) -> Option<PathBuf> {
    let component = folder.join(COMPONENT_FILE);
    (!folder.join("Cargo.toml").exists() && component.is_file()).then_some(component)
}

fn given_component(path: &Path) -> Result<Vec<u8>, BuildError> {
    let path = path.to_owned();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) => return Err(BuildError::Read { path, source }),
    };
    match pack::component_of(&bytes) {
        Ok(component) => Ok(component.to_vec()),
        Err(source) => Err(BuildError::Given { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_for_another_target_is_told_the_one_to_build_for() {
        let hint = |interface: &str| {
            let import = ImportsError::Interface(interface.to_owned());
            BuildError::Seal(SealError::Refused(OpenError::Imports(import))).hint()
        };
        assert_eq!(
            hint("wasi:cli/environment@0.2.3").unwrap(),
            "no pack may import WASI; build the component with `--target wasm32-unknown-unknown`, which imports \
             none of it"
        );
        assert_eq!(hint("acme:clock/now"), None);
    }
}
