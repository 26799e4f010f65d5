//! `rulepack signer`: the process that alone holds the keys of snapshot and timestamp.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::{Args, Subcommand};
use rulepack_protocol::key::Signer;
use rulepack_registry::signer::{self, KeySigner, SignerError, SignerKeys, SignerServer};
use rulepack_registry::store::Tree;
use serde::Serialize;

use super::Command;
use super::key::{new_key, read_secret};
use crate::clock;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::failure_points;
use crate::log;
use crate::output::{self, Report};
use crate::shutdown;

/// Hold the registry's keys of snapshot and timestamp in a small process of its own, on a Unix socket:
/// it signs only the lawful successor of what the repository shows, which it verifies itself.
#[derive(Debug, Args)]
pub struct SignerArgs {
    #[command(subcommand)]
    action: SignerAction,
}

#[derive(Debug, Subcommand)]
enum SignerAction {
    /// Make the keys, whose public parts go into the root.
    Keys {
        /// The signer's folder, outside of the registry's.
        #[arg(long)]
        dir: PathBuf,
        /// Make one more pair beside those that are there, for a root that changes the keys.
        #[arg(long)]
        next: bool,
    },
    /// Answer on the socket and renew timestamp and snapshot, until Ctrl-C or SIGTERM.
    Run {
        /// The signer's folder, with its keys and its memory; readable by its user alone.
        #[arg(long)]
        dir: PathBuf,
        /// The repository's folder (with `metadata/`), which is only read.
        #[arg(long)]
        repository: PathBuf,
        /// Where to make the socket.
        #[arg(long)]
        socket: PathBuf,
        /// Let the group of the socket's folder connect too (0660 in place of 0600), so that the web
        /// server can run under another user.
        #[arg(long)]
        group: bool,
    },
    /// Go on from what the repository shows, after its disk or the signer's folder was restored from a
    /// backup. The signer must not run.
    Resume {
        /// The signer's folder.
        #[arg(long)]
        dir: PathBuf,
        /// The repository's folder.
        #[arg(long)]
        repository: PathBuf,
        /// The highest version of timestamp or snapshot that anybody may have seen: hosts and mirrors
        /// show theirs. Everything signed from now on lies above it.
        #[arg(long, value_name = "VERSION")]
        above: u64,
    },
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct SignerReport {
    done: String,
    files: Vec<PathBuf>,
}

/// How often the running signer looks whether something is to be renewed.
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// The roles of the signer's keys: the persons' ids in the root.
const ROLES: [&str; 2] = ["registry-snapshot", "registry-timestamp"];

impl Command for SignerArgs {
    type Report = SignerReport;

    fn execute(&self) -> Outcome<SignerReport> {
        match &self.action {
            SignerAction::Keys { dir, next } => {
                let files = if *next { next_keys(dir) } else { new_keys(dir) }?;
                let done = "made the signer's keys".into();
                Ok(SignerReport { done, files })
            }
            SignerAction::Run {
                dir,
                repository,
                socket,
                group,
            } => {
                let mode = if *group { 0o660 } else { 0o600 };
                run(dir, repository, socket, mode)
            }
            SignerAction::Resume {
                dir,
                repository,
                above,
            } => {
                signer::resume(dir, &Tree::new(repository), *above).map_err(explain)?;
                Ok(SignerReport {
                    done: format!(
                        "the signer goes on with version {}",
                        above.saturating_add(1)
                    ),
                    files: Vec::new(),
                })
            }
        }
    }
}

/// Makes the first pair of keys. Gives the public files.
pub fn new_keys(folder: &Path) -> Outcome<Vec<PathBuf>> {
    make_pair(folder, "")
}

/// Makes a pair beside those that are there.
fn next_keys(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut newest = 0;
    for role in ROLES {
        newest = newest.max(numbers(folder, role)?.into_iter().max().unwrap_or(0));
    }
    make_pair(folder, &format!("-{}", newest.saturating_add(1)))
}

fn make_pair(folder: &Path, ending: &str) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for role in ROLES {
        let person = format!("{role}{ending}");
        new_key(&person.parse()?, folder)?;
        files.push(folder.join(format!("{person}.pub")));
    }
    Ok(files)
}

