//! A hospital's host: follows, verifies, runs and records rule packs.

pub mod data;
pub mod files;
pub mod history;
