//! How a server, or a long command, is asked to stop.

use std::io;
use std::process;
use std::thread;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;
use crate::output;

/// From now on, a command whose files are whole at any moment ends as soon as it is asked to: as one that failed, with
/// what to do about it. Where nothing can be waited for, a signal ends the process as it always does.
pub fn end_when_asked(hint: String) {
    thread::spawn(move || {
        if let Ok(runtime) = Builder::new_current_thread().enable_all().build() {
            runtime.block_on(async { asked().await });
            // Below a line of progress.
            let _ = output::notice("");
            let _ = output::print_failure(&Failure::new("stopped").hint(hint), false);
            process::exit(1);
        }
    });
}

/// Waits until somebody asks for the end.
pub fn wait() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { asked().await });
    Ok(())
}

/// Over as soon as a person (Ctrl-C) or a service manager (SIGTERM) asks for the end. From this call on, in a runtime,
/// neither ends the process by itself, although nobody waits yet. Where neither can be waited for it is never over: the
/// server then ends with its process.
pub fn asked() -> impl Future<Output = ()> {
    let [interrupted, terminated] =
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| received(signal(kind)));
    async {
        tokio::select! {
            () = interrupted => {}
            () = terminated => {}
        }
    }
}

async fn received(signal: io::Result<Signal>) {
    match signal {
        Ok(mut signal) => _ = signal.recv().await,
        Err(_) => std::future::pending().await,
    }
}
