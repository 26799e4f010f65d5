//! The two servers of the story, each a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::story::Story;
use crate::engine;
use crate::failure::{Explain as _, Failure, Outcome};

/// A running server, stopped when the story ends.
pub(super) struct Server {
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
    process: Child,
}

impl Server {
    /// Shows and starts a command line of a server, and waits for the line that tells its address.
    pub(super) fn start(story: &Story, line: &str) -> Outcome<Self> {
        story.show_command(&format!("{line} &"))?;
        let mut process = Command::new(engine::own_executable()?)
            .args(line.split_whitespace().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context(|| format!("cannot start `{line}`"))?;
        let output = process.stdout.take();
        let mut lines = output
            .into_iter()
            .flat_map(|out| BufReader::new(out).lines());
        let url = lines.by_ref().find_map(|line| {
            let line = line.ok()?;
            let (_, url) = line.split_once(" at ")?;
            url.starts_with("http://").then(|| url.to_owned())
        });
        let Some(url) = url else {
            let status = process.wait()?;
            return Err(Failure::new(format!("`{line}` ended with {status}")));
        };
        // What it says later is read and dropped, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        story.say(&format!("it answers at {url}"))?;
        Ok(Server { url, process })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
