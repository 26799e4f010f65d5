//! The pages for people: their links lead somewhere, and the commands that they list exist.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the repository with this ending, build output left out.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// The targets of all links outside of code blocks.
fn links(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let targets = line.split("](").skip(1);
        found.extend(targets.filter_map(|rest| rest.split_once(')').map(|(to, _)| to.to_owned())));
    }
    found
}

/// The anchor of a heading, as hosting sites make it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn broken(page: &Path, link: &str) -> bool {
    if link.starts_with("https://") || link.starts_with("http://") {
        return false;
    }
    let (path, section) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => page.to_owned(),
        path => page.parent().unwrap().join(path),
    };
    if !target.exists() {
        return true;
    }
    if section.is_empty() {
        return false;
    }
    let text = fs::read_to_string(&target).unwrap();
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    !headings.any(|heading| anchor(heading) == section)
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut found = Vec::new();
    files(root(), ".md", &mut found);
    let mut seen = 0;
    let mut dead = Vec::new();
    for page in found {
        for link in links(&fs::read_to_string(&page).unwrap()) {
            seen += 1;
            if broken(&page, &link) {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
    assert!(seen > 20, "only {seen} links were looked at");
}

/// The commands of the table under the heading `Commands` of the README.
fn documented_commands() -> BTreeSet<String> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("\n## Commands\n").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned())
        .collect()
}

/// The commands that `rulepack --help` lists.
fn real_commands() -> BTreeSet<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_rulepack"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap();
    let commands = commands.split("\nOptions:").next().unwrap();
    let names = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_readme_lists_exactly_the_commands_that_there_are() {
    assert_eq!(documented_commands(), real_commands());
}

#[test]
fn a_heading_has_the_anchor_of_hosting_sites() {
    assert_eq!(anchor("## Status and limits"), "status-and-limits");
    assert_eq!(anchor("### 拦截, `block`"), "拦截-block");
}

#[test]
fn every_test_that_a_page_of_attacks_or_drills_names_exists() {
    let pages = [
        "docs/THREATS.md",
        "docs/SANDBOX.md",
        "docs/DRILLS.md",
        "docs/JOURNAL.md",
    ];
    let page = pages
        .map(|page| fs::read_to_string(root().join(page)).unwrap())
        .join("\n");
    let mut sources = Vec::new();
    files(root(), ".rs", &mut sources);
    let code: String = sources
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    // Names of tests are whole sentences: three words and more.
    let names: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() >= 3 && !word.contains(['/', '.', ' ']))
        .collect();
    assert!(names.len() > 30, "only {} names were found", names.len());
    for name in names {
        assert!(code.contains(&format!("fn {name}(")), "`{name}` is no test");
    }
}

/// The quoted paths of a page: `host/src/lock.rs`, `registry/src/publish/`.
fn quoted_paths(page: &str) -> Vec<&str> {
    let quoted = page.split('`').skip(1).step_by(2);
    let is_path = |word: &&str| {
        let plain = !word.contains([' ', '…', '*', '<', '$', '\n', ':']);
        plain
            && word.trim_end_matches('/').contains('/')
            && (word.ends_with(".rs") || word.ends_with('/'))
    };
    quoted.filter(is_path).collect()
}

#[test]
fn every_source_that_a_page_names_exists() {
    let mut seen = 0;
    for page in [
        "docs/ARCHITECTURE.md",
        "docs/THREATS.md",
        "docs/SANDBOX.md",
        "docs/guides/registry-operator.md",
        "docs/guides/reviewer.md",
    ] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        // Code blocks hold commands, not sources.
        let text: String = text.split("```").step_by(2).collect();
        for path in quoted_paths(&text) {
            // The page of threats writes the folders of the protocol short.
            let short = root().join("registry/protocol/src").join(path);
            let exists = root().join(path).exists() || short.exists();
            assert!(exists, "{page} names `{path}`, which is not there");
            seen += 1;
        }
    }
    assert!(seen > 80, "only {seen} paths were looked at");
}
