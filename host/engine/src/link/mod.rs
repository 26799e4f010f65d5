//! The contract as functions of the host: one file an interface, and one for all tables.
//!
//! A component is linked against all of it; what it does not import costs nothing. Columns that are not
//! granted are linked as "not recorded". Nothing else is ever linked: a component that imports anything
//! outside the contract is refused.

mod codes;
mod columns;
mod coverage;
mod fuel;
mod knowledge;
mod parameters;
mod parts;
mod review;

use wasmtime::component::Linker;

use crate::input::Grants;
use crate::state::State;

/// All functions of the contract, for a pack with these grants.
pub(crate) fn linker(
    engine: &wasmtime::Engine,
    grants: &Grants,
) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    // These two have types only.
    linker.instance(&name("units"))?;
    linker.instance(&name("answers"))?;
    codes::link(&mut linker.instance(&name("codes"))?)?;
    knowledge::link(&mut linker.instance(&name("knowledge"))?)?;
    parameters::link(&mut linker.instance(&name("parameters"))?)?;
    review::link(&mut linker.instance(&name("review"))?)?;
    coverage::link(&mut linker.instance(&name("coverage"))?, grants)?;
    parts::link(&mut linker.instance(&name("parts"))?)?;
    columns::link(&mut linker, grants)?;
    Ok(linker)
}

/// The full name of an interface: `rulepack:rules/orders@0.1.0`.
fn name(interface: &str) -> String {
    match rulepack_contract::CONTRACT.split_once('@') {
        Some((package, version)) => format!("{package}/{interface}@{version}"),
        None => interface.to_owned(),
    }
}
