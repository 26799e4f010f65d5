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

pub mod compare;
pub mod finding;
pub mod profile;
pub mod report;
pub mod summary;
#[cfg(test)]
mod synthetic;
