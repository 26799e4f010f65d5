//! The registry as a whole, on real folders, keys and loopback connections.

mod check;
mod crash;
mod fixture;
mod http;
mod publish;
mod resume;
mod signer;
