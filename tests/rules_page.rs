//! `docs/RULES.md` is what `rulepack rules` makes of the packs; every point of supervision stands in it once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{rulepack, workspace};

/// The sources of all packs, in the order of their names.
fn sources() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("plugins")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.join("pack.toml").is_file());
    folders.sort();
    folders
}

/// The numbers of all points: ten, thirty-two, those of volume-based purchasing, twelve, eleven.
fn numbers() -> Vec<String> {
    let chapter =
        |chapter: u32, last: u32| (1..=last).map(move |number| format!("{chapter}.{number}"));
    let mut numbers: Vec<String> = chapter(0, 10).chain(chapter(1, 32)).collect();
    numbers.extend(["2.1-2.11".to_owned(), "2.12".to_owned()]);
    numbers.extend(chapter(3, 12).chain(chapter(4, 11)));
    numbers
}

#[test]
fn the_page_of_rules_is_that_of_the_packs_and_answers_every_point() {
    let answers = workspace().join("docs/RULES.toml");
    let run = |form: &[&str]| {
        let mut line: Vec<PathBuf> = form.iter().map(PathBuf::from).collect();
        line.push("rules".into());
        line.extend(sources());
        line.extend(["--answers".into(), answers.clone()]);
        rulepack(line).done()
    };
    let told: serde_json::Value = serde_json::from_str(&run(&["--json"])).unwrap();
    let points = told["points"].as_array().unwrap().iter();
    let points: Vec<&str> = points
        .map(|point| point["number"].as_str().unwrap())
        .collect();
    assert_eq!(points, numbers());
    let page = workspace().join("docs/RULES.md");
    let made = run(&[]);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(page, made).unwrap();
        return;
    }
    let written = fs::read_to_string(page).unwrap();
    let hint = "run UPDATE_DOCS=1 cargo test --test rules_page";
    assert!(written == made, "{hint}");
}

#[test]
fn a_point_that_nothing_answers_is_refused_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("points.toml");
    fs::write(&file, "[[point]]\nnumber = \"9.1\"\ntitle = \"甲\"\n").unwrap();
    let source = workspace().join("plugins/chronic-limits");
    let line = ["rules".into(), source, "--answers".into(), file.clone()];
    let reason = rulepack(line).failed();
    let name = file.display();
    assert_eq!(
        reason,
        format!("error: `{name}`: point `9.1` has neither `rules` nor `feature` nor `not_yet`")
    );
}
