//! The other side of the border: the imports of the component, or their native counterpart. Both have
//! the same two types with the same methods, `Preparation` and `Evaluation`.

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(not(target_arch = "wasm32"))]
mod native;

#[cfg(target_arch = "wasm32")]
pub use component::leave_room;
#[cfg(target_arch = "wasm32")]
pub(crate) use component::{Evaluation, Preparation, all, only};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Evaluation, Preparation, Source, Vocabulary};
