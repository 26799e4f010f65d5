//! Tables: an interface each, with a function for each column that returns its values in the batch.

use std::ops::Range;
use std::sync::Arc;

use rulepack_contract::data::Batch;
use rulepack_contract::schema::{Kind, TableId};
use rulepack_contract::units::{
    NOT_RECORDED_ROW, NOT_RECORDED_S32, NOT_RECORDED_S64, NOT_RECORDED_U8,
};
use wasmtime::component::{Linker, LinkerInstance};

use super::{fuel, name};
use crate::fault::Misuse;
use crate::input::Grants;
use crate::numbering::{BatchCodes, Element};
use crate::state::{Context, Part, State};

pub(super) fn link(linker: &mut Linker<State>, grants: &Grants) -> wasmtime::Result<()> {
    for table in TableId::all() {
        let mut instance = linker.instance(&name(table.table().name))?;
        for index in 0..table.table().columns.len() {
            let column = Column {
                table,
                index,
                granted: grants.column(table, index),
            };
            link_column(&mut instance, column)?;
        }
    }
    Ok(())
}

/// A column as it is linked.
#[derive(Clone, Copy)]
struct Column {
    table: TableId,
    index: usize,
    granted: bool,
}

fn link_column(instance: &mut LinkerInstance<'_, State>, column: Column) -> wasmtime::Result<()> {
    match column.kind() {
        Kind::Code => column.link(instance, 0, |numbers, _, codes, list| {
            codes.give_column(numbers, list)
        }),
        Kind::Token => column.link(instance, 0, |numbers, _, codes, list| {
            let scratch = codes.scratch();
            list.extend(numbers.iter().map(|number| scratch.token(*number)));
            Ok(())
        }),
        Kind::Row(target) => {
            column.link(instance, NOT_RECORDED_ROW, move |rows, batch, _, list| {
                list.extend(local_rows(rows, &batch.range(target)));
                Ok(())
            })
        }
        Kind::Flag | Kind::Small => column.link(instance, NOT_RECORDED_U8, plain),
        Kind::Integer | Kind::Day => column.link(instance, NOT_RECORDED_S32, plain),
        Kind::Count
        | Kind::Instant
        | Kind::Money
        | Kind::UnitPrice
        | Kind::Quantity
        | Kind::Ratio
        | Kind::Measurement => column.link(instance, NOT_RECORDED_S64, plain),
    }
}

impl Column {
    fn name(self) -> &'static str {
        self.table.table().columns[self.index].name
    }

    fn kind(self) -> Kind {
        self.table.table().columns[self.index].kind
    }

    /// Links the column: `fill` adds values of the column to the list, as the pack shall see them; where
    /// there is none, every row is `nothing`.
    fn link<T: Element>(
        self,
        instance: &mut LinkerInstance<'_, State>,
        nothing: T,
        fill: impl Fn(&[T], &Batch, &mut BatchCodes, &mut Vec<T>) -> Result<(), Misuse>
        + Send
        + Sync
        + 'static,
    ) -> wasmtime::Result<()> {
        let function = self.name();
        instance.func_wrap(function, move |mut context: Context<'_>, ()| {
            let work = context.data_mut().work_mut(function)?;
            let batch_rows = work.batch.rows(self.table);
            let part = work.take_part(batch_rows)?;
            let rows = part.rows(batch_rows);
            fuel::charge(&mut context, rows.saturating_mul(size_of::<T>()))?;
            let (batch, codes) = context.data_mut().batch(function)?;
            let recorded = match self.granted {
                true => batch.slice(self.table, self.index),
                false => None,
            };
            let mut shared = std::mem::take(T::list(codes.scratch().lists()));
            // Whoever received it last has dropped it: lowering it ends a call.
            let list = Arc::make_mut(&mut shared);
            list.clear();
            list.reserve(rows);
            match (recorded.and_then(T::values), part) {
                (None, _) => list.resize(rows, nothing),
                (Some(values), Part::Whole) => fill(values, batch, codes, list)?,
                (Some(values), Part::Only(ranges)) => {
                    for range in ranges {
                        let values = values.get(range.start as usize..range.end as usize);
                        fill(values.unwrap_or_default(), batch, codes, list)?;
                    }
                }
            }
            *T::list(codes.scratch().lists()) = shared.clone();
            Ok((shared,))
        })
    }
}

/// Values that cross as they are.
fn plain<T: Element>(
    values: &[T],
    _: &Batch,
    _: &mut BatchCodes,
    list: &mut Vec<T>,
) -> Result<(), Misuse> {
    list.extend_from_slice(values);
    Ok(())
}

/// Rows of the whole data as rows of the batch; one outside of it is not recorded for the pack.
fn local_rows(rows: &[u32], batch: &Range<u32>) -> impl Iterator<Item = u32> {
    let (start, count) = (batch.start, batch.end.saturating_sub(batch.start));
    rows.iter().map(move |row| {
        // What lies before the batch wraps to beyond its end.
        let local = row.wrapping_sub(start);
        if local < count {
            local
        } else {
            NOT_RECORDED_ROW
        }
    })
}
