//! Months of claims through the rule packs in force (稽核, 飞行检查自查): more data than memory holds, read from
//! files, reviewed by whole patients and whole institutions, and reported to a medical-insurance office.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod as_csv;
mod audit;
pub mod compare;
mod cut;
mod error;
pub mod finding;
pub mod findings_file;
pub mod input;
pub mod journal_file;
mod parquet_file;
pub mod profile;
pub mod report;
mod review;
mod rows_file;
pub mod run;
mod sort;
pub mod summary;
mod sums;
#[cfg(test)]
mod synthetic;
pub mod table_writer;

pub use audit::{
    Audit, FINDINGS, FINDINGS_CSV, NO_VERDICT_CSV, NoProgress, Progress, REJECTED_CSV, Step,
    TOTALS_CSV,
};
pub use error::AuditError;
pub use review::PATIENT_ROWS_MAX;
pub use sort::MEMORY_BYTES_MIN;
