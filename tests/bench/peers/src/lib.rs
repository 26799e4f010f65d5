//! rulepack beside others: ours, and how the peers are driven. What all contenders share is in `common`, each peer in a
//! folder of its own.

pub mod audited;
pub mod columns;
pub mod duckdb;
pub mod pack;
pub mod program;
pub mod report;
