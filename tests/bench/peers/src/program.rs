//! A peer that is a program of its own, asked one turn at a time: see [`peers_common::contender`].

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use peers_common::finding::Findings;
use peers_common::request::Work;

/// The running program; it ends with this.
#[derive(Debug)]
pub struct Program {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Program {
    /// Starts a program that lies where cargo put it, beside the folder of this one.
    ///
    /// # Panics
    /// Where it is not built.
    #[must_use]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let own = env::current_exe().expect("this program has a path");
        let built = own.parent().and_then(|deps| deps.parent());
        let path = built.expect("cargo puts benchmarks into `deps`").join(name);
        let mut command = Command::new(&path);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|_| {
            panic!(
                "`{}` is not there: `cargo build --release -p {name}`",
                path.display()
            )
        });
        let (asked, answers) = (child.stdin.take(), child.stdout.take());
        Program {
            child,
            asked: asked.expect("it was given a pipe"),
            answers: BufReader::new(answers.expect("it was given a pipe")),
        }
    }

    /// What it finds in each of the first requests.
    ///
    /// # Panics
    /// Where it fails.
    pub fn findings(&mut self, work: Work, count: u32) -> Vec<Findings> {
        let told = self.ask(&format!("findings {} {count}", work.name()));
        serde_json::from_str(&told).expect("it tells findings")
    }

    /// Seconds in which it answers the first requests.
    ///
    /// # Panics
    /// Where it fails.
    pub fn turn(&mut self, work: Work, count: u32) -> f64 {
        let told = self.ask(&format!("turn {} {count}", work.name()));
        told.trim().parse().expect("it tells seconds")
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.asked, "{line}").expect("it reads what it is asked");
        let mut answer = String::new();
        let read = self.answers.read_line(&mut answer);
        assert!(
            read.is_ok_and(|bytes| bytes > 0),
            "it ended before it answered `{line}`"
        );
        answer
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It waits for more, which never comes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
