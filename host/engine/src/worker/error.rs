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

#[cfg(test)]
mod tests {
    use super::*;

    /// The other texts are shown by the processes themselves, in `tests/worker.rs`.
    #[test]
    fn errors_name_the_kind_of_work_and_what_is_wrong() {
        let kind = Kind::Compile;
        let json = serde_json::from_str::<u8>("x").unwrap_err();
        let texts = [
            (
                WorkerError::Cpu { kind, seconds: 60 },
                "the worker for `compile` used up its 60 s of processor time",
            ),
            (
                WorkerError::Unable {
                    kind,
                    reason: "the job is malformed".into(),
                },
                "the worker for `compile` cannot work: the job is malformed",
            ),
            (
                WorkerError::Answer { kind, source: json },
                "the answer of the worker for `compile` is malformed: expected value at line 1 column 1",
            ),
            (
                StoredError::Length.into(),
                "the worker for `prepare` answered badly: the dictionary is truncated, or followed by other bytes",
            ),
            (
                ImportsError::Nested.into(),
                "the component after `prepare` is not acceptable: the component holds another component",
            ),
            (
                WorkerError::Imports,
                "the component after `prepare` imports other functions than the pack",
            ),
            (
                WorkerError::Supplied {
                    table: "standards".into(),
                    source: ColumnarError::Magic,
                },
                "table `standards` does not begin with `RPT1`",
            ),
            (
                io::Error::other("no thread").into(),
                "the worker cannot be waited for: no thread",
            ),
        ];
        for (error, text) in texts {
            assert_eq!(error.to_string(), text);
        }
    }
}
