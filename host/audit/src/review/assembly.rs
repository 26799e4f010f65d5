//! Data of whole patients, or of one institution, from sorted rows.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Int64Type, UInt64Type};
use rulepack_contract::data::{Cell, Data, DataBuilder, Problem, Rejection};
use rulepack_contract::review::Scope;
use rulepack_contract::schema::{TableId, ids};
use rulepack_host::data::check_rows;

use super::ledger::{self, Ledger};
use super::{PATIENT_ROWS_MAX, Plan};
use crate::cut::{Root, root};
use crate::error::AuditError;
use crate::input::{Form, Layout};

/// Rows that are being gathered.
pub(super) struct Assembly<'p> {
    plan: &'p Plan<'p>,
    scope: Scope,
    builder: DataBuilder,
    /// Rows that are not in the builder yet, which takes many at once.
    waiting: BTreeMap<TableId, Vec<Waiting<'p>>>,
    rows: u64,
    /// Rows of the patient that is being gathered, and its key.
    of_patient: u64,
    patient: String,
    too_many: Vec<TooMany>,
}

/// A patient of whom there are more rows than one has: an identity that many share.
#[derive(Debug, Clone)]
pub(super) struct TooMany {
    /// Its key.
    pub(super) key: String,
    /// Whether what was left out are rows of encounters, and no encounter.
    pub(super) has_all_encounters: bool,
}

/// Rows that follow each other.
struct Waiting<'p> {
    layout: &'p Layout,
    batch: RecordBatch,
    rows: Range<usize>,
}

/// Columns of a batch of rows before those of the contract.
const COLUMNS_BEFORE: usize = 3;

/// Which tables and columns batches of patients have, without a row.
pub(super) fn sources(plan: &Plan<'_>) -> Data {
    declared(plan, Scope::Patient).finish().0
}

fn declared(plan: &Plan<'_>, scope: Scope) -> DataBuilder {
    let mut builder = DataBuilder::new();
    builder.known_by_line();
    for layout in plan.layouts {
        // Lines are with their patients: an institution without them must not be taken for one that has none.
        let is_here = scope == Scope::Patient || layout.table != ids::ORDERS;
        if is_here {
            let columns = layout.columns.iter().map(|(column, _)| *column);
            builder.declare(layout.table, columns);
        }
    }
    plan.input.coverage.tell(&mut builder);
    builder
}

impl<'p> Assembly<'p> {
    /// Nothing yet, but for the institutions that every batch of patients has.
    pub(super) fn new(plan: &'p Plan<'p>, scope: Scope) -> Self {
        let builder = declared(plan, scope);
        let mut assembly = Assembly {
            plan,
            scope,
            builder,
            waiting: BTreeMap::new(),
            rows: 0,
            of_patient: 0,
            patient: String::new(),
            too_many: Vec::new(),
        };
        if scope == Scope::Patient {
            let layout = plan
                .layouts
                .iter()
                .find(|layout| layout.table == ids::INSTITUTIONS);
            for batch in &plan.institutions {
                if let Some(layout) = layout {
                    assembly.add(layout, batch, 0..batch.num_rows());
                }
            }
        }
        assembly
    }

    /// What it gathers.
    pub(super) fn scope(&self) -> Scope {
        self.scope
    }

    /// Rows gathered.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Patients of whom there were more rows than a patient has.
    pub(super) fn too_many(&self) -> &[TooMany] {
        &self.too_many
    }

    /// The rows of another patient or institution follow.
    pub(super) fn begin(&mut self) {
        self.of_patient = 0;
        self.patient.clear();
    }

