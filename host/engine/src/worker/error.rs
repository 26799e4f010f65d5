//! Why a bounded process did not do what it was asked.

use std::io;
use std::path::PathBuf;

use rulepack_protocol::pack::ImportsError;
use rulepack_protocol::pack::columnar::ColumnarError;

use super::frames::FrameError;
use super::job::Kind;
use crate::numbering::StoredError;

/// Why a bounded process did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// There is no such process.
    #[error("the worker `{executable}` cannot be started: {source}")]
    Start {
        /// What was to be started.
        executable: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It had no answer in time, and was killed.
    #[error("the worker for `{}` had no answer after {seconds} s and was ended", .kind.word())]
    Wall {
        /// What it was asked.
        kind: Kind,
        /// How long it had.
        seconds: u64,
    },
    /// The system ended it for its processor time.
    #[error("the worker for `{}` used up its {seconds} s of processor time", .kind.word())]
    Cpu {
        /// What it was asked.
        kind: Kind,
        /// How much it had.
        seconds: u64,
    },
    /// It ended itself, as Rust does when memory runs out.
    #[error("the worker for `{}` aborted, as it does without memory: it has {mib} MiB", .kind.word())]
    Memory {
        /// What it was asked.
        kind: Kind,
        /// How much it had.
        mib: u64,
    },
    /// It says itself why it cannot work.
    #[error("the worker for `{}` cannot work: {reason}", .kind.word())]
    Unable {
        /// What it was asked.
        kind: Kind,
        /// Why.
        reason: String,
    },
    /// It ended in another way before its answer was whole.
    #[error("the worker for `{}` ended without an answer ({how})", .kind.word())]
    Ended {
        /// What it was asked.
        kind: Kind,
        /// Exit code or signal.
        how: String,
    },
    /// Its answer is not made of frames.
    #[error("the answer of the worker for `{}` is malformed: {source}", .kind.word())]
    Frame {
        /// What it was asked.
        kind: Kind,
        /// What is wrong.
        source: FrameError,
    },
    /// The first frame of its answer is not what it must be.
    #[error("the answer of the worker for `{}` is malformed: {source}", .kind.word())]
    Answer {
        /// What it was asked.
        kind: Kind,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Its dictionary is not one.
    #[error("the worker for `prepare` answered badly: {0}")]
    Dictionary(#[from] StoredError),
    /// The component that it gave back is not one that a pack may have.
    #[error("the component after `prepare` is not acceptable: {0}")]
    Component(#[from] ImportsError),
    /// The component that it gave back imports something else than the pack.
    #[error("the component after `prepare` imports other functions than the pack")]
    Imports,
    /// A supplied table that cannot be handed over.
    #[error("table `{table}` {source}")]
    Supplied {
        /// The table.
        table: String,
        /// What is wrong with it.
        source: ColumnarError,
    },
    /// The pack, not the worker: it does not load.
    #[error("{0}")]
    Pack(String),
    /// This process cannot talk to it.
    #[error("the worker cannot be waited for: {0}")]
    Io(#[from] io::Error),
}
