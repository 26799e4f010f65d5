//! Which requests are answered at all, before any of them is looked into.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::kind::Kind;
use super::problem::Problem;

/// The values of `Host` that are answered; none where every one is.
///
/// A page on another site can make a browser send requests to this machine under a name of its own. So a
/// server on loopback answers only to the names of loopback, and no write comes from a foreign page.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    hosts: Option<Vec<String>>,
}

impl Guard {
    /// For a server at `address`.
    pub(super) fn of(address: SocketAddr) -> Self {
        let hosts = address.ip().is_loopback().then(|| {
            let port = address.port();
            ["127.0.0.1", "localhost", "[::1]"]
                .iter()
                .map(|name| format!("{name}:{port}"))
                .collect()
        });
        Self { hosts }
    }

    /// Why a request with these headers is not answered.
    pub(super) fn refuses(&self, headers: &HeaderMap) -> Option<Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or_default();
        if let Some(hosts) = &self.hosts
            && !hosts.iter().any(|known| known == host)
        {
            return Some(Kind::HOST.into());
        }
        let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
        let own = ["http://", "https://"]
            .iter()
            .any(|scheme| origin.strip_prefix(scheme) == Some(host));
        (!own).then(|| Kind::ORIGIN.into())
    }
}

/// Answers only what the guard lets through, and says on every answer what a browser may do with it.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(request.headers()) {
        Some(problem) => problem.into_response(),
        None => next.run(request).await,
    };
    mark(response.headers_mut());
    response
}

/// Says what a browser may do with an answer.
pub(super) fn mark(headers: &mut HeaderMap) {
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
    }
}

/// What every answer says.
static FIXED: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
];
