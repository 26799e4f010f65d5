//! Who may use which address: bearer tokens and their roles.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Service;
use super::calls::envelope;
use super::document::Operation;
use super::kind::Kind;
use super::problem::Problem;
use crate::tokens::{Role, Tokens};

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody: it says nothing.
    Open,
    /// Whoever may ask anything at all: no patient data.
    Any,
    /// These roles.
    Only(&'static [Role]),
}

/// What is needed to tell who may pass.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    pub(super) service: Arc<Service>,
    /// Whether only this machine can ask.
    pub(super) is_loopback: bool,
}

/// The gate before one operation.
#[derive(Debug, Clone)]
pub(super) struct Door {
    pub(super) gate: Gate,
    pub(super) operation: &'static Operation,
}

/// Whose token let a request in: told in the log beside what its bearer decided.
#[derive(Debug, Clone)]
pub(super) struct Bearer(pub(super) Arc<str>);

/// Lets a request through where its token has a role that its address asks for.
pub(super) async fn check(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    match admitted(&door.gate, door.operation.access, request.headers()) {
        Ok(bearer) => {
            request.extensions_mut().insert(bearer);
            next.run(request).await
        }
        Err(kind) => refusal(&door, kind),
    }
}

/// Whose request it is, or the kind of problem for which it goes no further.
fn admitted(gate: &Gate, access: Access, headers: &HeaderMap) -> Result<Bearer, Kind> {
    let nobody = || Bearer("none".into());
    if access == Access::Open {
        return Ok(nobody());
    }
    let tokens = Tokens::read(&gate.service.folder.tokens()).map_err(|error| {
        tracing::error!(%error, "tokens cannot be read");
        Kind::TOKENS
    })?;
    let (role, bearer) = match headers.get(header::AUTHORIZATION) {
        Some(shown) => {
            let token = shown
                .to_str()
                .ok()
                .and_then(|shown| shown.strip_prefix("Bearer "))
                .and_then(|text| tokens.bearer(text))
                .ok_or(Kind::TOKEN)?;
            (token.role, Bearer(token.id.as_str().into()))
        }
        // Until the HIS has a token, whoever reaches loopback is the HIS. Where the network is served, the last
        // token may have been revoked since: that opens nothing.
        None if gate.is_loopback && !tokens.has(Role::His) => (Role::His, nobody()),
        None => return Err(Kind::TOKEN),
    };
    match access {
        Access::Only(wanted) if !wanted.contains(&role) => Err(Kind::ROLE),
        _ => Ok(bearer),
    }
}

fn refusal(door: &Door, kind: Kind) -> Response {
    let mut response = match door.operation.is_national() {
        // The HIS reads envelopes.
        true => {
            let status = StatusCode::from_u16(kind.status).unwrap_or(StatusCode::FORBIDDEN);
            let refused = super::answer::refusal(&door.gate.service, kind.meaning);
            envelope(status, refused).into_response()
        }
        false => Problem::from(kind).into_response(),
    };
    if kind == Kind::TOKEN {
        let value = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
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
        for (is_loopback, expected) in [(true, None), (false, Some(Kind::TOKEN))] {
            let service = Arc::clone(&service);
            let gate = Gate {
                service,
                is_loopback,
            };
            let found = admitted(&gate, Access::Only(&[Role::His]), &HeaderMap::new());
            assert_eq!(found.err(), expected);
        }
    }
}
