//! The clock of the outer guard: a thread that moves the epoch of an engine on.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;

use crate::limits::Limits;

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    /// Closing this ends the thread.
    _stop: Sender<()>,
}

impl Ticker {
    pub(crate) fn start(engine: &wasmtime::Engine) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel::<()>();
        let engine = engine.weak();
        thread::Builder::new()
            .name("rulepack-epoch".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(Limits::WALL_STEP) == Err(RecvTimeoutError::Timeout) {
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })?;
        Ok(Ticker { _stop: stop })
    }
}
