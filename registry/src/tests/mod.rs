//! The registry as a whole, on real folders, keys and loopback connections.

mod crash;
mod fixture;
mod http;
mod publish;
