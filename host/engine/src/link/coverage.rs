//! Interface `coverage`: only in `evaluate`.

use rulepack_contract::data;
use rulepack_contract::schema::{self, TableId};
use wasmtime::component::{ComponentType, LinkerInstance, Lower};

use super::fuel;
use crate::fault::Misuse;
use crate::input::Grants;
use crate::state::{Context, State};

/// Enum `presence` of the contract.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum Presence {
    #[component(name = "absent")]
    Absent,
    #[component(name = "partial")]
    Partial,
    #[component(name = "complete")]
    Complete,
}

/// Enum `reach` of the contract.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum Reach {
    #[component(name = "institution")]
    Institution,
    #[component(name = "pooling-area")]
    PoolingArea,
    #[component(name = "province")]
    Province,
}

pub(super) fn link(
    instance: &mut LinkerInstance<'_, State>,
    grants: &Grants,
) -> wasmtime::Result<()> {
    instance.func_wrap("table", |mut context: Context<'_>, (name,): (String,)| {
        fuel::charge(&mut context, name.len())?;
        let work = context.data().work("coverage.table")?;
        let coverage = work.batch.data().coverage(table(&name)?);
        Ok((Presence::from(coverage.presence),))
    })?;
    let grants = grants.clone();
    instance.func_wrap(
        "column",
        move |mut context: Context<'_>, (name, column): (String, String)| {
            fuel::charge(&mut context, name.len() + column.len())?;
            let work = context.data().work("coverage.column")?;
            let table = table(&name)?;
            let index = table.table().column(&column);
            let index = index.ok_or(Misuse::UnknownColumn(name, column))?;
            Ok((match grants.column(table, index) {
                true => Presence::from(work.batch.data().presence(table, index)),
                false => Presence::Absent,
            },))
        },
    )?;
    instance.func_wrap(
        "history-start",
        |mut context: Context<'_>, (name,): (String,)| {
            fuel::charge(&mut context, name.len())?;
            let work = context.data().work("coverage.history-start")?;
            Ok((work.batch.data().coverage(table(&name)?).history_start,))
        },
    )?;
    instance.func_wrap("history-reach", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        let work = context.data().work("coverage.history-reach")?;
        Ok((match work.batch.data().reach() {
            data::Reach::Institution => Reach::Institution,
            data::Reach::PoolingArea => Reach::PoolingArea,
            data::Reach::Province => Reach::Province,
        },))
    })
}

fn table(name: &str) -> Result<TableId, Misuse> {
    schema::table(name).ok_or_else(|| Misuse::UnknownTable(name.to_owned()))
}

impl From<data::Presence> for Presence {
    fn from(presence: data::Presence) -> Self {
        match presence {
            data::Presence::Absent => Presence::Absent,
            data::Presence::Partial => Presence::Partial,
            data::Presence::Complete => Presence::Complete,
        }
    }
}
