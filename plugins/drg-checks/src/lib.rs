//! DRG checks.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")
)]

pub mod grouper;
