//! From a module as the compiler makes it to a component.

use rulepack_protocol::pack::{self, StripError};
use wit_component::ComponentEncoder;

/// Why a module cannot become a component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentError {
    /// The module does not fit the contract.
    #[error("the module cannot be made a component of the contract: {0}")]
    Encode(String),
    /// The result is malformed.
    #[error(transparent)]
    Strip(#[from] StripError),
}

/// Makes a component of a module for `wasm32-unknown-unknown` that was built with the SDK: only the
/// functions of the contract that the code calls are imported. Custom sections are left out.
///
/// # Errors
/// [`ComponentError`].
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    // The encoder's errors have no types to match on; the chain is the message.
    let component = ComponentEncoder::default()
        .module(module)
        .and_then(|encoder| encoder.validate(true).encode())
        .map_err(|error| ComponentError::Encode(format!("{error:#}")))?;
    Ok(pack::strip(&component)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_refused() {
        let error = componentize(b"text").unwrap_err().to_string();
        assert!(
            error.starts_with("the module cannot be made a component of the contract: "),
            "{error}"
        );
    }
}
