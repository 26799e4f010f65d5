//! Data of whole patients, or of one institution, from sorted rows.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::UInt64Type;
use rulepack_contract::data::{Cell, Data, DataBuilder, Problem, Rejection};
use rulepack_contract::review::Scope;
use rulepack_contract::schema::{TableId, ids};
use rulepack_host::data::check_rows;

use super::ledger::{self, Ledger};
use super::{PATIENT_ROWS_MAX, Plan};
use crate::cut::{Root, root};
use crate::error::AuditError;
use crate::input::layout::{COLUMNS_BEFORE, Form, Layout};

/// Rows that are being gathered.
pub(super) struct Assembly<'p> {
    plan: &'p Plan<'p>,
    scope: Scope,
    builder: DataBuilder,
    /// Rows that are not in the builder yet, which takes many at once.
    waiting: BTreeMap<TableId, Waiting<'p>>,
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

/// Rows of one table.
struct Waiting<'p> {
    layout: &'p Layout,
    batches: Vec<RecordBatch>,
    /// In which batch each is, and where.
    rows: Vec<(u32, u32)>,
}

/// Which tables and columns batches of patients have, without a row.
pub(super) fn sources(plan: &Plan<'_>) -> Data {
    declared(plan, Scope::Patient).finish().0
}

fn declared(plan: &Plan<'_>, scope: Scope) -> DataBuilder {
    let texts = &plan.held.texts;
    let mut builder = DataBuilder::with_texts(Arc::clone(&texts.codes), Arc::clone(&texts.tokens));
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
                    let rows = (0..batch.num_rows()).filter_map(|row| u32::try_from(row).ok());
                    assembly.add(layout, batch, &rows.collect::<Vec<_>>());
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
        rows: &[u32],
        rejected: &mut Ledger,
    ) -> Result<(), AuditError> {
        if layout.table == ids::PATIENTS
            && let Some(row) = rows.first()
        {
            self.patient = key(batch, *row as usize).to_owned();
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
        let mut sound = Vec::with_capacity(rows.len());
        for number in rows {
            let row = *number as usize;
            let key = key(batch, row).trim();
            let of = root::at(batch.column(0).as_fixed_size_binary(), row);
            match repeated.get(&Root::of(key)) {
                Some(first) if *first != of && !key.is_empty() => {
                    let rejection = duplicate(layout.table, place(batch, row), key);
                    ledger::rejected(self.plan.input, rejection, rejected)?;
                }
                _ => sound.push(*number),
            }
        }
        self.add(layout, batch, &sound);
        Ok(())
    }

    /// The data; rows with a fault, and what belongs to them, are left out and listed.
    pub(super) fn finish(mut self, rejected: &mut Ledger) -> Result<Data, AuditError> {
        for waiting in mem::take(&mut self.waiting).into_values() {
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

    fn add(&mut self, layout: &'p Layout, batch: &RecordBatch, rows: &[u32]) {
        let of_table = self.waiting.entry(layout.table);
        let waiting = of_table.or_insert_with(|| Waiting {
            layout,
            batches: Vec::new(),
            rows: Vec::new(),
        });
        let is_same = |last: &RecordBatch| Arc::ptr_eq(last.column(0), batch.column(0));
        if !waiting.batches.last().is_some_and(is_same) {
            waiting.batches.push(batch.clone());
        }
        let number = u32::try_from(waiting.batches.len() - 1).unwrap_or(u32::MAX);
        waiting.rows.extend(rows.iter().map(|row| (number, *row)));
    }
}

impl Waiting<'_> {
    /// The column of each batch that stands at a place.
    fn column(&self, place: usize) -> impl Iterator<Item = &ArrayRef> {
        self.batches.iter().map(move |batch| batch.column(place))
    }

    /// What a column has in each of the rows.
    fn values<'w, A, T>(
        &'w self,
        arrays: &'w [&'w A],
        value: impl Fn(&'w A, usize) -> T + 'w,
    ) -> impl Iterator<Item = T> + 'w {
        let rows = self.rows.iter();
        rows.map(move |(batch, row)| value(arrays[*batch as usize], *row as usize))
    }
}

/// Adds rows column by column.
fn build(builder: &mut DataBuilder, waiting: &Waiting<'_>) {
    let table = waiting.layout.table;
    let places: Vec<&UInt64Array> = waiting.column(1).map(AsArray::as_primitive).collect();
    let keys: Vec<&StringArray> = waiting.column(2).map(AsArray::as_string).collect();
    let named = waiting
        .values(&places, UInt64Array::value)
        .zip(waiting.values(&keys, |keys, row| keys.value(row).trim()));
    let numbers = builder.push_rows(table, named);
    for (place, (column, form)) in (COLUMNS_BEFORE..).zip(&waiting.layout.columns) {
        let into = (*column, numbers.as_slice());
        let known: Option<Vec<&UInt32Array>> = waiting
            .column(place)
            .map(AsArray::as_primitive_opt)
            .collect();
        match (form, known) {
            (_, Some(known)) => {
                builder.push_known(table, into, waiting.values(&known, UInt32Array::value));
            }
            (Form::Text, None) => {
                let texts: Vec<&StringArray> =
                    waiting.column(place).map(AsArray::as_string).collect();
                builder.push_column(table, into, waiting.values(&texts, text));
            }
            (Form::Number, None) => {
                let values: Vec<&Int64Array> =
                    waiting.column(place).map(AsArray::as_primitive).collect();
                builder.push_column(table, into, waiting.values(&values, number));
            }
        }
    }
}

fn text(texts: &StringArray, row: usize) -> Option<Cell<'_>> {
    texts.is_valid(row).then(|| Cell::Text(texts.value(row)))
}

fn number(values: &Int64Array, row: usize) -> Option<Cell<'_>> {
    let is_there = values.is_valid(row);
    is_there.then(|| Cell::Number(values.value(row)))
}

fn key(batch: &RecordBatch, row: usize) -> &str {
    batch.column(2).as_string::<i32>().value(row)
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
