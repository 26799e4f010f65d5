//! Connections: how many there are at once, how long a client may take, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{Method, Request, Response};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use super::Settings;
use super::polls::Polls;
use super::seats::{Activity, End, Seat, Seats};
use super::stream::Stream;

/// The longest head of a request, in bytes: addresses and headers of a client are a few hundred.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long to wait after a connection could not be accepted, say for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// What answers requests.
#[derive(Clone)]
pub(super) struct Answers {
    /// From memory, at once.
    pub(super) polls: Arc<Polls>,
    /// All the others.
    pub(super) router: Router,
}

/// Where a request comes from; told of those alone that are bounded by it.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) address: IpAddr,
    pub(super) activity: Arc<Activity>,
}

/// Answers on every connection until `shutdown` is over; then what is being answered is finished, for as
/// long as a publication may take.
pub(super) async fn serve(
    listener: TcpListener,
    answers: Answers,
    settings: Settings,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let seats = Seats::new(settings);
    tokio::select! {
        () = accept(&listener, &seats, &answers) => {}
        () = seats.look_after() => {}
        () = shutdown => {}
    }
    drop(listener);
    seats.finish();
    tokio::select! {
        () = seats.all_free() => {}
        () = seats.look_after() => {}
        () = tokio::time::sleep(settings.publish_timeout) => {
            tracing::warn!("some connections are still open and are closed now");
        }
    }
    Ok(())
}

/// Accepts one connection after the other, as long as there is the server.
async fn accept(listener: &TcpListener, seats: &Arc<Seats>, answers: &Answers) {
    loop {
        match listener.accept().await {
            Ok((stream, sender)) => {
                let Ok(seat) = seats.take().await else {
                    return;
                };
                let sender = Sender {
                    address: sender.ip(),
                    activity: Arc::clone(seat.activity()),
                };
                tokio::spawn(connection(stream, seat, sender, answers.clone()));
            }
            Err(error) => {
                tracing::warn!(error = %error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection. It ends as its seat is told: after what is being answered, or at once.
async fn connection(stream: TcpStream, seat: Seat, sender: Sender, answers: Answers) {
    // Answers are written whole: to wait for more only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "a connection stays with delays");
    }
    let stream = Stream::new(stream, Arc::clone(seat.activity()));
    let Answers { polls, router } = answers;
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let answer = match polls.answer(&request) {
            Some(answer) => Ok(answer),
            None => Err(route(router.clone(), sender.clone(), request)),
        };
        async {
            match answer {
                Ok(answer) => Ok(answer),
                Err(routing) => routing.await,
            }
        }
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(stream, service)
    );
    let activity = seat.activity();
    activity.begun();
    // Without a choice by lot, and without a timer for each: both weigh on every poll.
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => Some(ended),
        () = activity.told(End::Finish) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                biased;
                ended = connection => ended,
                () = activity.told(End::Leave) => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error = %error, "a connection broke off");
    }
}

/// Answers what no poll is, and notes that its client waits meanwhile.
async fn route(
    router: TowerToHyperService<Router>,
    sender: Sender,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let activity = Arc::clone(&sender.activity);
    activity.answering(true);
    if request.method() == Method::POST {
        request.extensions_mut().insert(sender);
    }
    let answer = router.call(request).await;
    activity.answering(false);
    answer
}