    /// Adds rows of one patient or institution. A key that stands for rows of several patients is that of the
    /// first; the other rows are left out.
    pub(super) fn push(
        &mut self,
        layout: &'p Layout,
        batch: &RecordBatch,
        rows: Range<usize>,
        rejected: &mut Ledger,
    ) -> Result<(), AuditError> {
        if layout.table == ids::PATIENTS && !rows.is_empty() {
            let keys = batch.column(2).as_string::<i32>();
            self.patient = keys.value(rows.start).to_owned();
        }
        self.of_patient += rows.len() as u64;
        if self.scope == Scope::Patient && self.of_patient > PATIENT_ROWS_MAX {
            let is_known = |known: &TooMany| known.key == self.patient;
            if !self.too_many.iter().any(is_known) {
                let is_encounter = layout.table == ids::ENCOUNTERS;
                self.too_many.push(TooMany {
                    key: self.patient.clone(),
                    has_all_encounters: !is_encounter,
                });
            }
            return Ok(());
        }
        self.rows += rows.len() as u64;
        let repeated = self.plan.repeated.get(&layout.table);
        let repeated = repeated.filter(|repeated| !repeated.is_empty());
        let Some(repeated) = repeated else {
            self.add(layout, batch, rows);
            return Ok(());
        };
        for row in rows {
            let key = batch.column(2).as_string::<i32>().value(row).trim();
            let of = root::at(batch.column(0).as_fixed_size_binary(), row);
            match repeated.get(&Root::of(key)) {
                Some(first) if *first != of && !key.is_empty() => {
                    let rejection = duplicate(layout.table, place(batch, row), key);
                    ledger::rejected(self.plan.input, rejection, rejected)?;
                }
                _ => self.add(layout, batch, row..row + 1),
            }
        }
        Ok(())
    }

    /// The data; rows with a fault, and what belongs to them, are left out and listed.
    pub(super) fn finish(mut self, rejected: &mut Ledger) -> Result<Data, AuditError> {
        for waiting in mem::take(&mut self.waiting).into_values().flatten() {
            build(&mut self.builder, &waiting);
        }
        check_rows(&mut self.builder);
        let (data, rejections) = self.builder.finish();
        for rejection in rejections {
            // Faults of institutions are told in their own part.
            let is_told = rejection.table != ids::INSTITUTIONS || self.scope != Scope::Patient;
            if is_told {
                ledger::rejected(self.plan.input, rejection, rejected)?;
            }
        }
        Ok(data)
    }

    fn add(&mut self, layout: &'p Layout, batch: &RecordBatch, rows: Range<usize>) {
        let of_table = self.waiting.entry(layout.table).or_default();
        if let Some(last) = of_table.last_mut()
            && last.rows.end == rows.start
            && Arc::ptr_eq(last.batch.column(0), batch.column(0))
        {
            last.rows.end = rows.end;
            return;
        }
        of_table.push(Waiting {
            layout,
            batch: batch.clone(),
            rows,
        });
    }
}

/// Adds rows column by column.
fn build(builder: &mut DataBuilder, waiting: &Waiting<'_>) {
    let (table, batch) = (waiting.layout.table, &waiting.batch);
    let rows = || waiting.rows.clone();
    let keys = batch.column(2).as_string::<i32>();
    let named = rows().map(|row| (place(batch, row), keys.value(row).trim()));
    let numbers = builder.push_rows(table, named);
    let columns = batch.columns().get(COLUMNS_BEFORE..).unwrap_or_default();
    for ((column, form), array) in waiting.layout.columns.iter().zip(columns) {
        let into = (*column, numbers.as_slice());
        match form {
            Form::Text => {
                let texts = array.as_string::<i32>();
                let cell = |row| texts.is_valid(row).then(|| Cell::Text(texts.value(row)));
                builder.push_column(table, into, rows().map(cell));
            }
            Form::Number => {
                let values = array.as_primitive::<Int64Type>();
                let cell = |row| {
                    values
                        .is_valid(row)
                        .then(|| Cell::Number(values.value(row)))
                };
                builder.push_column(table, into, rows().map(cell));
            }
        }
    }
}

fn place(batch: &RecordBatch, row: usize) -> u64 {
    batch.column(1).as_primitive::<UInt64Type>().value(row)
}

/// A row whose key is that of an earlier one of somebody else.
fn duplicate(table: TableId, line: u64, key: &str) -> Rejection {
    Rejection {
        table,
        line,
        column: table.table().key().unwrap_or(table.table().name),
        value: key.to_owned(),
        problem: Problem::DuplicateKey,
    }
}
