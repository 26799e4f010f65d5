//! Rules: their ids and the ground that they rest on; rules of the catalogue that two packs judge.

use super::{Level, Lint, Problem, at};
use crate::pack::Manifest;

/// What people write where they have no ground yet.
const PLACEHOLDERS: [&str; 9] = [
    "-",
    "无",
    "待定",
    "待补",
    "待补充",
    "示例",
    "暂无",
    "n/a",
    "tbd",
];

/// The word by which a ground says that it is an example.
const EXAMPLE: &str = "示例";

pub(super) fn lint(manifest: &Manifest) -> Vec<Lint> {
    let mut lints = Vec::new();
    for rule in &manifest.rules {
        let place = || format!("rule {}", rule.id);
        if !is_cited(&rule.id) {
            lints.push(at(Level::Warning, place(), Problem::RuleId));
        }
        let basis = rule.basis.trim();
        let found = if PLACEHOLDERS.contains(&basis.to_lowercase().as_str()) {
            let basis = basis.to_owned();
            Some((Level::Error, Problem::NoBasis { basis }))
        } else if basis.contains(EXAMPLE) {
            let basis = basis.to_owned();
            Some((Level::Warning, Problem::ExampleBasis { basis }))
        } else {
            None
        };
        lints.extend(found.map(|(level, problem)| at(level, place(), problem)));
    }
    lints
}

/// Rules of the national catalogue that both judge.
pub(super) fn against(mine: &Manifest, theirs: &Manifest) -> Vec<Lint> {
    let mut lints = Vec::new();
    for rule in &mine.rules {
        let Some(kind) = &rule.kind else { continue };
        let same = theirs
            .rules
            .iter()
            .find(|it| it.kind.as_ref() == Some(kind));
        if let Some(other) = same {
            let problem = Problem::SameKind {
                pack: theirs.pack.name.clone(),
                kind: kind.clone(),
                rule: other.id.clone(),
            };
            lints.push(at(Level::Warning, format!("rule {}", rule.id), problem));
        }
    }
    lints
}

/// Whether an id is capital letters, `-`, and at least two digits: `NL-01`.
fn is_cited(id: &str) -> bool {
    id.split_once('-').is_some_and(|(word, number)| {
        word.len() >= 2
            && word.bytes().all(|byte| byte.is_ascii_uppercase())
            && number.len() >= 2
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}
