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

/// Tells of each of some mutants whether all cases pass.
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
    std::panic::set_hook(Box::new(|_| {}));
    for id in &arguments[1..] {
        SWITCHED::mutant::set(id.parse().expect("a number"));
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

/// The cases of a pack, and what runs them.
pub(super) struct Program<'a> {
    /// The pack.
    pub(super) source: &'a Path,
    /// Its copy, which becomes a crate of its own.
    pub(super) copy: &'a Path,
    /// The SDK that it is built with.
    pub(super) sdk: &'a Path,
    /// The crate that holds the mutants.
    pub(super) switched: &'a str,
    /// Where everything is built: what packs depend on, they share.
    pub(super) target: &'a Path,
}

/// The crate of a pack's copy, by its name in code.
pub(super) const COPY: &str = "mutant_crate";
/// The crate of the SDK, by its name in code.
pub(super) const SDK: &str = "rulepack_sdk";

impl Program<'_> {
    /// Those of some mutants that no case notices.
    pub(super) fn unnoticed(&self, mutants: &[u32]) -> io::Result<Vec<u32>> {
        self.prepare()?;
        let program = build(self.copy, self.target, &["build", "--bin", "mutants"])?;
        unnoticed_by_cases(&program, self.source, mutants)
    }

    /// Makes the copy a crate of its own, with the program that sets the switch.
    fn prepare(&self) -> io::Result<()> {
        let (copy, sdk) = (self.copy, self.sdk);
        let manifest = format!(
            "[package]\nname = \"mutant-crate\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \
             \"src/lib.rs\"\n[[bin]]\nname = \"mutants\"\npath = \"mutants.rs\"\n[dependencies]\n\
             rulepack-sdk = {{ path = {sdk:?} }}\n[profile.dev.package.\"*\"]\nopt-level = 2\n[workspace]\n"
        );
        fs::write(copy.join("Cargo.toml"), manifest)?;
        let workspace = self.source.ancestors().nth(2).unwrap_or(self.source);
        fs::copy(workspace.join("Cargo.lock"), copy.join("Cargo.lock"))?;
        let library = copy.join("src/lib.rs");
        let text = fs::read_to_string(&library)?;
        let rules = exported(&text).ok_or_else(|| {
            io::Error::other(format!("{}: nothing is exported", library.display()))
        })?;
        let program = PROGRAM.replace("RULES", rules);
        fs::write(
            copy.join("mutants.rs"),
            program.replace("SWITCHED", self.switched),
        )
    }
}

/// Those of some mutants that no unit test of a crate notices.
pub(super) fn unnoticed_by_tests(
    copy: &Path,
    target: &Path,
    mutants: &[u32],
) -> io::Result<Vec<u32>> {
    let mut left = Vec::new();
    if mutants.is_empty() {
        return Ok(left);
    }
    let tests = build(copy, target, &["test", "--lib", "--no-run"])?;
    if !pass(&tests, 0)? {
        return Err(io::Error::other("the unit tests fail without any change"));
    }
    for mutant in mutants {
        if pass(&tests, *mutant)? {
            left.push(*mutant);
        }
    }
    Ok(left)
}

/// Gives a crate the switch.
pub(super) fn add_switch(copy: &Path) -> io::Result<()> {
    fs::write(copy.join("src/mutant.rs"), SWITCH)?;
    let library = copy.join("src/lib.rs");
    let text = fs::read_to_string(&library)?;
    fs::write(library, format!("{text}\npub mod mutant;\n"))
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

/// Copies a folder with all that it holds.
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
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

/// The type that implements the rules of a pack.
fn exported(library: &str) -> Option<&str> {
    let (_, rest) = library.split_once("rulepack_sdk::export!(")?;
    Some(rest.split_once(')')?.0)
}

/// Runs cargo in the copy; gives the program that it made.
fn build(copy: &Path, target: &Path, arguments: &[&str]) -> io::Result<PathBuf> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .args(["--offline", "--message-format=json-render-diagnostics"])
        .args(["--config", "build.rustflags=['-Awarnings']"])
        .env("CARGO_TARGET_DIR", target)
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

fn unnoticed_by_cases(program: &Path, source: &Path, mutants: &[u32]) -> io::Result<Vec<u32>> {
    let mut survivors = Vec::new();
    // 0 is no mutant at all: every case has to pass then.
    let all: Vec<u32> = std::iter::once(0).chain(mutants.iter().copied()).collect();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let (mut child, answers) = start(program, source, rest)?;
        while let Some((id, after)) = rest.split_first() {
            let told = answers.recv_timeout(TIME_MAX);
            if *id == 0 && told != Ok(true) {
                return Err(io::Error::other("the cases fail without any change"));
            }
            rest = after;
            match told {
                Ok(passes) => survivors.extend((passes && *id != 0).then_some(*id)),
                // It never ends, or took the process with it: noticed.
                Err(_) => break,
            }
        }
        // It may be gone already.
        let _ = child.kill();
        child.wait()?;
    }
    Ok(survivors)
}

fn start(program: &Path, source: &Path, mutants: &[u32]) -> io::Result<(Child, Receiver<bool>)> {
    let mut child = Command::new(program)
        .arg(source)
        .args(mutants.iter().map(u32::to_string))
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
