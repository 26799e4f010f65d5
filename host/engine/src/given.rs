//! What was set for a pack at one hospital, in digests that a receipt can name.

use std::collections::BTreeMap;

use rulepack_protocol::digest::{Digest, Hasher};
use rulepack_protocol::pack::columnar;

use crate::engine::Engine;
use crate::input::{Grants, LoadInput};
use crate::limits::Limits;

/// Digests of a [`LoadInput`]. The same input has the same ones on every machine and in every release that
/// names its columns alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Of the parameters that differ from their defaults, and of the supplied tables.
    pub parameters: Digest,
    /// Of the granted columns.
    pub grants: Digest,
}

impl Given {
    /// The digests of an input.
    pub(crate) fn of(input: &LoadInput) -> Self {
        Given {
            parameters: parameters(input),
            grants: input.grants.digest(),
        }
    }
}

impl Engine {
    /// What decides, beside the pack and its input, what a verdict comes to: release of this engine,
    /// version of the sandbox, limits. It does not depend on the machine.
    #[must_use]
    pub fn id(&self) -> String {
        // How many instances there may be decides nothing, and may be fewer on a small machine.
        let deciding = Limits {
            instances: 0,
            places: 0,
            ready: 0,
            ..self.limits().clone()
        };
        let limits = Digest::of(format!("{deciding:?}").as_bytes()).to_string();
        let limits = limits.get(..16).unwrap_or_default();
        format!(
            "rulepack-engine {} wasmtime 48 limits {limits}",
            env!("CARGO_PKG_VERSION")
        )
    }
}

fn parameters(input: &LoadInput) -> Digest {
    let mut hasher = Digest::hasher();
    put(&mut hasher, b"rulepack parameters 1");
    for (name, value) in &input.parameters {
        put(&mut hasher, name.as_bytes());
        put(&mut hasher, format!("{value:?}").as_bytes());
    }
    put(&mut hasher, b"supplied");
    for (name, table) in &input.supplied {
        put(&mut hasher, name.as_bytes());
        // One that cannot be encoded cannot be loaded either.
        put(&mut hasher, &columnar::encode(table).unwrap_or_default());
    }
    hasher.finish()
}

impl Grants {
    /// Of the columns by their names, as receipts carry it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Digest::hasher();
        put(&mut hasher, b"rulepack grants 1");
        match self {
            Grants::All => put(&mut hasher, b"all"),
            Grants::Only(columns) => {
                let mut by_table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
                for (table, column) in columns {
                    let table = table.table();
                    let column = table.columns.get(*column).map(|column| column.name);
                    by_table.entry(table.name).or_default().extend(column);
                }
                for (table, columns) in by_table {
                    put(&mut hasher, table.as_bytes());
                    put(&mut hasher, columns.join(",").as_bytes());
                }
            }
        }
        hasher.finish()
    }
}

/// Each part with its length before it, so that no two lists of parts are the same bytes.
fn put(hasher: &mut Hasher, part: &[u8]) {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part);
}

#[cfg(test)]
mod tests {
    use rulepack_contract::parameters::ParameterValue;
    use rulepack_contract::schema::ids;

    use super::*;

    #[test]
    fn an_engine_is_named_by_the_limits_that_decide_and_not_by_how_many_instances_it_has() {
        let limits = Limits {
            instances: 1,
            places: 1,
            ready: 0,
            ..Limits::default()
        };
        let of = |limits| Engine::new(limits).unwrap().id();
        let few = of(limits.clone());
        let more = Limits {
            instances: 2,
            places: 3,
            ready: 4,
            ..limits.clone()
        };
        assert_eq!(of(more), few);
        let other = Limits {
            fuel_alone: 7,
            ..limits
        };
        assert_ne!(of(other), few);
    }

    #[test]
    fn other_parameters_and_other_grants_have_other_digests() {
        let all = LoadInput::default();
        let mut set = all.clone();
        set.parameters
            .insert("max".into(), ParameterValue::Integer(7));
        let mut narrow = all.clone();
        narrow.grants = Grants::Only([(ids::ORDERS, 0)].into());
        assert_eq!(Given::of(&all), Given::of(&all.clone()));
        assert_ne!(Given::of(&all).parameters, Given::of(&set).parameters);
        assert_eq!(Given::of(&all).grants, Given::of(&set).grants);
        assert_ne!(Given::of(&all).grants, Given::of(&narrow).grants);
        assert_eq!(Given::of(&all).parameters, Given::of(&narrow).parameters);
    }
}
