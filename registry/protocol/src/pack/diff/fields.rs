//! Two declarations, field by field.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

/// A field that has another value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Where it stands: `messages.over-half`.
    pub field: String,
    /// What it was; none where it was not there.
    pub before: Option<Value>,
    /// What it is; none where it is gone.
    pub after: Option<Value>,
}

/// What of the header changes with every release of knowledge, and changes no verdict by itself.
const WORDING: [&str; 4] = [
    "pack.version",
    "pack.title",
    "pack.effective.from",
    "pack.effective.to",
];

impl FieldChange {
    pub(super) fn is_of_a_knowledge_release(&self) -> bool {
        WORDING.contains(&self.field.as_str())
    }
}

/// The fields in which two values differ, below the path `at`. Maps are compared key by key, everything
/// else, lists included, as a whole.
pub(super) fn changes(at: &str, before: &Value, after: &Value) -> Vec<FieldChange> {
    let (Value::Object(earlier), Value::Object(later)) = (before, after) else {
        return leaf(at, Some(before), Some(after));
    };
    let keys: BTreeSet<&String> = earlier.keys().chain(later.keys()).collect();
    let mut found = Vec::new();
    for key in keys {
        let path = match at {
            "" => key.clone(),
            at => format!("{at}.{key}"),
        };
        match (earlier.get(key), later.get(key)) {
            (Some(before), Some(after)) => found.extend(changes(&path, before, after)),
            (before, after) => found.extend(leaf(&path, before, after)),
        }
    }
    found
}

fn leaf(at: &str, before: Option<&Value>, after: Option<&Value>) -> Vec<FieldChange> {
    if before == after {
        return Vec::new();
    }
    vec![FieldChange {
        field: at.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
    }]
}
