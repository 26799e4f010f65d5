//! All that two parties must agree on byte for byte: names, digests, canonical JSON, keys, TUF metadata
//! and its verification, the manifest and the format of a pack, and of an overlay. Nothing here reads a file, a socket or
//! a clock: bytes and the time come in as arguments.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod canonical;
pub mod digest;
pub mod key;
pub mod moment;
pub mod names;
pub mod overlay;
pub mod pack;
pub mod trust;
pub mod tuf;
