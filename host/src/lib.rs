//! A hospital's host: follows, verifies, runs and records rule packs.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod client;
mod compiled;
pub mod data;
pub mod files;
pub mod findings;
pub mod grants;
pub mod history;
pub mod host_status;
pub mod html;
pub mod journal;
pub mod kept;
pub mod lock;
pub mod officers;
pub mod overlays;
pub mod packs;
pub mod parameters;
pub mod policy;
pub mod receipt;
pub mod review;
mod sealed_log;
mod sealer;
mod secret;
pub mod service;
mod set_aside;
pub mod settings;
pub mod shadow;
pub mod spreadsheet;
pub mod status_export;
pub mod subscription;
pub mod tokens;
pub mod update;
