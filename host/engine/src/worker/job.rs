//! What a bounded process is asked, and what it answers: JSON in the first frame, bytes in the others.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::case::Expected;
use rulepack_contract::knowledge::KnowledgeTable;
use rulepack_contract::parameters::ParameterValue;
use rulepack_contract::schema::TableId;
use rulepack_protocol::pack::{Bounds, columnar};
use serde::{Deserialize, Serialize};

use super::error::WorkerError;
use crate::input::{Grants, LoadInput};
use crate::limits::Limits;

/// The kinds of bounded processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Opens a pack and runs its `prepare`. Frames in: `PrepareJob`, the pack, each supplied table.
    /// Frames out: `PrepareAnswer`, the snapshot, the dictionary.
    Prepare,
    /// Compiles a component and never runs it. Frames in: `CompileJob`, the component. Frames out:
    /// `Verdict`, the compiled form.
    Compile,
    /// Opens a pack and runs its cases. Frames in: `CasesJob`, the pack. Frames out: `CasesAnswer`.
    Cases,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Prepare, Kind::Compile, Kind::Cases];

    /// Its name on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Prepare => "prepare",
            Kind::Compile => "compile",
            Kind::Cases => "cases",
        }
    }
}

/// The longest first frame, in bytes: the answers of 2,000 cases.
pub(super) const HEADER_BYTES: u64 = 32 * MIB;
/// The longest sealed pack, in bytes.
pub(super) const PACK_BYTES: u64 = Bounds::NATIVE.pack_bytes as u64;
/// The longest supplied table, in bytes: its texts and its rows.
pub(super) const TABLE_BYTES: u64 = 256 * MIB;
/// The longest dictionary, in bytes: a million texts, 64 MiB of them, a length each.
pub(super) const DICTIONARY_BYTES: u64 = 128 * MIB;
/// The longest compiled form, in bytes: the code, and memory as it begins.
pub(super) const COMPILED_BYTES: u64 = 1024 * MIB;
const MIB: u64 = 1024 * 1024;

/// The longest component that is compiled, in bytes: a pack, and all memory as `prepare` left it.
pub(super) fn component_bytes(limits: &Limits) -> u64 {
    PACK_BYTES
        .saturating_add(limits.memory_bytes as u64)
        .saturating_add(MIB)
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PrepareJob {
    pub(super) limits: Limits,
    parameters: BTreeMap<String, ParameterValue>,
    /// One frame each, in this order.
    supplied: Vec<String>,
    /// By number of the table and place of the column; none where all are granted.
    grants: Option<BTreeSet<(u8, usize)>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CompileJob {
    pub(super) limits: Limits,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CasesJob {
    pub(super) limits: Limits,
    /// For all cases together.
    pub(super) fuel: u64,
    /// Whether the answers are told too.
    pub(super) told: bool,
}

/// Whether the work was done; why the pack does not allow it; or why no work can be done at all.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict<T = ()> {
    Done(T),
    Refused(String),
    Unable(String),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PrepareAnswer {
    pub(super) fuel: u64,
    /// Whether there is a snapshot; its frame is empty else.
    pub(super) snapshot: bool,
}

/// How one case went, as a bounded process tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOutcome {
    /// The name of the case.
    pub name: String,
    /// Whether the answer was the expected one.
    pub passed: bool,
    /// What differs, or why the case did not run: the first lines, each cut at 500 bytes.
    pub differences: Vec<String>,
    /// The fuel that it used; 0 where it did not run.
    pub fuel: u64,
    /// The answer in the terms of the case, where somebody asked for it and the case ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Expected>,
}

pub(super) type CasesAnswer = Verdict<Vec<CaseOutcome>>;

impl<T> Verdict<T> {
    pub(super) fn done(self, kind: Kind) -> Result<T, WorkerError> {
        match self {
            Verdict::Done(told) => Ok(told),
            Verdict::Refused(reason) => Err(WorkerError::Pack(reason)),
            Verdict::Unable(reason) => Err(WorkerError::Unable { kind, reason }),
        }
    }
}

impl PrepareJob {
    /// The job, and the frames of the supplied tables.
    pub(super) fn new(
        limits: &Limits,
        input: &LoadInput,
    ) -> Result<(Self, Vec<Vec<u8>>), WorkerError> {
        let mut tables = Vec::new();
        for (name, table) in &input.supplied {
            let encoded = columnar::encode(table);
            tables.push(encoded.map_err(|source| WorkerError::Supplied {
                table: name.clone(),
                source,
            })?);
        }
        let job = PrepareJob {
            limits: limits.clone(),
            parameters: input.parameters.clone(),
            supplied: input.supplied.keys().cloned().collect(),
            grants: match &input.grants {
                Grants::All => None,
                Grants::Only(columns) => Some(
                    columns
                        .iter()
                        .map(|(table, column)| (table.0, *column))
                        .collect(),
                ),
            },
        };
        Ok((job, tables))
    }

    pub(super) fn supplied(&self) -> &[String] {
        &self.supplied
    }

    /// What the job sets for the pack, with the supplied tables as they were read.
    pub(super) fn input(&self, supplied: BTreeMap<String, KnowledgeTable>) -> LoadInput {
        let grants = self.grants.as_ref().map(|columns| {
            let column = |(table, column): &(u8, usize)| (TableId(*table), *column);
            Grants::Only(columns.iter().map(column).collect())
        });
        LoadInput {
            parameters: self.parameters.clone(),
            supplied,
            grants: grants.unwrap_or_default(),
        }
    }
}
