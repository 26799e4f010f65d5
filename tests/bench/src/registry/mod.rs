//! What the figures of `benches/registry.rs` are made with: a large repository, signed and verified as a
//! real one, servers in processes of their own, and a generator of load.

pub mod load;
pub mod process;
pub mod repository;
