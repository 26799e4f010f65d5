//! The bytes of a sealed pack.
//!
//! A pack is a WebAssembly component that ends in custom sections, in this order, each once, nothing
//! after them:
//!
//! | section | content |
//! |---|---|
//! | `rulepack:manifest` | the [`Manifest`] as canonical JSON, with the digests of the tables |
//! | `rulepack:table/<name>` | one for each table that the pack itself brings, in the order of the manifest: see [`columnar`] |
//! | `rulepack:cases` | the cases, a JSON array, possibly empty |
//!
//! A custom section is, as in every WebAssembly file, a zero byte, the length of what follows as LEB128,
//! the length of the name as LEB128, the name, and the content. Lengths are written in their shortest
//! form, so that one pack has one spelling. Cutting the file before `rulepack:manifest` gives back the
//! component, byte for byte. The digest of a pack is that of the whole file.

use std::collections::BTreeMap;
use std::ops::Range;

use rulepack_contract::case::Case;
use rulepack_contract::knowledge::KnowledgeTable;
use wasm_encoder::Encode as _;

use super::columnar::{self, Allowance, ColumnarError};
use super::imports::{self, Imports, ImportsError};
use super::manifest::{Manifest, ManifestError};
use super::sections::{CUSTOM, Section, Sections};
use super::{Bounds, cases};
use crate::digest::Digest;

/// What every name of a section of ours begins with.
const PREFIX: &str = "rulepack:";
const MANIFEST: &str = "rulepack:manifest";
const TABLE: &str = "rulepack:table/";
const CASES: &str = "rulepack:cases";
/// The first bytes of a component, as this version of the format knows it.
const PREAMBLE: &[u8; 8] = b"\0asm\x0d\0\x01\0";

/// A pack, opened and checked.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Where the component lies in the bytes of the pack: from 0 up to the manifest.
    pub component: Range<usize>,
    /// The digest of the whole pack.
    pub digest: Digest,
    /// The digest of the component alone: unchanged by a release of knowledge.
    pub component_digest: Digest,
    /// The manifest, as sealed.
    pub manifest: Manifest,
    /// The tables that the pack brings, by name.
    pub tables: BTreeMap<String, KnowledgeTable>,
    /// The cases.
    pub cases: Vec<Case>,
    /// What the component imports.
    pub imports: Imports,
}

/// Why bytes are not a pack.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Larger than the profile allows.
    #[error("the pack is {bytes} bytes long, expected at most {bytes_max}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The bound.
        bytes_max: usize,
    },
    /// Not a component at all.
    #[error("the file is not a WebAssembly component")]
    NotAComponent,
    /// The bytes end within a section, or its length is malformed.
    #[error("the section at byte {0} is truncated or malformed")]
    Section(usize),
    /// A component without the sections of a pack.
    #[error(
        "the file is a component, but not a sealed pack: it has no section `rulepack:manifest`"
    )]
    NotSealed,
    /// Another section than the one that must come here.
    #[error("found the section `{found}`, expected `{expected}`")]
    Order {
        /// What came.
        found: String,
        /// What must come.
        expected: String,
    },
    /// The end, where a section must come.
    #[error("the pack ends where the section `{0}` is expected")]
    Missing(String),
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A table.
    #[error("table `{table}` {source}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        source: ColumnarError,
    },
    /// A table is not the one that the manifest speaks of.
    #[error("table `{table}` has the digest `{found}`, but the manifest says `{expected}`")]
    TableDigest {
        /// The table.
        table: String,
        /// As computed.
        found: Digest,
        /// As the manifest says.
        expected: Digest,
    },
    /// The cases are malformed.
    #[error("the sealed cases are malformed: {0}")]
    Cases(serde_json::Error),
    /// The cases are in another spelling than the one of sealing.
    #[error("the sealed cases are not in their canonical spelling")]
    CasesNotCanonical,
    /// The component.
    #[error(transparent)]
    Imports(#[from] ImportsError),
}

/// Why a pack cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The manifest declares a table whose rows were not given.
    #[error("table `{0}` is declared, but has no rows to seal")]
    TableMissing(String),
    /// Rows were given for a table that the manifest does not let the pack bring.
    #[error("table `{0}` is not one that the manifest lets the pack bring")]
    TableUndeclared(String),
    /// A table cannot be written.
    #[error("table `{table}` {source}")]
    Table {
        /// The table.
        table: String,
        /// What is wrong with it.
        source: ColumnarError,
    },
    /// The cases cannot be written.
    #[error("the cases cannot be sealed: {0}")]
    Cases(serde_json::Error),
    /// The manifest cannot be written.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The result would be refused by everyone who opens it.
    #[error(transparent)]
    Refused(#[from] OpenError),
}

/// Opens a pack: bounds first, then sections, manifest, tables, cases, and the component at last.
///
/// # Errors
/// [`OpenError`] for everything that [`seal`] does not make, and whatever is beyond `bounds`.
pub fn open(bytes: &[u8], bounds: &Bounds) -> Result<Pack, OpenError> {
    let bytes_max = bounds.pack_bytes;
    if bytes.len() > bytes_max {
        let bytes = bytes.len();
        return Err(OpenError::TooLarge { bytes, bytes_max });
    }
    let end = component_end(bytes)?;
    let component = bytes.get(..end).unwrap_or(bytes);
    let mut sections = Sections::new(bytes, end);
    let manifest = match next(&mut sections)? {
        None => return Err(OpenError::NotSealed),
        Some(section) => Manifest::from_sealed(named(section, MANIFEST)?)?,
    };
    let tables = open_tables(&manifest, &mut sections, bounds)?;
    let cases = cases::parse(expect(&mut sections, CASES)?, bounds.cases)?;
    if let Some(section) = next(&mut sections)? {
        let found = section.label();
        let expected = "the end".to_owned();
        return Err(OpenError::Order { found, expected });
    }
    Ok(Pack {
        component: 0..end,
        digest: Digest::of(bytes),
        component_digest: Digest::of(component),
        tables,
        cases,
        imports: imports::read(component, bounds)?,
        manifest,
    })
}

