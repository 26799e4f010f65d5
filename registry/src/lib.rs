//! The registry (登记中心) of rule packs: stores, verifies and serves them.
//!
//! | module | what it is |
//! |---|---|
//! | [`registry`] | the registry: opens a repository, publishes, prolongs |
//! | [`publication`] | the bytes of an upload |
//! | [`publish`] | what an upload must pass, step by step |
//! | [`store`] | the folder of a repository, which is the truth |
//! | [`state`] | what its files show, verified |
//! | [`host_view`] | the same files as a host sees them |
//! | [`signer`] | who signs snapshot and timestamp |
//! | [`index`] | what people search: derived, never trusted |
//! | [`http`] | the server |
//! | [`check`] | the whole repository verified from disk |
//! | [`client`] | the bureau's side of publishing |
//! | [`failure`] | where tests stop it |
//!
//! The registry can neither make nor alter a pack: bureaus sign them, hosts verify them again. It can
//! hide a release until the bureau's role expires.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod check;
pub mod client;
pub mod failure;
pub mod host_view;
pub mod http;
pub mod index;
pub mod publication;
pub mod publish;
pub mod registry;
pub mod signer;
pub mod state;
pub mod store;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use publication::Publication;
pub use publish::{CaseRunner, CasesFailed, Receipt, Refusal, RefusalKind};
pub use registry::{Parts, Registry, RegistryError, reindex};
pub use signer::{KeySigner, RemoteSigner, SignerKeys, SignerServer, SuccessorSigner};
