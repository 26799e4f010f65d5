//! The contract between a rule pack and the host that runs it.
//!
//! The `.wit` files beside this crate are the contract; everything here is derived from them or gives
//! its terms a form in Rust:
//!
//! - [`schema`]: the tables and columns, made from the `.wit` files at build time;
//! - [`units`]: what the numbers of a column mean, and how people write them;
//! - [`data`]: hospital data in memory, as columns, and the batches that packs are run over;
//! - [`knowledge`] and [`parameters`]: what a pack declares and is given in `prepare`;
//! - [`review`]: the circumstances of an evaluation;
//! - [`answer`]: what a pack answers;
//! - [`case`](mod@case): data together with the answer that is expected for it.
//!
//! Without the feature `host` only the schema is built, for the build script of the SDK.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod schema;

#[cfg(feature = "host")]
pub mod answer;
#[cfg(feature = "host")]
pub mod case;
#[cfg(feature = "host")]
pub mod data;
#[cfg(feature = "host")]
pub mod knowledge;
#[cfg(feature = "host")]
pub mod parameters;
#[cfg(feature = "host")]
pub mod review;
#[cfg(feature = "host")]
pub mod units;

/// The package and version that packs import from, as in `contract` of a manifest.
pub const CONTRACT: &str = "rulepack:rules@0.1.0";

/// The `.wit` files themselves, by file name: for tools that write a new pack's crate.
pub const WIT_FILES: [(&str, &str); 4] = [
    ("base.wit", include_str!("../base.wit")),
    ("care.wit", include_str!("../care.wit")),
    ("supply.wit", include_str!("../supply.wit")),
    ("world.wit", include_str!("../world.wit")),
];
