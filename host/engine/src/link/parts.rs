//! Interface `parts`: only in `evaluate`.

use wasmtime::component::{ComponentType, Lift, LinkerInstance};

use super::fuel;
use crate::state::{Context, State};

/// Record `row-range` of the contract.
#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
struct RowRange {
    first: u32,
    count: u32,
}

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "only",
        |mut context: Context<'_>, (rows,): (Vec<RowRange>,)| {
            fuel::charge(
                &mut context,
                rows.len().saturating_mul(size_of::<RowRange>()),
            )?;
            let work = context.data_mut().work_mut("parts.only")?;
            let range = |range: RowRange| range.first..range.first.saturating_add(range.count);
            work.only = Some(rows.into_iter().map(range).collect());
            Ok(())
        },
    )
}
