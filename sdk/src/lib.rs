//! What the author of a rule pack uses.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

#[cfg(target_arch = "wasm32")]
extern crate self as rulepack_sdk;

mod answer;
mod batch;
mod codes;
mod column;
mod host;
mod knowledge;
mod map;
mod setup;
pub mod tables;
mod units;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[allow(
    missing_docs,
    unsafe_code,
    unreachable_pub,
    clippy::all,
    reason = "generated from the contract"
)]
pub mod bindings;
#[cfg(not(target_arch = "wasm32"))]
pub mod harness;
#[cfg(target_arch = "wasm32")]
mod wire;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use wit_bindgen;

pub use answer::{
    Abstention, Answer, Certainty, Figure, Finding, Measure, Notice, Part, RowReference,
};
pub use batch::{Batch, Presence, Reach, Scope, Stage};
pub use codes::CodeSet;
pub use column::{Code, Column, Row, Rows, Table, Token, Value};
pub use knowledge::{KnowledgeTable, Validity};
pub use map::{FixedHasher, Map, Set};
pub use setup::Setup;
pub use units::{Day, Instant, Measurement, Money, Overflow, Quantity, Ratio, UnitPrice};

/// A rule pack: rules over one batch, with what they know. It is made once and only read afterwards.
pub trait Pack: Sized + Send + Sync + 'static {
    /// Builds look-up structures from parameters and knowledge tables; called once.
    ///
    /// # Errors
    /// A message for the regulator: it refuses activation of the pack.
    fn prepare(setup: &Setup) -> Result<Self, String>;

    /// Looks at one batch. In patient scope the answer must not change when the same patients are
    /// batched differently.
    ///
    /// # Errors
    /// A message: the patient (or institution) gets no verdict from this pack.
    fn evaluate(&self, batch: &Batch) -> Result<Answer, String>;
}

/// Everything that rules use, in one `use`.
pub mod prelude {
    pub use crate::tables::*;
    pub use crate::{
        Abstention, Answer, Batch, Certainty, Code, CodeSet, Column, Day, Figure, Finding, Instant,
        KnowledgeTable, Map, Measure, Measurement, Money, Notice, Overflow, Pack, Presence,
        Quantity, Ratio, Reach, Row, RowReference, Rows, Scope, Set, Setup, Stage, Token,
        UnitPrice, Validity,
    };
}

/// Makes a type that is a [`Pack`] the component of its crate. Nothing is exported in native builds.
#[macro_export]
macro_rules! export {
    ($pack:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the border of the component is generated")]
        mod component {
            use super::*;

            /// The pack as `prepare` made it.
            static PACK: std::sync::OnceLock<$pack> = std::sync::OnceLock::new();

            struct Component;

            impl $crate::bindings::Guest for Component {
                fn prepare() -> Result<(), String> {
                    let pack = <$pack as $crate::Pack>::prepare(&$crate::Setup::new())?;
                    PACK.set(pack).map_err(|_| "prepared twice".to_owned())
                }

                fn evaluate() -> Result<$crate::bindings::Answer, String> {
                    let pack = PACK.get().ok_or("not prepared")?;
                    let answer = $crate::Pack::evaluate(pack, &$crate::Batch::new())?;
                    Ok(answer.into())
                }
            }

            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        }
    };
}
