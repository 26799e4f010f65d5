//! What the figures of `benches/figures.rs` are made with: data of a hospital, the packs in both forms,
//! and a way of timing that bears a machine shared with others.

pub mod hospital;
pub mod packs;
pub mod timing;
