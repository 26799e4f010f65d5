//! Tables: an interface each, with a function for each column that returns its values in the batch.

use std::ops::Range;
use std::sync::Arc;

use rulepack_contract::data::{Batch, Slice};
use rulepack_contract::schema::{Kind, TableId};
use rulepack_contract::units::{
    NOT_RECORDED_ROW, NOT_RECORDED_S32, NOT_RECORDED_S64, NOT_RECORDED_U8,
};
use wasmtime::component::{Lift, Linker, LinkerInstance, Lower};

use super::{fuel, name};
use crate::fault::Misuse;
use crate::input::Grants;
use crate::numbering::BatchCodes;
use crate::state::{Context, State};

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
        Kind::Code => column.link(instance, 0, codes),
        Kind::Token => column.link(instance, 0, tokens),
        Kind::Row(target) => column.link(instance, NOT_RECORDED_ROW, move |slice, batch, _| {
            rows(slice, &batch.range(target))
        }),
        Kind::Flag | Kind::Small => column.link(instance, NOT_RECORDED_U8, |slice, _, _| {
            Ok(match slice {
                Slice::U8(values) => Some(Arc::from(values)),
                _ => None,
            })
        }),
        Kind::Integer | Kind::Day => column.link(instance, NOT_RECORDED_S32, |slice, _, _| {
            Ok(match slice {
                Slice::S32(values) => Some(Arc::from(values)),
                _ => None,
            })
        }),
        Kind::Count
        | Kind::Instant
        | Kind::Money
        | Kind::UnitPrice
        | Kind::Quantity
        | Kind::Ratio
        | Kind::Measurement => column.link(instance, NOT_RECORDED_S64, |slice, _, _| {
            Ok(match slice {
                Slice::S64(values) => Some(Arc::from(values)),
                _ => None,
            })
        }),
    }
}

impl Column {
    fn name(self) -> &'static str {
        self.table.table().columns[self.index].name
    }

    fn kind(self) -> Kind {
        self.table.table().columns[self.index].kind
    }

    /// Links the column: `values` makes the list from the part of the column in the batch; where there
    /// is none, every row is `nothing`.
    fn link<T>(
        self,
        instance: &mut LinkerInstance<'_, State>,
        nothing: T,
        values: impl Fn(Slice<'_>, &Batch, &mut BatchCodes) -> Result<Option<Arc<[T]>>, Misuse>
        + Send
        + Sync
        + 'static,
    ) -> wasmtime::Result<()>
    where
        T: Copy + Send + Sync + Lower + Lift + 'static,
    {
        let function = self.name();
        instance.func_wrap(function, move |mut context: Context<'_>, ()| {
            let (batch, _) = context.data_mut().batch(function)?;
            let rows = batch.rows(self.table) as usize;
            fuel::charge(&mut context, rows.saturating_mul(size_of::<T>()))?;
            let (batch, codes) = context.data_mut().batch(function)?;
            let recorded = match self.granted {
                true => batch.slice(self.table, self.index),
                false => None,
            };
            let list = match recorded {
                Some(slice) => values(slice, batch, codes)?,
                None => None,
            };
            Ok((list.unwrap_or_else(|| std::iter::repeat_n(nothing, rows).collect()),))
        })
    }
}

fn codes(
    slice: Slice<'_>,
    _: &Batch,
    codes: &mut BatchCodes,
) -> Result<Option<Arc<[u32]>>, Misuse> {
    match slice {
        Slice::U32(numbers) => codes.give_column(numbers).map(Some),
        _ => Ok(None),
    }
}

fn tokens(
    slice: Slice<'_>,
    _: &Batch,
    codes: &mut BatchCodes,
) -> Result<Option<Arc<[u32]>>, Misuse> {
    let Slice::U32(numbers) = slice else {
        return Ok(None);
    };
    let scratch = codes.scratch();
    Ok(Some(
        numbers
            .iter()
            .map(|number| scratch.token(*number))
            .collect(),
    ))
}

/// Rows of the whole data as rows of the batch; one outside of it is not recorded for the pack.
fn rows(slice: Slice<'_>, batch: &Range<u32>) -> Result<Option<Arc<[u32]>>, Misuse> {
    let Slice::U32(rows) = slice else {
        return Ok(None);
    };
    let local = |row: &u32| match batch.contains(row) {
        true => row - batch.start,
        false => NOT_RECORDED_ROW,
    };
    Ok(Some(rows.iter().map(local).collect()))
}
