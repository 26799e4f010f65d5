//! Connections: how many there are at once, how long a client may take, and how they end.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::Settings;

/// The longest head of a request, in bytes: addresses and headers of a client are a few hundred.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long to wait after a connection could not be accepted, say for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Where a request comes from; told of those alone that are bounded by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender(pub(super) IpAddr);

/// Answers by `router` on every connection until `shutdown` is over; then what is being answered is
/// finished, for as long as a publication may take.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(settings.connections_at_once));
    let (stop, stopped) = watch::channel(());
    let accept = async {
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, sender)) => {
                    let sender = Sender(sender.ip());
                    let router = router.clone();
                    let connection = connection(stream, sender, router, settings, stopped.clone());
                    tokio::spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(error = %error, "a connection cannot be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = shutdown => {}
    }
    drop(listener);
    drop(stop);
    let all = u32::try_from(settings.connections_at_once).unwrap_or(u32::MAX);
    let finished = places.acquire_many(all);
    if tokio::time::timeout(settings.publish_timeout, finished)
        .await
        .is_err()
    {
        tracing::warn!("some connections are still open and are closed now");
    }
    Ok(())
}

/// One connection. It ends where the client takes too long to ask, and after its greatest age: then what
/// is being answered is finished, for as long again.
async fn connection(
    stream: TcpStream,
    sender: Sender,
    router: Router,
    settings: Settings,
    mut stopped: watch::Receiver<()>,
) {
    // Answers are written whole: to wait for more only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "a connection stays with delays");
    }
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        if request.method() == Method::POST {
            request.extensions_mut().insert(sender);
        }
        router.call(request)
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.head_timeout)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
    );
    let age = settings.connection_age;
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.changed() => None,
        () = tokio::time::sleep(age) => None,
    };
    let ended = match ended {
        Some(ended) => Ok(ended),
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(age, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(error = %error, "a connection broke off"),
        Err(_) => tracing::info!("a connection was too old and is closed"),
    }
}
