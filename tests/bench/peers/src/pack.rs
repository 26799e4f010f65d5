//! The pack of the four families, built as `rulepack build` does, and what it answers in the form of all contenders.

use std::sync::Arc;

use peers_common::finding::{Findings, Found};
use peers_common::knowledge::{self, Set};
use rulepack_bench::packs::{self, Source};
use rulepack_build::Built;
use rulepack_contract::answer::{Answer, Argument, Item, Value};
use rulepack_contract::data::Data;
use rulepack_contract::schema::TableId;
use rulepack_engine::{Engine, LoadedPack};

/// Its folder, as seen from the packs of the workspace.
const FOLDER: &str = "../tests/bench/peers/pack";
/// Ten-thousandths in a unit.
const UNIT: i64 = 10_000;

/// Builds it with the knowledge of these sets.
///
/// # Panics
/// Where it cannot be built.
#[must_use]
pub fn build(sets: &[Set]) -> Built {
    let tables = packs::target_folder().join("bench").join("peers");
    let tables = tables.join(format!("tables-{}", sets.len()));
    knowledge::write(sets, &tables).expect("the target folder can be written to");
    Source::read(FOLDER).build(Some(tables))
}

/// Loads it with all limits on.
///
/// # Panics
/// Where it cannot be loaded.
#[must_use]
pub fn load(engine: &Engine, built: &Built) -> LoadedPack {
    Source::read(FOLDER).load_built(engine, built)
}

/// The findings of an answer.
///
/// # Panics
/// Where one names a row that the data does not have.
#[must_use]
pub fn findings(answer: &Answer, data: &Arc<Data>) -> Findings {
    let key = |item: Option<&Item>| {
        let Some(item) = item else {
            return String::new();
        };
        let mut tables = TableId::all();
        let table = tables.find(|table| table.number() == item.at.table);
        let key = table.and_then(|table| data.key(table, item.at.row));
        key.expect("an answer names rows that there are").to_owned()
    };
    let found = |argument: &Argument| match (argument.name.as_str(), &argument.value) {
        ("found", Value::Quantity(quantity)) => Some(quantity / UNIT),
        ("found", Value::Count(count)) => Some(*count),
        _ => None,
    };
    let findings = answer.findings.iter().map(|finding| Found {
        rule: finding.rule.clone(),
        row: key(finding.offending.first()),
        other: key(finding.related.first()),
        found: finding.arguments.iter().find_map(found).unwrap_or(0),
    });
    findings.collect()
}