/// Opens the signer in a folder with all keys there.
pub fn open(folder: &Path) -> Outcome<KeySigner> {
    let [snapshot, timestamp] = ROLES;
    let keys = SignerKeys {
        snapshot: keys_of(folder, snapshot)?,
        timestamp: keys_of(folder, timestamp)?,
    };
    let points = failure_points::of_this_process();
    let signer = KeySigner::open(folder, keys).map_err(explain)?;
    Ok(signer.stopping_at(Box::new(points)))
}

/// The keys of a role: `ROLE.key`, and `ROLE-2.key` and so on while the root changes them.
fn keys_of(folder: &Path, role: &str) -> Outcome<Vec<Box<dyn Signer + Send + Sync>>> {
    let numbers = numbers(folder, role)?;
    if numbers.is_empty() {
        let missing = format!("`{}` holds no key `{role}.key`", folder.display());
        return Err(Failure::new(missing).hint("make the keys with `rulepack signer keys`"));
    }
    let mut keys: Vec<Box<dyn Signer + Send + Sync>> = Vec::new();
    for number in numbers {
        let name = match number {
            1 => format!("{role}.key"),
            _ => format!("{role}-{number}.key"),
        };
        keys.push(Box::new(read_secret(&folder.join(name))?));
    }
    Ok(keys)
}

/// The numbers of a role's keys in a folder; `ROLE.key` is number 1. None where there is no folder.
fn numbers(folder: &Path, role: &str) -> Outcome<Vec<u32>> {
    let mut numbers = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(numbers),
        read => read.context(|| format!("cannot read `{}`", folder.display()))?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let name = name.to_str().and_then(|name| name.strip_suffix(".key"));
        match name.and_then(|name| name.strip_prefix(role)) {
            Some("") => numbers.push(1),
            Some(rest) => {
                let number = rest.strip_prefix('-').map(str::parse::<u32>);
                numbers.extend(number.and_then(Result::ok));
            }
            None => {}
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn run(dir: &Path, repository: &Path, socket: &Path, mode: u32) -> Outcome<SignerReport> {
    log::begin();
    let started = clock::now()?;
    let server = Arc::new(SignerServer {
        signer: open(dir)?,
        tree: Tree::new(repository),
        // A clock that cannot be read stands still, so that what it signs expires early.
        clock: Box::new(move || clock::now().unwrap_or(started)),
    });
    let listener =
        listen(socket, mode).context(|| format!("cannot listen on `{}`", socket.display()))?;
    output::line(&format!("signer at {}", socket.display()))?;
    let renewing = Arc::clone(&server);
    thread::spawn(move || renew(&renewing));
    let runtime = tokio::runtime::Runtime::new()?;
    let ended = runtime.block_on(async {
        let answering = tokio::task::spawn_blocking(move || server.serve(&listener));
        tokio::select! {
            ended = answering => Some(ended),
            () = shutdown::asked() => None,
        }
    });
    // Whatever it is in the middle of is on its disk or not given out: nothing is to be waited for.
    runtime.shutdown_background();
    if let Some(ended) = ended {
        ended??;
    }
    fs::remove_file(socket).context(|| format!("cannot remove `{}`", socket.display()))?;
    Ok(SignerReport {
        done: "stopped".into(),
        files: Vec::new(),
    })
}

/// Makes the socket under another name first, so that nobody meets it before its permissions are set,
/// and what a killed signer left is replaced.
fn listen(socket: &Path, mode: u32) -> std::io::Result<UnixListener> {
    let mut beside = socket.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&beside)?;
    fs::set_permissions(&beside, fs::Permissions::from_mode(mode))?;
    fs::rename(&beside, socket)?;
    Ok(listener)
}

/// Renews by the signer's own schedule, at once and then again and again.
fn renew(server: &SignerServer) {
    loop {
        match server.renew() {
            Ok(true) => tracing::info!("timestamp signed anew"),
            Ok(false) => {}
            Err(error) => {
                let failure = explain(error);
                tracing::error!(error = %failure, hint = failure.hint_text(), "not renewed");
            }
        }
        thread::sleep(RENEW_EVERY);
    }
}

/// The error with what to do about it.
fn explain(error: SignerError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for SignerReport {}

impl fmt::Display for SignerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.done)?;
        for file in &self.files {
            writeln!(f, "  {}", file.display())?;
        }
        Ok(())
    }
}
