//! A host as the process that a hospital runs, with what it logs.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A running process, killed where it is dropped.
pub struct Serving {
    pub address: SocketAddr,
    child: Child,
    log: PathBuf,
    _lines: BufReader<ChildStdout>,
}

/// What is logged where an end was cut: of the journal, and of a sealed log.
const CUT: [&str; 2] = [
    "an unsealed end of the journal was cut",
    "an entry that was never finished is cut off",
];
const ANNOUNCES: &str = "service at http://";

impl Serving {
    /// Starts the host in a folder, and waits until it listens.
    pub fn start(program: &Path, folder: &Path) -> Self {
        let log = folder.join("torture.log");
        let mut child = spawn(program, folder, &log);
        let mut lines = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        lines
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line.trim().strip_prefix(ANNOUNCES);
        let logged = || fs::read_to_string(&log).unwrap_or_default();
        let address = address.unwrap_or_else(|| panic!("it does not start: {line}{}", logged()));
        Serving {
            address: address.parse().expect("an address"),
            child,
            log,
            _lines: lines,
        }
    }

    /// Starts it, and kills it soon after, whatever it does then.
    pub fn kill_while_it_starts(program: &Path, folder: &Path, moment: Duration) {
        let mut child = spawn(program, folder, &folder.join("torture.log"));
        thread::sleep(moment);
        end(&mut child);
    }

    /// Ends it by SIGKILL.
    pub fn kill(self) {
        drop(self);
    }

    /// How many ends it says it has cut: of the journal, and of history and findings.
    pub fn ends_cut(&self) -> [u32; 2] {
        let mut text = String::new();
        let read = File::open(&self.log).and_then(|mut log| log.read_to_string(&mut text));
        read.expect("a file of ours");
        CUT.map(|told| u32::try_from(text.matches(told).count()).unwrap_or(u32::MAX))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// The log is of this process alone.
fn spawn(program: &Path, folder: &Path, log: &Path) -> Child {
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
    command.arg(folder).env("RUST_LOG", "warn");
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.stderr(File::create(log).expect("a folder of ours"));
    command.spawn().expect("the program can be started")
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    drop(child.kill());
    drop(child.wait());
}
