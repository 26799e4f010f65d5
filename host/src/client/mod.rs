//! The client of a registry: fetches metadata and packs, believes what [`rulepack_protocol::trust`]
//! verified, and remembers it durably.
//!
//! [`Transport`] is the only way to the outside: [`HttpTransport`] for a registry or mirror,
//! [`FolderTransport`] for a copy on a disk. Both hold the same files:
//!
//! ```text
//! metadata/timestamp.json  metadata/N.root.json  metadata/N.snapshot.json  metadata/N.<role>.json
//! targets/<name space>/<name>/<sha256>.<version>.wasm
//! ```

mod download;
mod failure_point;
mod folder;
mod http;
mod mirror;
mod partial;
mod refresh;
mod store;
mod transport;
mod walk;

pub use download::{DownloadError, clear_interrupted, download, is_interrupted};
pub use failure_point::{FailurePoint, Failures, NoFailures};
pub use folder::FolderTransport;
pub use http::HttpTransport;
pub use mirror::{Mirror, MirrorError, MirrorReport};
pub use refresh::{RefreshError, Refreshed, is_unchanged, refresh};
pub use store::{FloorsStore, StoreError, TrustState};
pub use transport::{Fetched, Opened, Transport, TransportError};
pub use walk::{delegated, refresh_all};

#[cfg(test)]
mod tests;
