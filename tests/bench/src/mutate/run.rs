//! Builds the changed program, and runs it once for each mutant.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// How long one mutant may take: a flipped condition of a loop may never end.
const TIME_MAX: Duration = Duration::from_secs(20);

/// The variable that tells the unit tests which mutant is on.
const VARIABLE: &str = "RULEPACK_MUTANT";

/// The switch: which mutant is on.
const SWITCH: &str = r#"
use std::sync::atomic::{AtomicU32, Ordering};
const UNSET: u32 = u32::MAX;
static ON: AtomicU32 = AtomicU32::new(UNSET);
pub fn is(id: u32) -> bool {
    if ON.load(Ordering::Relaxed) == UNSET {
        let told = std::env::var("RULEPACK_MUTANT").ok();
        set(told.and_then(|told| told.parse().ok()).unwrap_or(0));
    }
    ON.load(Ordering::Relaxed) == id
}
pub fn set(id: u32) { ON.store(id, Ordering::Relaxed); }
"#;

/// Tells of each mutant from the first to the last whether all cases pass.
const PROGRAM: &str = r#"
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use rulepack_sdk::harness::{Harness, contract::case::Case};
fn passes(harness: &Harness, case: &Case) -> bool {
    let Ok(data) = case.data() else { return false };
    let Ok(answer) = harness.run::<mutant_crate::RULES>(case) else { return false };
    case.differences(&answer, &Arc::new(data), harness.declarations()).is_empty()
}
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let harness = Harness::from_source(&arguments[0]).expect("the source reads");
    let mut cases = harness.cases().expect("the cases read");
    let numbers: Vec<u32> = arguments[1..].iter().map(|it| it.parse().expect("a number")).collect();
    std::panic::set_hook(Box::new(|_| {}));
    for id in numbers[0]..=numbers[1] {
        mutant_crate::mutant::set(id);
        let fails = |case: &Case| {
            let check = AssertUnwindSafe(|| passes(&harness, case));
            !catch_unwind(check).unwrap_or(false)
        };
        let noticed = cases.iter().position(fails);
        println!("{}", u8::from(noticed.is_none()));
        // What noticed this change is asked first about the next: it often stands in the same function.
        if let Some(place) = noticed {
            cases[..=place].rotate_right(1);
        }
        std::io::stdout().flush().expect("somebody reads");
    }
}
"#;

/// The mutants from 1 to `last` that neither a case nor a unit test notices.
pub(super) fn survivors(source: &Path, copy: &Path, last: u32) -> io::Result<Vec<u32>> {
    prepare(source, copy)?;
    let cases = build(copy, &["build", "--bin", "mutants"])?;
    let mut survivors = unnoticed_by_cases(&cases, source, last)?;
    if !survivors.is_empty() {
        let tests = build(copy, &["test", "--lib", "--no-run"])?;
        if !pass(&tests, 0)? {
            return Err(io::Error::other("the unit tests fail without any change"));
        }
        let mut left = Vec::new();
        for id in survivors {
            if pass(&tests, id)? {
                left.push(id);
            }
        }
        survivors = left;
    }
    Ok(survivors)
}

/// Copies the source of a pack.
pub(super) fn copy(source: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    for folder in ["src", "tables", "cases"] {
        if source.join(folder).is_dir() {
            copy_folder(&source.join(folder), &to.join(folder))?;
        }
    }
    // Unit tests hold the code against manifest, tables and cases.
    fs::copy(source.join("pack.toml"), to.join("pack.toml"))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Makes the copy a crate of its own, with the switch and the program that sets it.
fn prepare(source: &Path, copy: &Path) -> io::Result<()> {
    let workspace = source.ancestors().nth(2).unwrap_or(source);
    let sdk = workspace.join("sdk");
    let manifest = format!(
        "[package]\nname = \"mutant-crate\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \
         \"src/lib.rs\"\n[[bin]]\nname = \"mutants\"\npath = \"mutants.rs\"\n[dependencies]\n\
         rulepack-sdk = {{ path = {sdk:?} }}\n[profile.dev.package.\"*\"]\nopt-level = 2\n[workspace]\n"
    );
    fs::write(copy.join("Cargo.toml"), manifest)?;
    fs::copy(workspace.join("Cargo.lock"), copy.join("Cargo.lock"))?;
    fs::write(copy.join("src/mutant.rs"), SWITCH)?;
    let library = copy.join("src/lib.rs");
    let text = fs::read_to_string(&library)?;
    let rules = exported(&text)
        .ok_or_else(|| io::Error::other(format!("{}: nothing is exported", library.display())))?;
    fs::write(copy.join("mutants.rs"), PROGRAM.replace("RULES", rules))?;
    fs::write(library, format!("{text}\npub mod mutant;\n"))
}

/// The type that implements the rules of a pack.
fn exported(library: &str) -> Option<&str> {
    let (_, rest) = library.split_once("rulepack_sdk::export!(")?;
    Some(rest.split_once(')')?.0)
}

/// Runs cargo in the copy; gives the program that it made.
fn build(copy: &Path, arguments: &[&str]) -> io::Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args(["--offline", "--message-format=json-render-diagnostics"])
        .args(["--config", "build.rustflags=['-Awarnings']"])
        // All packs share what they depend on.
        .env("CARGO_TARGET_DIR", copy.join("../target"))
        .env_remove("RUSTFLAGS")
        .current_dir(copy)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("the changed crate does not build"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    let program = programs.next_back();
    program.ok_or_else(|| io::Error::other("the changed crate makes no program"))
}

fn unnoticed_by_cases(program: &Path, source: &Path, last: u32) -> io::Result<Vec<u32>> {
    let mut survivors = Vec::new();
    // 0 is no mutant at all: every case has to pass then.
    let mut next = 0;
    while next <= last {
        let (mut child, answers) = start(program, source, (next, last))?;
        while next <= last {
            match answers.recv_timeout(TIME_MAX) {
                Ok(true) if next == 0 => {}
                Ok(false) | Err(_) if next == 0 => {
                    return Err(io::Error::other("the cases fail without any change"));
                }
                Ok(passes) => survivors.extend(passes.then_some(next)),
                // It never ends, or took the process with it: noticed.
                Err(_) => {
                    next += 1;
                    break;
                }
            }
            next += 1;
        }
        // It may be gone already.
        let _ = child.kill();
        child.wait()?;
    }
    Ok(survivors)
}

fn start(
    program: &Path,
    source: &Path,
    (first, last): (u32, u32),
) -> io::Result<(Child, Receiver<bool>)> {
    let mut child = Command::new(program)
        .arg(source)
        .args([first.to_string(), last.to_string()])
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().expect("it was asked for");
    let (sender, answers) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line == "1").is_err() {
                return;
            }
        }
    });
    Ok((child, answers))
}

/// Whether the unit tests pass with a mutant on.
fn pass(tests: &Path, id: u32) -> io::Result<bool> {
    let mut child = Command::new(tests)
        .env(VARIABLE, id.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().expect("it was asked for");
    let (sender, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let read = io::copy(&mut output, &mut io::sink());
        // Nobody waits any more for what came too late.
        let _ = sender.send(read);
    });
    if ended.recv_timeout(TIME_MAX).is_err() {
        child.kill()?;
    }
    Ok(child.wait()?.success())
}
