//! Every rule has a case in which it hits, one that it leaves alone, one on its bound, one that lacks data, and one
//! with a refund. What the cases do not show by themselves stands in `case_kinds.json`: the case that shows it, or why
//! the kind makes no sense for the rule.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// Rules and kinds of case.
type Kinds = BTreeSet<(String, &'static str)>;

const KINDS: [&str; 5] = ["hit", "miss", "boundary", "missing", "refund"];

/// Words in the name of a case that is on a bound.
const BOUNDS: [&str; 12] = [
    "boundary",
    "near miss",
    "exactly",
    "a fen",
    "a day",
    "a tablet",
    "a minute",
    "on the day",
    "last day",
    "first day",
    "on its",
    "by one",
];

/// A case with the rule that its name or its file is about.
struct Case {
    about: String,
    name: String,
    value: Value,
}

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins")
}

/// The ids of the rules of a pack.
fn rules(pack: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(pack.join("pack.toml")).unwrap();
    let ids = manifest
        .lines()
        .filter_map(|line| line.strip_prefix("id = \""));
    ids.map(|id| id.trim_end_matches('"').to_owned()).collect()
}

fn cases(pack: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(pack.join("cases")).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let of_file = stem
            .get(..5)
            .map(|id| format!("{}-{}", id[..3].to_uppercase(), &id[3..]));
        let values = match serde_json::from_slice(&fs::read(&path).unwrap()).unwrap() {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            let name = value["name"].as_str().unwrap().to_owned();
            let first = name.split(' ').next().unwrap_or_default();
            let about = match first.starts_with("NL-") {
                true => first.to_owned(),
                false => of_file.clone().unwrap_or_default(),
            };
            cases.push(Case { about, name, value });
        }
    }
    cases
}

/// The rules that are named in a part of the expected answer.
fn told(case: &Case, part: &str) -> BTreeSet<String> {
    let told = case.value["expected"][part]
        .as_array()
        .into_iter()
        .flatten();
    let told = told.filter(|it| part != "measures" || it["numerator"] != 0);
    told.map(|it| it["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether some row takes back what another says.
fn has_refund(case: &Case) -> bool {
    let takes_back = |row: &Value| {
        let is = |column: &str, test: &dyn Fn(&str) -> bool| row[column].as_str().is_some_and(test);
        is("reverses", &|_| true)
            || is("amounts", &|amount| amount.starts_with('-'))
            || is("returned", &|returned| returned != "0")
    };
    let tables = case.value["tables"].as_object().unwrap().values();
    let mut rows = tables.flat_map(|rows| rows.as_array().unwrap());
    rows.any(takes_back) || case.name.contains("refund") || case.name.contains("returns")
}

fn shown(cases: &[Case], rules: &BTreeSet<String>) -> Kinds {
    let mut shown = Kinds::new();
    for case in cases {
        let mut hit = told(case, "findings");
        hit.extend(told(case, "notices"));
        hit.extend(told(case, "measures"));
        let missing = told(case, "abstentions");
        let own = rules.get(&case.about);
        let silent = own.filter(|own| !hit.contains(*own) && !missing.contains(*own));
        let about: BTreeSet<&String> = hit.iter().chain(&missing).chain(own).collect();
        if BOUNDS.iter().any(|word| case.name.contains(word)) {
            shown.extend(about.iter().map(|rule| ((*rule).clone(), "boundary")));
        }
        if has_refund(case) {
            shown.extend(about.iter().map(|rule| ((*rule).clone(), "refund")));
        }
        shown.extend(silent.map(|rule| (rule.clone(), "miss")));
        shown.extend(hit.into_iter().map(|rule| (rule, "hit")));
        shown.extend(missing.into_iter().map(|rule| (rule, "missing")));
    }
    shown
}

/// An entry of the list beside this file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    kind: String,
    rules: Vec<String>,
    /// The case that shows it, where its name and data do not say so.
    case: Option<String>,
    reason: Option<String>,
}

/// What is said of each rule and kind.
fn said() -> BTreeMap<(String, String), Said> {
    let list: Vec<Said> = serde_json::from_str(include_str!("case_kinds.json")).unwrap();
    let each = list.iter().flat_map(|said| {
        let rules = said.rules.iter();
        rules.map(|rule| ((rule.clone(), said.kind.clone()), said.clone()))
    });
    each.collect()
}

/// What is wrong with what is said of a kind that the cases do not show by themselves.
fn fault(cases: &[Case], said: Option<Said>) -> Option<String> {
    let Some(said) = said else {
        return Some("no case, and no reason".to_owned());
    };
    match (said.case, said.reason) {
        (Some(named), None) => {
            let known = cases.iter().any(|case| case.name == named);
            (!known).then(|| format!("there is no case `{named}`"))
        }
        (None, Some(_)) => None,
        _ => Some("either a case or a reason".to_owned()),
    }
}

#[test]
fn every_rule_has_each_kind_of_case_or_says_why_not() {
    let mut said = said();
    let mut lacking = Vec::new();
    for entry in fs::read_dir(plugins()).unwrap() {
        let pack = entry.unwrap().path();
        if !pack.join("pack.toml").is_file() {
            continue;
        }
        let (rules, cases) = (rules(&pack).into_iter().collect(), cases(&pack));
        let shown = shown(&cases, &rules);
        for (rule, kind) in rules.iter().flat_map(|rule| KINDS.map(|kind| (rule, kind))) {
            let said = said.remove(&(rule.clone(), kind.to_owned()));
            let fault = match shown.contains(&(rule.clone(), kind)) {
                true => said.map(|_| "the cases show it, so nothing need be said".to_owned()),
                false => fault(&cases, said),
            };
            lacking.extend(fault.map(|fault| format!("{rule} {kind}: {fault}")));
        }
    }
    lacking.extend(
        said.into_keys()
            .map(|(rule, kind)| format!("{rule} {kind}: unknown")),
    );
    assert_eq!(lacking, Vec::<String>::new());
}
