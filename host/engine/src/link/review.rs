//! Interface `review`: only in `evaluate`.

use rulepack_contract::review;
use wasmtime::component::{ComponentType, LinkerInstance, Lower};

use super::fuel;
use crate::state::{Context, State};

/// Enum `stage` of the contract.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum Stage {
    #[component(name = "before")]
    Before,
    #[component(name = "during")]
    During,
    #[component(name = "after")]
    After,
}

/// Enum `scope` of the contract.
#[derive(Debug, Clone, Copy, ComponentType, Lower)]
#[component(enum)]
#[repr(u8)]
enum Scope {
    #[component(name = "patient")]
    Patient,
    #[component(name = "institution")]
    Institution,
    #[component(name = "region")]
    Region,
}

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("current-stage", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        let stage = context.data().work("review.current-stage")?.review.stage;
        Ok((match stage {
            review::Stage::Before => Stage::Before,
            review::Stage::During => Stage::During,
            review::Stage::After => Stage::After,
        },))
    })?;
    instance.func_wrap("current-scope", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        let scope = context.data().work("review.current-scope")?.review.scope;
        Ok((match scope {
            review::Scope::Patient => Scope::Patient,
            review::Scope::Institution => Scope::Institution,
            review::Scope::Region => Scope::Region,
        },))
    })?;
    instance.func_wrap("scenes", |mut context: Context<'_>, ()| {
        let scenes = &context.data().work("review.scenes")?.review.scenes;
        let scenes = scenes.clone();
        fuel::charge(&mut context, scenes.len() * 4)?;
        let codes = &mut context.data_mut().codes;
        let scenes: Result<Vec<u32>, _> = scenes.iter().map(|scene| codes.give(scene)).collect();
        Ok((scenes?,))
    })?;
    instance.func_wrap("today", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        Ok((context.data().work("review.today")?.review.today,))
    })?;
    instance.func_wrap("jurisdiction", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        let work = context.data().work("review.jurisdiction")?;
        let jurisdiction = work.review.jurisdiction.clone();
        Ok((context.data_mut().codes.give(&jurisdiction)?,))
    })?;
    instance.func_wrap("period", |mut context: Context<'_>, ()| {
        fuel::charge(&mut context, 0)?;
        Ok((context.data().work("review.period")?.review.period,))
    })
}
