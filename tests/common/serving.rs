//! A hospital's server as a real process on loopback, and a client of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::Value;

use super::command;

/// A request of 3101.
pub const EXAMPLE: &str = include_str!("../../examples/3101-order.json");

/// Ends when it is dropped.
pub struct Serving {
    process: Child,
    address: String,
}

impl Serving {
    /// Serves the host in a folder.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        Self::begin(command(), folder, options)
    }

    /// The same, stopped at a failure point.
    pub fn start_failing(folder: &Path, failure: &str) -> Self {
        let mut command = command();
        command.env("RULEPACK_FAILURE_POINT", failure);
        Self::begin(command, folder, &[])
    }

    fn begin(mut command: Command, folder: &Path, options: &[&str]) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]);
        command.arg(folder).args(options).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("service at http://");
        let address = address.expect("it says where it serves").to_owned();
        Serving { process, address }
    }

    /// The answer to [`EXAMPLE`].
    pub fn call(&self) -> Value {
        self.ask(EXAMPLE)
    }

    /// The same of another patient.
    pub fn call_of(&self, patient: &str) -> Value {
        self.ask(&EXAMPLE.replace("P2026000101", patient))
    }

    /// The answer to a request of the national interface, which is a good one.
    pub fn ask(&self, request: &str) -> Value {
        let answer = self.try_send(request).expect("it is answered");
        assert_eq!(answer["infcode"], 0, "{answer}");
        answer
    }

    /// The same; `None` where the server went away instead.
    pub fn try_send(&self, request: &str) -> Option<Value> {
        self.exchange("POST /", request)
    }

    /// The answer to a native check.
    pub fn check(&self, request: &str) -> Value {
        self.exchange("POST /api/v1/check", request)
            .expect("it is answered")
    }

    /// What stands at an address.
    pub fn get(&self, path: &str) -> Value {
        self.exchange(&format!("GET {path}"), "")
            .expect("it is answered")
    }

    /// What goes before a body; `fields` of its own end with a line break each.
    fn head(&self, line: &str, body: &str, fields: &str) -> String {
        let (host, length) = (&self.address, body.len());
        format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{fields}connection: close\r\n\r\n"
        )
    }

    fn exchange(&self, line: &str, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let head = self.head(line, body, "");
        // One that dies closes the connection at any moment.
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(body.as_bytes());
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        let (_, body) = text.split_once("\r\n\r\n")?;
        serde_json::from_str(body).ok()
    }

    /// Asks it to end while it reads a request: the answer, and how it ended.
    pub fn answered_after(mut self, signal: Signal) -> (Value, Option<i32>) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = self.head("POST /", EXAMPLE, "expect: 100-continue\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut continued = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
        stream.read_exact(&mut continued).unwrap();
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
        stream.write_all(EXAMPLE.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").expect("it is answered");
        let answer = serde_json::from_str(body).unwrap();
        (answer, self.process.wait().unwrap().code())
    }

    /// It was ended by SIGKILL.
    pub fn killed(mut self) {
        const SIGKILL: i32 = 9;
        assert_eq!(self.process.wait().unwrap().signal(), Some(SIGKILL));
    }

    /// The versions that answer [`EXAMPLE`].
    pub fn versions(&self) -> Vec<String> {
        let answer = self.call();
        let packs = answer["output"]["rulepack"]["packs"].as_array().unwrap();
        let paths = packs.iter().map(|pack| pack["pack"].as_str().unwrap());
        paths.map(str::to_owned).collect()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Where it ended by itself there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until something that a server does by itself is so.
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < Duration::from_secs(300),
            "never: {what}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}
