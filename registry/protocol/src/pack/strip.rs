//! Takes custom sections out of WebAssembly files: names and the tools that made them say nothing about
//! what a pack does, and differ from machine to machine.

use wasm_encoder::Encode as _;

use super::sections::{CUSTOM, Malformed, Sections};

/// The length of the preamble of modules and components.
const PREAMBLE: usize = 8;
/// The layer of a component, in its preamble.
const COMPONENT: [u8; 2] = [1, 0];
/// Sections of a component that hold a module or a component.
const NESTED: [u8; 2] = [1, 4];
/// Deeper nesting than componentizing makes.
const DEPTH_MAX: usize = 4;

/// The bytes are not those of a module or component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file is not a WebAssembly module or component")]
pub struct StripError;

/// A component without custom sections, in its modules as well.
///
/// # Errors
/// [`StripError`] where the sections cannot be walked.
pub fn strip(component: &[u8]) -> Result<Vec<u8>, StripError> {
    without_custom_sections(component, DEPTH_MAX).map_err(|_| StripError)
}

fn without_custom_sections(bytes: &[u8], depth: usize) -> Result<Vec<u8>, Malformed> {
    let depth = depth.checked_sub(1).ok_or(Malformed)?;
    let preamble = bytes.get(..PREAMBLE).ok_or(Malformed)?;
    let mut stripped = preamble.to_vec();
    let mut sections = Sections::new(bytes, PREAMBLE);
    while let Some(section) = sections.next()? {
        if section.id == CUSTOM {
            continue;
        }
        if preamble.ends_with(&COMPONENT) && NESTED.contains(&section.id) {
            stripped.push(section.id);
            // A slice is written with its length before it.
            without_custom_sections(section.content, depth)?
                .as_slice()
                .encode(&mut stripped);
        } else {
            stripped.extend(section.whole);
        }
    }
    Ok(stripped)
}
