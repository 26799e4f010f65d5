//! The registry as a whole, on real folders, keys and loopback connections.

mod check;
mod conflict;
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
mod seats;
mod server;
mod signer;
mod turns;
mod writing;
