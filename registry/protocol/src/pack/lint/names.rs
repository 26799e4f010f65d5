//! Names that the code must hold to answer or to read: of rules, messages, parameters and tables. A pack says
//! them as texts at the border, so one that stands nowhere in its bytes is never said.

use std::collections::{HashMap, HashSet};

use super::{Level, Lint, Problem, at};
use crate::pack::Manifest;

/// Names are found by their first bytes; one that is shorter is taken as found.
const FIRST_BYTES: usize = 3;

pub(super) fn lint(manifest: &Manifest, component: &[u8]) -> Vec<Lint> {
    let held = held(manifest, component);
    let lacks = |name: &str| name.len() >= FIRST_BYTES && !held.contains(name);
    let mut lints = Vec::new();
    for rule in &manifest.rules {
        let place = || format!("rule {}", rule.id);
        if lacks(&rule.id) {
            lints.push(at(Level::Error, place(), Problem::UnreachableRule));
            continue;
        }
        for message in rule.messages.keys().filter(|name| lacks(name)) {
            let message = message.clone();
            let problem = Problem::UnreachableMessage { message };
            lints.push(at(Level::Warning, place(), problem));
        }
    }
    let parameters = manifest.parameters.iter().map(|it| ("parameter", &it.name));
    let tables = manifest.tables.iter().map(|it| ("table", &it.name));
    for (what, name) in parameters.chain(tables).filter(|(_, name)| lacks(name)) {
        let place = format!("{what} {name}");
        lints.push(at(Level::Warning, place, Problem::NeverRead));
    }
    lints
}

/// The names that stand somewhere in the code, found in one pass over it.
fn held<'a>(manifest: &'a Manifest, component: &[u8]) -> HashSet<&'a str> {
    let rules = manifest.rules.iter();
    let of_rules = rules.flat_map(|rule| rule.messages.keys().chain([&rule.id]));
    let parameters = manifest.parameters.iter().map(|it| &it.name);
    let tables = manifest.tables.iter().map(|it| &it.name);
    let mut by_start: HashMap<&[u8], HashSet<&str>> = HashMap::new();
    for name in of_rules.chain(parameters).chain(tables) {
        if let Some(start) = name.as_bytes().get(..FIRST_BYTES) {
            by_start.entry(start).or_default().insert(name);
        }
    }
    let mut found = HashSet::new();
    for (place, start) in component.windows(FIRST_BYTES).enumerate() {
        let Some(names) = by_start.get_mut(start) else {
            continue;
        };
        let rest = component.get(place..).unwrap_or_default();
        names.retain(|name| {
            let holds = rest.starts_with(name.as_bytes());
            if holds {
                found.insert(*name);
            }
            !holds
        });
    }
    found
}
