//! Every operation of the interface, and its description (OpenAPI 3.1) at `/api/v1/openapi.json`.
//!
//! The router takes its addresses and their roles from here ([`super::routes`]); tests hold the running server
//! against what is described.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::access::Access;
use super::describe;
use super::kind::Kind;
use super::{check, decision, schemas};
use crate::tokens::Role;

/// Where the national platform itself answers.
const NATIONAL_PATH: &str = "/fsi/api/rsfComIfsService/callService";

const HIS: Access = Access::Only(&[Role::His]);

/// A method of an address.
#[derive(Debug)]
pub(super) struct Operation {
    /// `get` (which answers `HEAD` too) or `post`.
    pub(super) method: &'static str,
    /// The address, parts that vary in braces.
    pub(super) path: &'static str,
    /// Who may use it.
    pub(super) access: Access,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// The schema of the body that it takes.
    pub(super) body: Option<&'static str>,
    /// Media type of the answer, and what the answer is.
    pub(super) content: (&'static str, Schema),
    /// The problems beside those that every address has.
    pub(super) problems: &'static [Kind],
}

/// What an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// Said elsewhere.
    Free,
    /// One of these.
    One(&'static str),
    /// A list of these.
    List(&'static str),
    /// A list of these, or the same as a table.
    Table(&'static str),
}

/// A part of an address or of its query.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) is_in_path: bool,
    pub(super) description: &'static str,
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const WRITTEN: [Kind; 2] = [Kind::TOO_LARGE, Kind::MEDIA_TYPE];
const PACK: [Parameter; 2] = [
    in_path("name_space", "name space of the pack: `37`"),
    in_path("name", "name of the pack: `chronic-limits`"),
];

pub(super) static CALL: Operation = Operation {
    method: "post",
    path: "/",
    access: HIS,
    id: "call",
    summary: "The national transactions 3101, 3102 and 3103, in the national envelope",
    parameters: &[],
    body: Some("Envelope"),
    content: (JSON, Schema::One("Envelope")),
    problems: &[],
};

pub(super) static CALL_AT_PLATFORM: Operation = Operation {
    path: NATIONAL_PATH,
    id: "call-at-platform",
    summary: "The same, at the path under which the national platform answers",
    ..CALL
};

pub(super) static CHECK: Operation = Operation {
    method: "post",
    path: "/api/v1/check",
    access: Access::Only(&[Role::His, Role::Auditor]),
    id: "check",
    summary: "Reviews patients given as tables of the contract; recorded and kept as a 3101 is",
    parameters: &[],
    body: Some("CheckRequest"),
    content: (JSON, Schema::One("Checked")),
    problems: &[WRITTEN[0], WRITTEN[1], Kind::REQUEST, Kind::UNJUDGED],
};

pub(super) static FINDINGS: Operation = Operation {
    method: "get",
    path: "/api/v1/findings",
    access: Access::Only(&[Role::Auditor]),
    id: "findings",
    summary: "What was found, the latest first, with the last decision on each; JSON or CSV",
    parameters: &[
        in_query("encounter", "key of the encounter (就诊)"),
        in_query("department", "科室: of the order, else of the encounter"),
        in_query("doctor", "医师: of the order, else of the encounter"),
        in_query("rule", "id of the rule in its pack"),
        in_query(
            "pack",
            "name space and name of the pack: `37/chronic-limits`",
        ),
        in_query("version", "version of the pack"),
        in_query("stage", "`before`, `during` or `after`"),
        in_query(
            "certainty",
            "`violation`, `high-suspicion` or `low-suspicion`",
        ),
        in_query("action", "`remind`, `review` or `block`"),
        in_query(
            "decision",
            "`continued`, `changed`, or `none` where nothing is decided",
        ),
        in_query("from", "first day on which it was found"),
        in_query("to", "last day on which it was found"),
        in_query(
            "before",
            "id of a finding: only those that were found before it, to read on",
        ),
        in_query(
            "limit",
            "at most so many: 1,000 unless told, 10,000 at most",
        ),
        in_query("format", "`json` (unless told) or `csv`"),
    ],
    body: None,
    content: (JSON, Schema::Table("ShownFinding")),
    problems: &[Kind::QUERY, Kind::STORAGE],
};

pub(super) static OVERRIDES: Operation = Operation {
    method: "get",
    path: "/api/v1/overrides",
    access: Access::Any,
    id: "overrides",
    summary: "By rule version: findings, decisions, and the share that was overridden",
    parameters: &[],
    body: None,
    content: (JSON, Schema::List("Overrides")),
    problems: &[],
};

pub(super) static RECEIPT: Operation = Operation {
    method: "get",
    path: "/api/v1/receipts/{id}",
    access: Access::Any,
    id: "receipt",
    summary: "What a verdict rested on, signed (`docs/JOURNAL.md`); no patient data",
    parameters: &[in_path(
        "id",
        "the answer's number, or the id of one of its findings",
    )],
    body: None,
    content: (JSON, Schema::Free),
    problems: &[Kind::NOT_FOUND, Kind::STORAGE],
};

pub(super) static PACKS: Operation = Operation {
    method: "get",
    path: "/api/v1/packs",
    access: Access::Any,
    id: "packs",
    summary: "Every version known, and what this host made of it",
    parameters: &[],
    body: None,
    content: (JSON, Schema::List("PackStatus")),
    problems: &[],
};

pub(super) static VERSIONS: Operation = Operation {
    path: "/api/v1/packs/{name_space}/{name}",
    id: "versions",
    summary: "Every version known of one pack",
    parameters: &PACK,
    problems: &[Kind::NOT_FOUND],
    ..PACKS
};

pub(super) static DECIDE: Operation = Operation {
    method: "post",
    path: "/api/v1/packs/{name_space}/{name}/decisions",
    access: Access::Only(&[Role::Administrator]),
    id: "decide",
    summary: "Hold, release, approve or roll back, as `rulepack host` does; in force when answered",
    parameters: &PACK,
    body: Some("Decision"),
    content: (JSON, Schema::One("Decided")),
    problems: &[
        WRITTEN[0],
        WRITTEN[1],
        Kind::REQUEST,
        Kind::NOT_FOUND,
        Kind::DECISION,
        Kind::STORAGE,
    ],
};

pub(super) static UPDATES: Operation = Operation {
    method: "get",
    path: "/api/v1/updates",
    access: Access::Any,
    id: "updates",
    summary: "What waits, is held, was refused or is mandatory; the last refresh and the last try",
    parameters: &[],
    body: None,
    content: (JSON, Schema::One("Updates")),
    problems: &[Kind::STORAGE],
};

pub(super) static STATUS: Operation = Operation {
    method: "get",
    path: "/api/v1/status",
    access: Access::Any,
    id: "status",
    summary: "How the host is doing: packs, lock, last update, policy",
    parameters: &[],
    body: None,
    content: (JSON, Schema::One("Status")),
    problems: &[],
};

pub(super) static DOCUMENT: Operation = Operation {
    method: "get",
    path: "/api/v1/openapi.json",
    access: Access::Open,
    id: "document",
    summary: "This description",
    parameters: &[],
    body: None,
    content: (JSON, Schema::Free),
    problems: &[],
};

pub(super) static STATUS_PAGE: Operation = Operation {
    method: "get",
    path: "/status",
    access: Access::Any,
    id: "status-page",
    summary: "The status for people",
    parameters: &[],
    body: None,
    content: ("text/html; charset=utf-8", Schema::Free),
    problems: &[],
};

pub(super) static STYLE: Operation = Operation {
    path: "/style.css",
    access: Access::Open,
    id: "style",
    summary: "How the page looks",
    content: ("text/css", Schema::Free),
    ..STATUS_PAGE
};

pub(super) static METRICS: Operation = Operation {
    path: "/metrics",
    id: "metrics",
    summary: "Counts for Prometheus, without patient data",
    content: (super::metrics::MEDIA_TYPE, Schema::Free),
    ..STATUS_PAGE
};

pub(super) static HEALTH: Operation = Operation {
    path: "/healthz",
    access: Access::Open,
    id: "health",
    summary: "Whether the process answers",
    content: (TEXT, Schema::Free),
    ..STATUS_PAGE
};

pub(super) static READY: Operation = Operation {
    path: "/readyz",
    access: Access::Open,
    id: "ready",
    summary: "Whether calls can be answered: the packs in force are loaded, and the journal can be written",
    content: (TEXT, Schema::Free),
    problems: &[Kind::LOADING, Kind::NOT_RECORDING],
    ..STATUS_PAGE
};

/// All of them.
pub(super) static OPERATIONS: [&Operation; 17] = [
    &CALL,
    &CALL_AT_PLATFORM,
    &CHECK,
    &FINDINGS,
    &OVERRIDES,
    &RECEIPT,
    &PACKS,
    &VERSIONS,
    &DECIDE,
    &UPDATES,
    &STATUS,
    &DOCUMENT,
    &STATUS_PAGE,
    &STYLE,
    &METRICS,
    &HEALTH,
    &READY,
];

/// `GET /api/v1/openapi.json`
pub(super) async fn serve() -> Response {
    let media_type = HeaderValue::from_static(JSON);
    let body = document().to_string();
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

/// The description as JSON.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = describe::operation(operation, false);
        if operation.method == "get" {
            item["head"] = describe::operation(operation, true);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "rulepack host",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "A hospital's own reviews by its bureau's rule packs. Roles: `his` asks and tells what was \
                            decided, `auditor` reads what was found, `administrator` looks after the host.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

impl Operation {
    /// Whether it speaks in national envelopes.
    pub(super) fn is_national(&self) -> bool {
        self.path == CALL.path || self.path == NATIONAL_PATH
    }

    /// The most bytes of a body.
    pub(super) fn body_bytes_max(&self) -> usize {
        match self.body {
            None => 0,
            Some("Decision") => decision::BODY_BYTES_MAX,
            Some(_) => check::BODY_BYTES_MAX,
        }
    }

    /// The kinds of problems that it may answer with, by status.
    pub(super) fn problems(&self) -> Vec<Kind> {
        let common = [
            Kind::HOST,
            Kind::ORIGIN,
            Kind::METHOD,
            Kind::TIMEOUT,
            Kind::INTERNAL,
        ];
        let gate: &[Kind] = match (self.is_national(), self.access) {
            (true, _) | (_, Access::Open) => &[],
            (_, Access::Any) => &[Kind::TOKEN, Kind::TOKENS],
            (_, Access::Only(_)) => &[Kind::TOKEN, Kind::ROLE, Kind::TOKENS],
        };
        let mut kinds: Vec<Kind> = self.problems.to_vec();
        kinds.extend(common);
        kinds.extend(gate);
        kinds.sort_by_key(|kind| (kind.status, kind.word));
        kinds
    }
}

const fn in_path(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        is_in_path: true,
        description,
    }
}

const fn in_query(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        is_in_path: false,
        description,
    }
}
