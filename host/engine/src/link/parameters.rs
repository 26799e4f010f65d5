//! Interface `parameters`.

use rulepack_contract::parameters::ParameterValue;
use wasmtime::component::LinkerInstance;

use super::fuel;
use crate::fault::Misuse;
use crate::state::{Context, State};

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("integer", |mut context: Context<'_>, (name,): (String,)| {
        fuel::charge(&mut context, name.len())?;
        match context.data().inputs.parameters.get(&name) {
            Some(ParameterValue::Integer(value)) => Ok((*value,)),
            _ => Err(Misuse::UnknownParameter(name).into()),
        }
    })?;
    instance.func_wrap("text", |mut context: Context<'_>, (name,): (String,)| {
        let text = match context.data().inputs.parameters.get(&name) {
            Some(ParameterValue::Text(text)) => text.clone(),
            _ => return Err(Misuse::UnknownParameter(name).into()),
        };
        fuel::charge(&mut context, name.len() + text.len())?;
        Ok((text,))
    })?;
    instance.func_wrap("codes", |mut context: Context<'_>, (name,): (String,)| {
        let inputs = context.data().inputs.clone();
        let Some(ParameterValue::Codes(texts)) = inputs.parameters.get(&name) else {
            return Err(Misuse::UnknownParameter(name).into());
        };
        fuel::charge(&mut context, name.len() + texts.len() * 4)?;
        let codes = &mut context.data_mut().codes;
        let codes: Result<Vec<u32>, _> = texts.iter().map(|text| codes.give(text)).collect();
        Ok((codes?,))
    })
}