fn open_tables(
    manifest: &Manifest,
    sections: &mut Sections<'_>,
    bounds: &Bounds,
) -> Result<BTreeMap<String, KnowledgeTable>, OpenError> {
    let mut tables = BTreeMap::new();
    let mut allowance = Allowance::new(bounds);
    for declaration in manifest.sealed_tables() {
        let name = &declaration.name;
        let content = expect(sections, &format!("{TABLE}{name}"))?;
        let found = Digest::of(content);
        let expected = manifest.table_digests.get(name).copied();
        let expected = expected.ok_or(ManifestError::TableDigests)?;
        if found != expected {
            let table = name.clone();
            return Err(OpenError::TableDigest {
                table,
                found,
                expected,
            });
        }
        let wrong = |source| OpenError::Table {
            table: name.clone(),
            source,
        };
        let table = columnar::decode(content, &mut allowance).map_err(wrong)?;
        columnar::check(&table, declaration).map_err(wrong)?;
        tables.insert(name.clone(), table);
    }
    Ok(tables)
}

/// Seals a component with manifest, tables and cases. The same arguments give the same bytes, and the
/// result is opened once before it is returned, so that whatever is sealed opens everywhere.
///
/// `component` may be a sealed pack: then its sections are replaced and its code stays as it is.
///
/// # Errors
/// [`SealError`].
pub fn seal(
    component: &[u8],
    manifest: &Manifest,
    tables: &BTreeMap<String, KnowledgeTable>,
    cases: &[Case],
) -> Result<Vec<u8>, SealError> {
    let mut manifest = manifest.clone();
    manifest.table_digests.clear();
    let mut sealed_tables = Vec::new();
    for declaration in manifest.sealed_tables() {
        let name = declaration.name.clone();
        let table = tables.get(&name);
        let table = table.ok_or_else(|| SealError::TableMissing(name.clone()))?;
        let encoded = columnar::check(table, declaration).and_then(|()| columnar::encode(table));
        let content = encoded.map_err(|source| SealError::Table {
            table: name.clone(),
            source,
        })?;
        sealed_tables.push((name, content));
    }
    let stray = |name: &&String| !sealed_tables.iter().any(|(sealed, _)| sealed == *name);
    if let Some(name) = tables.keys().find(stray) {
        return Err(SealError::TableUndeclared(name.clone()));
    }
    for (name, content) in &sealed_tables {
        manifest
            .table_digests
            .insert(name.clone(), Digest::of(content));
    }
    let mut bytes = component_of(component)?.to_vec();
    write_section(&mut bytes, MANIFEST, &manifest.to_sealed()?);
    for (name, content) in &sealed_tables {
        write_section(&mut bytes, &format!("{TABLE}{name}"), content);
    }
    write_section(
        &mut bytes,
        CASES,
        &cases::to_bytes(cases).map_err(SealError::Cases)?,
    );
    open(&bytes, &manifest.bounds())?;
    Ok(bytes)
}

/// The component within a pack, or the whole of a component that is not sealed yet.
///
/// # Errors
/// [`OpenError::NotAComponent`] and [`OpenError::Section`].
pub fn component_of(bytes: &[u8]) -> Result<&[u8], OpenError> {
    let end = component_end(bytes)?;
    bytes.get(..end).ok_or(OpenError::Section(end))
}

/// Where the first section of ours begins, or the end.
fn component_end(bytes: &[u8]) -> Result<usize, OpenError> {
    if !bytes.starts_with(PREAMBLE) {
        return Err(OpenError::NotAComponent);
    }
    let mut sections = Sections::new(bytes, PREAMBLE.len());
    loop {
        let at = sections.at();
        match next(&mut sections)? {
            None => return Ok(at),
            Some(section) if section.name.is_some_and(|name| name.starts_with(PREFIX)) => {
                return Ok(at);
            }
            Some(_) => {}
        }
    }
}

/// The next section; one of ours only in its shortest spelling.
fn next<'a>(sections: &mut Sections<'a>) -> Result<Option<Section<'a>>, OpenError> {
    let at = sections.at();
    let section = sections.next().map_err(|_| OpenError::Section(at))?;
    let ours = |section: &Section<'_>| section.name.is_some_and(|name| name.starts_with(PREFIX));
    match section {
        Some(section) if ours(&section) && !section.is_shortest() => Err(OpenError::Section(at)),
        section => Ok(section),
    }
}

fn expect<'a>(sections: &mut Sections<'a>, name: &str) -> Result<&'a [u8], OpenError> {
    match next(sections)? {
        Some(section) => named(section, name),
        None => Err(OpenError::Missing(name.to_owned())),
    }
}

fn named<'a>(section: Section<'a>, expected: &str) -> Result<&'a [u8], OpenError> {
    if section.name == Some(expected) {
        return Ok(section.content);
    }
    let found = section.label();
    let expected = expected.to_owned();
    Err(OpenError::Order { found, expected })
}

fn write_section(bytes: &mut Vec<u8>, name: &str, content: &[u8]) {
    let section = wasm_encoder::CustomSection {
        name: name.into(),
        data: content.into(),
    };
    bytes.push(CUSTOM);
    section.encode(bytes);
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
