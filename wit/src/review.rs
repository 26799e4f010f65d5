//! The circumstances of an evaluation: interface `review` of the contract.

use serde::{Deserialize, Serialize};

/// When in the course of care a rule looks at data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// 事前: while an order, a registration or a charge is being entered (3101).
    Before,
    /// 事中: at settlement or pre-settlement (3102).
    During,
    /// 事后: settled claims are looked at again.
    After,
}

/// What a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Whole patients with their history.
    Patient,
    /// One institution and period, whole.
    Institution,
    /// Several institutions of one jurisdiction, whole. Nobody evaluates it yet: a pack that declares it is refused.
    Region,
}

/// The circumstances of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// When in the course of care.
    pub stage: Stage,
    /// What the batch holds.
    pub scope: Scope,
    /// 触发场景 (`trig_scen`), where the caller told.
    pub scenes: Vec<String>,
    /// The day that rules take as today, in days from 1970-01-01.
    pub today: i32,
    /// Division code (行政区划) of the place of care.
    pub jurisdiction: String,
    /// First and last day of the period; "not recorded" in patient scope.
    pub period: (i32, i32),
}
