//! The registry: stores, verifies and serves rule packs.
