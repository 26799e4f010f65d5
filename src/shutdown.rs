//! How a server is asked to stop.

use tokio::signal::unix::{SignalKind, signal};

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
