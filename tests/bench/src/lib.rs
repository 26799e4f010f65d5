//! What the figures and curves of `benches/` are made with: data of a hospital, the packs in both forms, a large
//! repository, and a way of timing that bears a machine shared with others.

pub mod curves;
pub mod figure;
pub mod hospital;
pub mod host;
pub mod packs;
pub mod registry;
pub mod timing;
