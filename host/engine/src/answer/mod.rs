//! What a pack answers: lifted out of its memory, and held against the contract and its manifest.

mod check;
mod error;
mod lifted;
mod lists;
mod rows;

pub(crate) use check::{Checker, Rules};
pub use error::{AnswerError, List};
pub(crate) use lifted::Answer as LiftedAnswer;
