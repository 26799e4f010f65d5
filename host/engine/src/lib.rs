//! Runs rule packs in a sandbox.
//!
//! The way of a pack: [`Engine::load`] links it against the contract, runs `prepare` once and keeps what that
//! left behind as a snapshot; [`LoadedPack::evaluate`] gives every batch a fresh copy of it
//! ([`LoadedPack::keep_ready`]: made ahead of it), reads the answer, and holds it against the manifest.
//! [`patients`], [`institutions`] and [`cases`] run packs over whole data and over their own cases.
//!
//! What a pack can never do, whatever its code: read a column that it was not granted, or a text that was not
//! given to it ([`Misuse::UnknownCode`]); keep anything from one batch to the next; run, allocate or
//! answer without bound ([`Limits`]); say something in words of its own choosing (answers are figures,
//! references and codes).

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

mod answer;
pub mod cache;
pub mod cases;
mod compiled;
mod config;
mod coverage;
#[cfg(test)]
mod determinism_tests;
mod engine;
mod fault;
mod given;
mod input;
mod instance;
pub mod institutions;
mod limits;
mod link;
mod loaded;
mod made;
mod numbering;
pub mod patients;
mod permits;
#[cfg(test)]
mod places_tests;
mod prepare;
mod room;
mod shelf;
#[cfg(test)]
mod shelf_tests;
mod snapshot;
mod state;
mod ticker;
mod triggers;
pub mod worker;

#[cfg(test)]
extern crate self as rulepack_engine;
#[cfg(test)]
#[allow(
    dead_code,
    reason = "these tests use a part of what the others in `tests` share"
)]
#[path = "../tests/guest/mod.rs"]
mod guest;
#[cfg(test)]
#[allow(
    dead_code,
    reason = "these tests use a part of what the others in `tests` share"
)]
#[path = "../tests/ward/mod.rs"]
mod ward;

pub use answer::{AnswerError, List};
pub use coverage::NotEvaluable;
pub use engine::{Engine, EngineError, LoadError};
pub use fault::{Fault, Misuse};
pub use given::Given;
pub use input::{Grants, LoadInput, Program};
pub use limits::Limits;
pub use loaded::{Evaluation, LoadedPack};
pub use made::Made;
pub use prepare::Preparation;
pub use room::Readiness;
