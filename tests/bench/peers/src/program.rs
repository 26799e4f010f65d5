//! A peer that is a program of its own, asked one turn at a time: see [`peers_common::contender`].

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Range;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use peers_common::contender::Before;
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
    /// Starts a program that lies where cargo put it, beside the folder of this one; says how to build it where it does not.
    ///
    /// # Errors
    /// The sentence that says so.
    ///
    /// # Panics
    /// Where the system does not start it.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Self, String> {
        let own = env::current_exe().expect("this program has a path");
        let built = own.parent().and_then(|deps| deps.parent());
        let path = built.expect("cargo puts benchmarks into `deps`").join(name);
        if !path.exists() {
            return Err(format!(
                "`{name}` is not built: `cargo build --release -p {name}`"
            ));
        }
        let mut command = Command::new(&path);
        command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("what cargo built can be started");
        let (asked, answers) = (child.stdin.take(), child.stdout.take());
        Ok(Program {
            child,
            asked: asked.expect("it was given a pipe"),
            answers: BufReader::new(answers.expect("it was given a pipe")),
        })
    }

    /// What it finds in each of the first requests.
    ///
    /// # Panics
    /// Where it fails.
    pub fn findings(&mut self, work: Work, count: u32) -> Vec<Findings> {
        let told = self.ask(&format!("findings {} 0 {count}", work.name()));
        serde_json::from_str(&told).expect("it tells findings")
    }

    /// Seconds in which it answers some requests; `None` where it was interrupted.
    ///
    /// # Panics
    /// Where it fails.
    pub fn turn(&mut self, before: Before, work: Work, numbers: &Range<u32>) -> Option<f64> {
        let (turn, work) = (before.word(), work.name());
        let (first, count) = (numbers.start, numbers.len());
        let told = self.ask(&format!("{turn} {work} {first} {count}"));
        match told.trim() {
            "disturbed" => None,
            seconds => Some(seconds.parse().expect("it tells seconds")),
        }
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
