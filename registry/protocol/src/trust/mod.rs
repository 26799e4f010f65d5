//! Verification: what a host believes, and what a registry accepts.
//!
//! The order is a chain of types, so a wrong order does not compile. Each step takes bytes, checks its
//! bound on their size, has the TUF verifier check signatures, versions and pins, applies our own rules
//! ([`policy`]) and the host's floors ([`floors`]), and keeps what was verified byte for byte:
//!
//! ```text
//! RootChain::start ─ extend* ─ finish ─▶ CurrentRoot ─ timestamp ─▶ CurrentTimestamp ─ snapshot ─▶
//! CurrentSnapshot ─ targets ─▶ TrustedTargets ─ delegated* ─▶ resolve
//! ```
//!
//! A registry that receives a changed role, before any snapshot pins it, uses [`publication`].

mod chain;
mod core;
mod error;
pub mod floors;
mod freshness;
mod limits;
pub mod policy;
mod provider;
pub mod publication;
mod resolve;
mod status;
mod verified;

pub use chain::{CurrentRoot, CurrentSnapshot, CurrentTimestamp, RootChain, TrustedTargets};
pub use error::TrustError;
pub use floors::{FloorError, Floors};
pub use freshness::Freshness;
pub use limits::{Lifetimes, Limits};
pub use policy::PolicyError;
pub use provider::{ProviderError, StrictEd25519, install_provider};
pub use publication::{Publication, PublicationError};
pub use resolve::{Resolution, ResolvedTarget, Standing};
pub use status::RoleStatus;
pub use verified::Verified;

#[cfg(test)]
mod tests;
