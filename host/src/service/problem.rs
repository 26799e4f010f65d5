//! Errors as RFC 9457 `application/problem+json`.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::kind::Kind;

/// The media type of a problem.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";
/// What every `type` begins with; the word of a [`Kind`] follows.
pub(super) const TYPE_PREFIX: &str = "urn:rulepack:problem:";

/// A problem as it goes over the wire. No value of a request is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// Stable: what a program looks at.
    #[serde(rename = "type")]
    kind: String,
    /// The error in one sentence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// Where nothing was judged: whether the order goes on (`policy.toml`).
    #[serde(skip_serializing_if = "Option::is_none")]
    proceed: Option<bool>,
}

impl Problem {
    /// A problem of this kind, told in its own words.
    pub(super) fn new(kind: Kind, title: impl Into<String>) -> Self {
        Problem {
            kind: format!("{TYPE_PREFIX}{}", kind.word),
            title: title.into(),
            status: kind.status,
            hint: None,
            proceed: None,
        }
    }

    pub(super) fn hint(self, hint: Option<&str>) -> Self {
        Problem {
            hint: hint.map(str::to_owned),
            ..self
        }
    }

    pub(super) fn proceed(self, proceed: bool) -> Self {
        Problem {
            proceed: Some(proceed),
            ..self
        }
    }
}

/// A problem that there is no more to say of than what its kind means.
impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Problem::new(kind, kind.meaning)
    }
}

/// The parts of an address that vary. What is no text names nothing that is there.
pub(super) fn parts<T>(path: Result<Path<T>, PathRejection>) -> Result<T, Problem> {
    match path {
        Ok(Path(parts)) => Ok(parts),
        Err(_) => Err(Kind::NOT_FOUND.into()),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let media_type = HeaderValue::from_static(MEDIA_TYPE);
        (status, [(header::CONTENT_TYPE, media_type)], body).into_response()
    }
}
