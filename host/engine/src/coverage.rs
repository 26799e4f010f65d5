//! Rules that cannot be evaluated because columns that they need are missing.

use rulepack_contract::data::{Data, Presence};
use rulepack_protocol::pack::Manifest;
use rulepack_protocol::pack::manifest::ColumnReference;

use crate::input::Grants;

/// A rule that is not evaluable on some data, whatever the pack says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotEvaluable {
    /// Id of the rule.
    pub rule: String,
    /// The columns that it needs and that are not recorded or not granted: `orders.supply-days`.
    pub missing: Vec<String>,
}

/// The rules of a manifest that are not evaluable on this data, in the order of the manifest.
pub(crate) fn not_evaluable(
    manifest: &Manifest,
    grants: &Grants,
    data: &Data,
) -> Vec<NotEvaluable> {
    let missing = |need: &&ColumnReference| {
        !grants.column(need.table, need.column)
            || data.presence(need.table, need.column) == Presence::Absent
    };
    manifest
        .rules
        .iter()
        .map(|rule| NotEvaluable {
            rule: rule.id.clone(),
            missing: rule
                .needs
                .iter()
                .filter(missing)
                .map(ToString::to_string)
                .collect(),
        })
        .filter(|rule| !rule.missing.is_empty())
        .collect()
}
