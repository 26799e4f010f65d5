//! How a server, or a long command, is asked to stop.

use std::process;
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::output;

/// From now on, a command whose files are whole at any moment ends as soon as it is asked to: as one that failed, with
/// what to do about it. Where nothing can be waited for, a signal ends the process as it always does.
pub fn end_when_asked(hint: String) {
    thread::spawn(move || {
        if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
            runtime.block_on(asked());
            // Below a line of progress.
            let _ = output::notice("");
            let _ = output::print_failure(&Failure::new("stopped").hint(hint), false);
            process::exit(1);
        }
    });
}

/// Over as soon as a person (Ctrl-C) or a service manager (SIGTERM) asks for the end. Where neither can
/// be waited for, never: the server then ends with its process.
pub async fn asked() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        _ = terminated.recv() => {}
        () = interrupted() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
