//! Who may use which address: bearer tokens and their roles.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Service;
use super::http::{NATIONAL_PATH, envelope};
use crate::tokens::{Role, Tokens};

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Everybody: it says nothing.
    Open,
    /// Whoever may ask anything at all: no patient data.
    Any,
    /// One role.
    Only(Role),
}

/// What is needed to tell who may pass.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub(super) service: Arc<Service>,
    /// Whether only this machine can ask.
    pub(super) is_loopback: bool,
}

/// Why a request goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// No token, or none that is known.
    Token,
    /// A token of another role.
    Role,
    /// The tokens of this host cannot be read.
    Unreadable,
}

/// Lets a request through where its token has the role that its address asks for.
pub(super) async fn check(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let access = access(request.uri().path());
    match refused(&gate, access, request.headers()) {
        None => next.run(request).await,
        Some(refusal) => refusal.answer(&gate.service, access),
    }
}

/// What is not named here asks for a role too.
fn access(path: &str) -> Access {
    match path {
        "/healthz" | "/readyz" | "/style.css" => Access::Open,
        "/" | NATIONAL_PATH => Access::Only(Role::His),
        "/api/v1/findings" => Access::Only(Role::Auditor),
        _ => Access::Any,
    }
}

fn refused(gate: &Gate, access: Access, headers: &HeaderMap) -> Option<Refusal> {
    if access == Access::Open {
        return None;
    }
    let tokens = match Tokens::read(&gate.service.folder.tokens()) {
        Ok(tokens) => tokens,
        Err(error) => {
            tracing::error!(%error, "tokens cannot be read");
            return Some(Refusal::Unreadable);
        }
    };
    let role = match headers.get(header::AUTHORIZATION) {
        Some(shown) => shown
            .to_str()
            .ok()
            .and_then(|shown| shown.strip_prefix("Bearer "))
            .and_then(|token| tokens.role(token)),
        // Until the HIS has a token, whoever reaches loopback is the HIS. Where the network is served, the last
        // token may have been revoked since: that opens nothing.
        None => (gate.is_loopback && !tokens.has(Role::His)).then_some(Role::His),
    };
    match (role, access) {
        (None, _) => Some(Refusal::Token),
        (Some(role), Access::Only(wanted)) if role != wanted => Some(Refusal::Role),
        _ => None,
    }
}

impl Refusal {
    fn answer(self, service: &Service, access: Access) -> Response {
        let (status, word, title) = match self {
            Refusal::Token => (
                StatusCode::UNAUTHORIZED,
                "token",
                "expected `Authorization: Bearer` with a token of this host",
            ),
            Refusal::Role => (
                StatusCode::FORBIDDEN,
                "role",
                "the token has another role than this address asks for",
            ),
            Refusal::Unreadable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "tokens",
                "the tokens of this host cannot be read",
            ),
        };
        let mut response = match access {
            // The HIS reads envelopes.
            Access::Only(Role::His) => {
                envelope(status, super::answer::refusal(service, title)).into_response()
            }
            _ => problem(status, word, title),
        };
        if status == StatusCode::UNAUTHORIZED {
            let value = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

/// RFC 9457, as the registry answers it.
pub(super) fn problem(status: StatusCode, word: &str, title: &str) -> Response {
    let body = json!({
        "type": format!("urn:rulepack:problem:{word}"),
        "title": title,
        "status": status.as_u16(),
    });
    let media_type = HeaderValue::from_static("application/problem+json");
    let mut response = (status, Json(body)).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

#[cfg(test)]
mod tests {
    use super::super::tests::server::service;
    use super::*;

    #[test]
    fn revoking_the_last_token_does_not_open_a_service_beyond_loopback() {
        let folder = tempfile::tempdir().unwrap();
        let service = Arc::new(service(&folder));
        for (is_loopback, expected) in [(true, None), (false, Some(Refusal::Token))] {
            let service = Arc::clone(&service);
            let gate = Gate {
                service,
                is_loopback,
            };
            assert_eq!(refused(&gate, access("/"), &HeaderMap::new()), expected);
        }
    }
}
