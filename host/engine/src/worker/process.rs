//! One bounded process from its start to its end, as its parent sees it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::Worker;
use super::error::WorkerError;
use super::frames::{self, FrameError};
use super::job::Kind;

/// All that a process answered.
#[derive(Debug)]
pub(super) struct Answer {
    kind: Kind,
    bytes: Vec<u8>,
    read: usize,
}

impl Answer {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The next frame.
    pub(super) fn frame(&mut self, bytes_max: u64) -> Result<Vec<u8>, WorkerError> {
        let mut rest = self.bytes.get(self.read..).unwrap_or_default();
        let before = rest.len();
        let frame = frames::read(&mut rest, bytes_max);
        self.read = self.read.saturating_add(before - rest.len());
        frame.map_err(|source| self.malformed(source))
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), WorkerError> {
        match self.bytes.len().saturating_sub(self.read) {
            0 => Ok(()),
            more => Err(self.malformed(FrameError::TooLong {
                bytes: more as u64,
                bytes_max: 0,
            })),
        }
    }

    fn malformed(&self, source: FrameError) -> WorkerError {
        let kind = self.kind;
        WorkerError::Frame { kind, source }
    }
}

/// Starts a process, hands it the request, and waits for its answer and its end, or ends it.
pub(super) fn exchange(
    worker: &Worker,
    kind: Kind,
    request: Vec<u8>,
    bytes_max: u64,
) -> Result<Answer, WorkerError> {
    let mut child = start(worker, kind)?;
    let answer = talk(&mut child, worker, kind, (request, bytes_max));
    // It has answered, or it never will: what it does from here on is nobody's.
    if !matches!(answer, Ok(Ok(_))) {
        let _ = child.kill();
    }
    let status = child.wait()?;
    match answer? {
        Ok(bytes) if status.success() => Ok(Answer {
            kind,
            bytes,
            read: 0,
        }),
        Ok(_) => Err(ended(worker, kind, status)),
        Err(source) => Err(WorkerError::Frame { kind, source }),
    }
}

/// Nothing of this process reaches it but its input: no environment, no folder, and, as Rust opens
/// everything for itself alone, no descriptor.
fn start(worker: &Worker, kind: Kind) -> Result<Child, WorkerError> {
    let bounds = &worker.bounds;
    Command::new(&worker.executable)
        .args(["worker", kind.word()])
        .arg(format!("--memory-mib={}", bounds.memory_mib))
        .arg(format!("--cpu-seconds={}", bounds.cpu_seconds))
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| WorkerError::Start {
            executable: worker.executable.clone(),
            source,
        })
}

/// The outer error is about the wait, the inner one about the answer. A thread talks, so that neither a
/// process that does not read nor one that does not write holds its parent longer than the deadline.
fn talk(
    child: &mut Child,
    worker: &Worker,
    kind: Kind,
    (request, bytes_max): (Vec<u8>, u64),
) -> Result<Result<Vec<u8>, FrameError>, WorkerError> {
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("its pipes are missing").into());
    };
    let (send, receive) = mpsc::channel();
    thread::Builder::new()
        .name("rulepack-worker".to_owned())
        .spawn(move || {
            // One that ended before it read everything says why by its end.
            let _ = input.write_all(&request);
            drop(input);
            let mut bytes = Vec::new();
            let read = output.take(bytes_max + 1).read_to_end(&mut bytes);
            // Nobody waits any more once the deadline has passed.
            let _ = send.send(read.map(|_| bytes));
        })?;
    let seconds = worker.bounds.wall_seconds;
    match receive.recv_timeout(Duration::from_secs(seconds)) {
        Ok(Ok(bytes)) if bytes.len() as u64 > bytes_max => Ok(Err(FrameError::TooLong {
            bytes: bytes.len() as u64,
            bytes_max,
        })),
        Ok(read) => Ok(read.map_err(FrameError::Io)),
        Err(RecvTimeoutError::Timeout) => Err(WorkerError::Wall { kind, seconds }),
        Err(RecvTimeoutError::Disconnected) => {
            Err(io::Error::other("the thread that talks to it ended").into())
        }
    }
}

/// Why a process ended badly, as far as its end tells.
fn ended(worker: &Worker, kind: Kind, status: ExitStatus) -> WorkerError {
    const ABORTED: i32 = 6;
    const CPU_TIME: i32 = 24;
    match status.signal() {
        Some(CPU_TIME) => WorkerError::Cpu {
            kind,
            seconds: worker.bounds.cpu_seconds,
        },
        Some(ABORTED) => WorkerError::Memory {
            kind,
            mib: worker.bounds.memory_mib,
        },
        _ => WorkerError::Ended {
            kind,
            how: status.to_string(),
        },
    }
}
