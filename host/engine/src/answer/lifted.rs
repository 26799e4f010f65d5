//! The records of interface `answers`, as they cross.

use wasmtime::component::{ComponentType, Lift};

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct RowReference {
    pub(crate) table: u8,
    pub(crate) row: u32,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct KnowledgeReference {
    pub(crate) table: u8,
    pub(crate) row: u32,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Item {
    pub(crate) at: RowReference,
    pub(crate) amount: i64,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(variant)]
pub(crate) enum Value {
    #[component(name = "count")]
    Count(i64),
    #[component(name = "money")]
    Money(i64),
    #[component(name = "unit-price")]
    UnitPrice(i64),
    #[component(name = "quantity")]
    Quantity(i64),
    #[component(name = "ratio")]
    Ratio(i64),
    #[component(name = "day")]
    Day(i32),
    #[component(name = "term")]
    Term(u32),
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Argument {
    pub(crate) name: u32,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "lifting makes them from their numbers")]
pub(crate) enum Certainty {
    #[component(name = "violation")]
    Violation,
    #[component(name = "high-suspicion")]
    HighSuspicion,
    #[component(name = "low-suspicion")]
    LowSuspicion,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Finding {
    pub(crate) rule: u32,
    pub(crate) certainty: Certainty,
    pub(crate) template: u32,
    pub(crate) offending: u32,
    pub(crate) related: u32,
    pub(crate) arguments: u32,
    pub(crate) evidence: u32,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Notice {
    pub(crate) rule: u32,
    pub(crate) template: u32,
    pub(crate) about: u32,
    pub(crate) arguments: u32,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Measure {
    pub(crate) rule: u32,
    pub(crate) about: RowReference,
    pub(crate) numerator: i64,
    pub(crate) denominator: i64,
}

#[derive(Debug, Clone, Copy, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Abstention {
    pub(crate) rule: u32,
    pub(crate) about: RowReference,
    pub(crate) missing: u32,
}

#[derive(Debug, ComponentType, Lift)]
#[component(record)]
pub(crate) struct Answer {
    pub(crate) names: Vec<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) abstentions: Vec<Abstention>,
    pub(crate) items: Vec<Item>,
    pub(crate) about: Vec<RowReference>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) evidence: Vec<KnowledgeReference>,
    pub(crate) missing: Vec<u32>,
}
