//! Host calls cost fuel like everything else: otherwise copying would be free.

use wasmtime::Trap;

use crate::numbering::Looked;
use crate::state::Context;

/// Fuel of a call, whatever crosses.
const CALL: u64 = 500;
/// Bytes that cross for one unit of fuel.
const BYTES: u64 = 4;

/// Takes the fuel of a call in which so many bytes cross, both ways together: those of list elements (of
/// a text its pointer and length too) and of the contents of texts.
pub(super) fn charge(context: &mut Context<'_>, bytes: usize) -> wasmtime::Result<()> {
    take(context, CALL.saturating_add((bytes as u64).div_ceil(BYTES)))
}

/// Takes the fuel of texts that the host looked through in a call, which is counted while it does so: what one
/// call can do beyond its fuel is bounded by the list that it was given.
pub(super) fn charge_work(context: &mut Context<'_>, looked: Looked) -> wasmtime::Result<()> {
    take(context, looked.fuel())
}

fn take(context: &mut Context<'_>, cost: u64) -> wasmtime::Result<()> {
    let left = context.get_fuel()?.checked_sub(cost);
    context.set_fuel(left.unwrap_or(0))?;
    match left {
        Some(_) => Ok(()),
        None => Err(Trap::OutOfFuel.into()),
    }
}

/// The bytes of texts in a list.
pub(super) fn bytes_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(|text| 8 + text.len()).sum()
}
