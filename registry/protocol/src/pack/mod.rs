//! Rule packs: the manifest, the sealed file, and what a pack may import.
//!
//! - [`manifest`]: `pack.toml`, as written and as sealed;
//! - [`format`](mod@format): the bytes of a sealed pack, and how to seal and open one;
//! - [`columnar`]: the bytes of a sealed knowledge table;
//! - [`diff`]: what changed from one pack to another;
//! - [`lint`]: what somebody should look at in a sound pack;
//! - [`imports`]: what a component asks to read, which is the list of its permissions;
//! - [`bounds`]: how large everything may be.

pub mod bounds;
mod cases;
pub mod columnar;
pub mod diff;
pub mod format;
pub mod imports;
pub mod lint;
pub mod manifest;
mod sections;
mod strip;
mod table_key;
mod table_required;
#[cfg(test)]
mod testing;

pub use bounds::Bounds;
pub use format::{OpenError, Pack, SealError, component_of, open, seal};
pub use imports::{FEATURES, Import, Imports, ImportsError};
pub use manifest::{Manifest, ManifestError};
pub use strip::{StripError, strip};
