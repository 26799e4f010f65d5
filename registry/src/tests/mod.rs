//! The registry as a whole, on real folders, keys and loopback connections.

mod check;
mod crash;
mod described;
mod fixture;
mod http;
mod order;
mod overlays;
mod problems;
mod publish;
mod reading;
mod resume;
mod server;
mod signer;
mod turns;
mod writing;
