//! The tutorial (`docs/guides/tutorial.md`), typed as it stands there: files are written, commands run, and what they
//! print is compared.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{command, workspace};

/// What the page shows where it stands for something that differs from run to run.
const DIFFERS: &str = "…";
/// The port of the page, in whose place a free one is used.
const PORT: &str = "8471";

#[test]
fn a_new_author_gets_from_nothing_to_a_published_rule_by_the_lines_of_the_tutorial() {
    let page = std::fs::read_to_string(workspace().join("docs/guides/tutorial.md")).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = free.unwrap().port().to_string();
    let page = page.replace(PORT, &port);
    let mut desk = Desk {
        folder: tempfile::tempdir().unwrap(),
        servers: Vec::new(),
    };
    let (mut files, mut commands) = (0, 0);
    for block in blocks(&page) {
        match block.info.split_once(" file=") {
            Some((_, place)) => {
                desk.write(place, &block.text);
                files += 1;
            }
            None if block.info == "console" => commands += desk.type_all(&block.text),
            None => panic!("nobody knows what to do with a block `{}`", block.info),
        }
    }
    assert_eq!((files, commands), (10, 22));
}

struct Block {
    info: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut parts = page.split("```");
    parts.next();
    let mut blocks = Vec::new();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (info, text) = block.split_once('\n').unwrap();
        blocks.push(Block {
            info: info.to_owned(),
            text: text.to_owned(),
        });
    }
    blocks
}

/// The folder of the new author, and what runs in the background.
struct Desk {
    folder: tempfile::TempDir,
    servers: Vec<Child>,
}

impl Desk {
    /// A new file, or more of one: at its end, below a line of it, or instead of that line.
    fn write(&self, place: &str, text: &str) {
        let (file, line) = place.split_once([' ']).unwrap_or((place, ""));
        let path = self.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let new = match line.split_once('=') {
            None if old.is_empty() => text.to_owned(),
            None => format!("{old}\n{text}"),
            Some((how, line)) => {
                let line = format!("{line}\n");
                assert_eq!(old.matches(&line).count(), 1, "`{line}` in {file}:\n{old}");
                let kept = if how == "below" { &*line } else { "" };
                old.replace(&line, &format!("{kept}{text}"))
            }
        };
        std::fs::write(path, new).unwrap();
    }

    /// Types the commands of a block; how many there are.
    fn type_all(&mut self, text: &str) -> usize {
        let mut lines = text.lines().peekable();
        let mut commands = 0;
        while let Some(line) = lines.next() {
            let typed = line.strip_prefix("$ ").unwrap();
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                expected.push(line);
            }
            let printed = match typed.strip_suffix(" &") {
                Some(server) => self.serve(server, expected.len()),
                None => self.run(typed, &expected),
            };
            let printed: Vec<&str> = printed.lines().collect();
            let as_shown = matches(&expected, &printed);
            assert!(as_shown, "{typed}\nprinted\n{}", printed.join("\n"));
            commands += 1;
        }
        commands
    }

    fn run(&self, typed: &str, expected: &[&str]) -> String {
        let output = self.shell(&format!("{{ {typed}; }} 2>&1")).output();
        let output = output.unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let fails = expected
            .first()
            .is_some_and(|line| line.starts_with("error: "));
        let code = output.status.code();
        assert_eq!(code, Some(i32::from(fails)), "{typed}\n{printed}");
        printed
    }

    /// Starts a server; what it prints first, as many lines as are expected.
    fn serve(&mut self, typed: &str, lines: usize) -> String {
        let mut shell = self.shell(&format!("exec {typed}"));
        let mut server = shell.stdout(Stdio::piped()).spawn().unwrap();
        let printed = BufReader::new(server.stdout.take().unwrap()).lines();
        let printed: Vec<String> = printed.map(Result::unwrap).take(lines).collect();
        self.servers.push(server);
        printed.join("\n")
    }

    fn shell(&self, line: &str) -> Command {
        let rulepack = Path::new(env!("CARGO_BIN_EXE_rulepack")).parent().unwrap();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let mut path = vec![rulepack.to_owned()];
        path.extend(std::env::split_paths(&inherited));
        let as_in_tests = command();
        let mut shell = Command::new("sh");
        shell.env_clear();
        for (name, value) in as_in_tests.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        shell.env("PATH", std::env::join_paths(path).unwrap());
        shell.args(["-c", line]).current_dir(self.folder.path());
        shell
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // Where it ended by itself there is nothing to end.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Whether lines are those that a page shows, in which [`DIFFERS`] stands for any part of a line, and alone on a line
/// for any lines.
fn matches(shown: &[&str], printed: &[&str]) -> bool {
    match (shown, printed) {
        ([], []) => true,
        ([DIFFERS, rest @ ..], _) => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        ([line, rest @ ..], [first, others @ ..]) => is_line(line, first) && matches(rest, others),
        _ => false,
    }
}

fn is_line(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split(DIFFERS);
    let Some(mut left) = printed.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let place = match is_last {
            true => left
                .len()
                .checked_sub(part.len())
                .filter(|_| left.ends_with(part)),
            false => left.find(part),
        };
        let Some(place) = place else { return false };
        left = &left[place + part.len()..];
    }
    left.is_empty()
}

#[test]
fn a_page_that_shows_something_else_is_noticed() {
    assert!(matches(&["a", "…", "b … c"], &["a", "x", "y", "b 1 c"]));
    assert!(matches(&["wrote 3 (…"], &["wrote 3 (4 files)"]));
    assert!(!matches(&["a", "b"], &["a", "c"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["a … c"], &["a 1 d"]));
    assert!(!matches(&["a", "…", "b"], &["a", "c"]));
}
