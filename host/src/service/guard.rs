//! Which requests are answered at all, before any of them is looked into.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::kind::Kind;
use super::problem::Problem;

/// The values of `Host` that are answered.
///
/// A page on another site can make a browser send requests to this machine under a name of its own. So
/// the server answers only to the names of loopback and to configured ones, and to no foreign page.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    hosts: Arc<[String]>,
}

impl Guard {
    /// For a server at `address`.
    pub(super) fn new(address: SocketAddr, configured: &[String]) -> Self {
        let port = address.port();
        let names = ["127.0.0.1", "localhost", "[::1]"];
        let own = names.iter().map(|name| format!("{name}:{port}"));
        Guard {
            hosts: own.chain(configured.iter().cloned()).collect(),
        }
    }

    fn refuses(&self, headers: &HeaderMap) -> Option<Kind> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or_default();
        if !self.hosts.iter().any(|known| known == host) {
            return Some(Kind::HOST);
        }
        let origin = headers.get(header::ORIGIN)?.to_str().unwrap_or_default();
        let is_own = ["http://", "https://"]
            .iter()
            .any(|scheme| origin.strip_prefix(scheme) == Some(host));
        (!is_own).then_some(Kind::ORIGIN)
    }
}

/// Answers only what the guard lets through, and says on every answer what a browser may do with it.
pub(super) async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match guard.refuses(request.headers()) {
        Some(kind) => Problem::from(kind).into_response(),
        None => next.run(request).await,
    };
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}
