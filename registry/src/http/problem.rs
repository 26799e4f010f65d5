//! Errors as RFC 9457 `application/problem+json`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::publish::{Refusal, RefusalKind};

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What every `type` begins with; the word of a [`Kind`] follows.
pub const TYPE_PREFIX: &str = "urn:rulepack:problem:";

/// A problem as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Problem {
    /// Stable: what a program looks at.
    #[serde(rename = "type")]
    pub kind: String,
    /// The error in one sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The causes of the error, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A problem of this kind, told in its own words.
    pub(crate) fn new(kind: Kind, title: impl Into<String>) -> Self {
        Self {
            kind: format!("{TYPE_PREFIX}{}", kind.word),
            title: title.into(),
            status: kind.status,
            causes: Vec::new(),
            hint: None,
        }
    }

    /// The word of the type, where it is one of ours.
    pub fn word(&self) -> Option<&str> {
        self.kind.strip_prefix(TYPE_PREFIX)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let kind = refusal.kind();
        // Faults of this machine are for its operator: paths and system errors stay in the log.
        let causes = match kind {
            RefusalKind::Storage | RefusalKind::Signer => Vec::new(),
            _ => causes(refusal),
        };
        Self {
            causes,
            hint: refusal.hint(),
            ..Self::new(kind.into(), refusal.to_string())
        }
    }
}

/// A problem that there is no more to say of than what its kind means.
impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind, kind.meaning)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)),
            // Nothing that is not there now may be remembered as missing: the next root above all.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (status, headers, body).into_response()
    }
}

/// The texts of an error's sources, the nearest first.
pub(crate) fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}
