//! Runs rule packs in a sandbox.
