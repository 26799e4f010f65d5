//! What the host gives to a pack beside the hospital's data.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::schema::TableId;
use rulepack_protocol::pack::{Manifest, Pack};

/// The parts of a pack that the engine runs.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    /// The component, without the sections of the pack.
    pub component: &'a [u8],
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The knowledge tables that the pack itself brings.
    pub tables: &'a BTreeMap<String, KnowledgeTable>,
}

impl<'a> Program<'a> {
    /// Those of an opened pack; `bytes` are the whole pack.
    #[must_use]
    pub fn of(pack: &'a Pack, bytes: &'a [u8]) -> Self {
        Program {
            component: bytes.get(pack.component.clone()).unwrap_or_default(),
            manifest: &pack.manifest,
            tables: &pack.tables,
        }
    }
}

/// What is set for a pack at one hospital.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadInput {
    /// Parameters that differ from their defaults.
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Knowledge tables that a province, a city or the hospital supplies.
    pub supplied: BTreeMap<String, KnowledgeTable>,
    /// The columns that the pack may read.
    pub grants: Grants,
}

/// The columns that a hospital grants to a pack. All others are "not recorded" for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Grants {
    /// Every column of the contract.
    #[default]
    All,
    /// These only, by table and place in the table.
    Only(BTreeSet<(TableId, usize)>),
}

impl Grants {
    /// Whether a column is granted.
    #[must_use]
    pub fn column(&self, table: TableId, column: usize) -> bool {
        match self {
            Grants::All => true,
            Grants::Only(columns) => columns.contains(&(table, column)),
        }
    }
}
