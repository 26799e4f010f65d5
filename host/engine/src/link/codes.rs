//! Interface `codes`.

use wasmtime::component::LinkerInstance;

use super::fuel;
use crate::fault::MemoryRefused;
use crate::state::{Context, State};

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap(
        "intern",
        |mut context: Context<'_>, (texts,): (Vec<String>,)| {
            let bytes = fuel::bytes_of(texts.iter().map(String::as_str));
            fuel::charge(&mut context, bytes.saturating_add(texts.len() * 4))?;
            let dictionary = context.data_mut().dictionary("intern")?;
            let codes: Result<Vec<u32>, _> =
                texts.iter().map(|text| dictionary.give(text)).collect();
            Ok((codes?,))
        },
    )?;
    instance.func_wrap(
        "define-set",
        |mut context: Context<'_>, (prefixes,): (Vec<String>,)| {
            let bytes = fuel::bytes_of(prefixes.iter().map(String::as_str));
            fuel::charge(&mut context, bytes)?;
            let dictionary = context.data_mut().dictionary("define-set")?;
            Ok((dictionary.define_set(prefixes)?,))
        },
    )?;
    instance.func_wrap(
        "contains",
        |mut context: Context<'_>, (set, codes): (u32, Vec<u32>)| {
            fuel::charge(&mut context, codes.len().saturating_mul(5))?;
            let (inside, looked) = context.data_mut().codes.contains(set, &codes)?;
            fuel::charge_work(&mut context, looked)?;
            Ok((inside,))
        },
    )?;
    instance.func_wrap(
        "prefixes",
        |mut context: Context<'_>, (codes, characters): (Vec<u32>, u8)| {
            fuel::charge(&mut context, codes.len().saturating_mul(8))?;
            let (prefixes, looked) = context.data_mut().codes.prefixes(&codes, characters)?;
            fuel::charge_work(&mut context, looked)?;
            Ok((prefixes,))
        },
    )?;
    instance.func_wrap(
        "texts",
        |mut context: Context<'_>, (codes,): (Vec<u32>,)| {
            // The length is known, and paid for, before anything is copied.
            let mut bytes = codes.len().saturating_mul(4);
            for code in &codes {
                bytes += fuel::bytes_of([context.data().codes.text(*code)?]);
            }
            fuel::charge(&mut context, bytes)?;
            let state = context.data();
            if bytes > state.memory.bytes {
                // One long text, asked for a million times, would be made here before there is no room for it there.
                return Err(MemoryRefused(state.memory.bytes).into());
            }
            let text = |code: &u32| state.codes.text(*code).map(str::to_owned);
            let texts: Result<Vec<String>, _> = codes.iter().map(text).collect();
            Ok((texts?,))
        },
    )
}
