mod provider;
pub use provider::{ProviderError, install_provider};
