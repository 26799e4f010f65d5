//! Builds the changed program, and runs it once for each mutant.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// How long one mutant may take: a flipped condition of a loop may never end.
const TIME_MAX: Duration = Duration::from_secs(60);

/// The switch: which mutant is on.
const SWITCH: &str = "\
use std::sync::atomic::{AtomicU32, Ordering};
static ON: AtomicU32 = AtomicU32::new(0);
pub fn is(id: u32) -> bool { ON.load(Ordering::Relaxed) == id }
pub fn set(id: u32) { ON.store(id, Ordering::Relaxed); }
";

/// Tells of each mutant from the first to the last whether all cases pass.
const PROGRAM: &str = r#"
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use rulepack_sdk::harness::Harness;
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let harness = Harness::from_source(&arguments[0]).expect("the source reads");
    let numbers: Vec<u32> = arguments[1..].iter().map(|it| it.parse().expect("a number")).collect();
    std::panic::set_hook(Box::new(|_| {}));
    for id in numbers[0]..=numbers[1] {
        mutant_crate::mutant::set(id);
        let check = || harness.check::<mutant_crate::RULES>().is_ok_and(|lines| lines.is_empty());
        let passes = catch_unwind(AssertUnwindSafe(check)).unwrap_or(false);
        println!("{}", u8::from(passes));
        std::io::stdout().flush().expect("somebody reads");
    }
}
"#;

/// Copies the code of a pack.
pub(super) fn copy(source: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    copy_folder(&source.join("src"), &to.join("src"))
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

/// Builds the changed crate with its program; gives the program.
pub(super) fn build(source: &Path, folder: &Path, rules: &str) -> io::Result<PathBuf> {
    let workspace = source.ancestors().nth(2).unwrap_or(source);
    let sdk = workspace.join("sdk");
    let manifest = format!(
        "[package]\nname = \"mutant-crate\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[lib]\npath = \
         \"src/lib.rs\"\n[[bin]]\nname = \"mutants\"\npath = \"mutants.rs\"\n[dependencies]\n\
         rulepack-sdk = {{ path = {sdk:?} }}\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    fs::write(folder.join("mutants.rs"), PROGRAM.replace("RULES", rules))?;
    fs::write(folder.join("src/mutant.rs"), SWITCH)?;
    let lib = folder.join("src/lib.rs");
    let text = fs::read_to_string(&lib)?;
    fs::write(lib, text + "\npub mod mutant;\n")?;
    let target = folder.join("../target");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--offline", "--bin", "mutants", "--config"])
        .arg("build.rustflags=['-Awarnings']")
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(folder)
        .status()?;
    if !status.success() {
        return Err(io::Error::other("the changed crate does not build"));
    }
    target.join("debug/mutants").canonicalize()
}

/// The mutants from 1 to `last` that no case notices.
pub(super) fn survivors(program: &Path, source: &Path, last: u32) -> io::Result<Vec<u32>> {
    let mut survivors = Vec::new();
    // 0 is no mutant at all: every case has to pass then.
    let mut next = 0;
    while next <= last {
        let (mut child, answers) = start(program, source, (next, last))?;
        while next <= last {
            match answers.recv_timeout(TIME_MAX) {
                Ok(passes) if next == 0 => {
                    if !passes {
                        return Err(io::Error::other("the cases fail without any change"));
                    }
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
