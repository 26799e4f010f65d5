//! The description of the interface (OpenAPI 3.1), at `/api/v1/openapi.json`.
//!
//! The router takes its addresses from here ([`super::routes`]), and a test provokes every status and
//! every type of problem that is described.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use super::api::Packs;
use super::kind::Kind;
use super::problem::{self, Problem, TYPE_PREFIX};
use crate::index::Entry;
use crate::publication;
use crate::publish::{Receipt, RefusalKind};

/// A method of an address.
pub(super) struct Operation {
    /// `get` (which answers `HEAD` too) or `post`.
    pub(super) method: &'static str,
    /// The address, parts that vary in braces.
    pub(super) path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    answers: &'static [Answer],
    /// The problems beside those that every address has.
    problems: fn() -> Vec<Kind>,
}

struct Parameter {
    name: &'static str,
    place: &'static str,
    description: &'static str,
}

struct Answer {
    status: u16,
    /// Media type, and the name of the schema where it is one of ours.
    content: Option<(&'static str, Option<&'static str>)>,
    description: &'static str,
}

pub(super) static TIMESTAMP: Operation = Operation {
    method: "get",
    path: "/metadata/timestamp.json",
    id: "timestamp",
    summary: "The signed timestamp: all that a host asks for while it is up to date",
    parameters: &[IF_NONE_MATCH],
    answers: &[
        json_file("TUF metadata, to be asked for again each time (`Cache-Control: no-cache`)"),
        UNCHANGED,
    ],
    problems: || vec![Kind::NOT_FOUND, RefusalKind::Storage.into()],
};

pub(super) static METADATA: Operation = Operation {
    method: "get",
    path: "/metadata/{file}",
    id: "metadata",
    summary: "A published version of a signed role: it never changes",
    parameters: &[
        in_path("file", "`<version>.<role>.json`, such as `3.37.json`"),
        IF_NONE_MATCH,
    ],
    answers: &[
        json_file("TUF metadata (`Cache-Control: immutable`)"),
        UNCHANGED,
    ],
    problems: || vec![Kind::NOT_FOUND, RefusalKind::Storage.into()],
};

pub(super) static TARGET: Operation = Operation {
    method: "get",
    path: "/targets/{name_space}/{name}/{file}",
    id: "target",
    summary: "The bytes of a pack, by their digest: they never change",
    parameters: &[
        in_path("name_space", "name space of the pack"),
        in_path("name", "name of the pack"),
        in_path("file", "`<sha256>.<version>.wasm`, of an overlay `….toml`"),
        IF_NONE_MATCH,
        in_header("Range", "one range of bytes, to go on with a download"),
        in_header("If-Range", "the entity tag of what is there already"),
    ],
    answers: &[
        wasm(
            200,
            "the pack, or an overlay as `application/toml` (`Cache-Control: immutable`)",
        ),
        wasm(206, "the part that `Range` asks for"),
        UNCHANGED,
    ],
    problems: || vec![Kind::NOT_FOUND, Kind::RANGE, RefusalKind::Storage.into()],
};

pub(super) static PACKS: Operation = Operation {
    method: "get",
    path: "/api/v1/packs",
    id: "packs",
    summary: "Versions of packs by name or title, from the index: never for a decision",
    parameters: &[Parameter {
        name: "query",
        place: "query",
        description: "a part of a name or title; without it all",
    }],
    answers: &[packs("the versions found")],
    problems: || vec![Kind::QUERY, Kind::INDEX],
};

pub(super) static VERSIONS: Operation = Operation {
    method: "get",
    path: "/api/v1/packs/{name_space}/{name}",
    id: "versions",
    summary: "All versions of one pack, newest first, from the index",
    parameters: &[
        in_path("name_space", "name space of the pack"),
        in_path("name", "name of the pack"),
    ],
    answers: &[packs("its versions")],
    problems: || vec![Kind::NOT_FOUND, Kind::INDEX],
};

pub(super) static PUBLISH: Operation = Operation {
    method: "post",
    path: "/api/v1/publish",
    id: "publish",
    summary: "Publishes signed roles and the packs that they newly list; again with the same bytes it \
              changes nothing",
    parameters: &[],
    answers: &[Answer {
        status: 200,
        content: Some(("application/json", Some("Receipt"))),
        description: "published, or published before",
    }],
    problems: || {
        let own = [Kind::MEDIA_TYPE, Kind::SLOW_UPLOAD, Kind::BUSY];
        own.into_iter()
            .chain(RefusalKind::all().map(Kind::from))
            .collect()
    },
};

pub(super) static DOCUMENT: Operation = Operation {
    method: "get",
    path: "/api/v1/openapi.json",
    id: "document",
    summary: "This description",
    parameters: &[],
    answers: &[json_file("OpenAPI 3.1")],
    problems: Vec::new,
};

pub(super) static HEALTH: Operation = Operation {
    method: "get",
    path: "/healthz",
    id: "health",
    summary: "Whether the repository can be read",
    parameters: &[],
    answers: &[text("text/plain; charset=utf-8", "`ok`")],
    problems: || vec![RefusalKind::Storage.into()],
};

pub(super) static PAGE: Operation = Operation {
    method: "get",
    path: "/",
    id: "page",
    summary: "A page for people: the list of packs",
    parameters: &[Parameter {
        name: "query",
        place: "query",
        description: "a part of a name or title",
    }],
    answers: &[text("text/html; charset=utf-8", "the page")],
    problems: || vec![Kind::INDEX],
};

pub(super) static STYLE: Operation = Operation {
    method: "get",
    path: "/style.css",
    id: "style",
    summary: "How the page looks",
    parameters: &[],
    answers: &[text("text/css", "the style sheet")],
    problems: Vec::new,
};

/// All of them.
pub(super) static OPERATIONS: [&Operation; 10] = [
    &TIMESTAMP, &METADATA, &TARGET, &PACKS, &VERSIONS, &PUBLISH, &DOCUMENT, &HEALTH, &PAGE, &STYLE,
];

/// What every address may answer: refused at the door, a method that it does not have, too late, or a
/// fault of the program.
pub(super) const COMMON: [Kind; 5] = [
    Kind::HOST,
    Kind::ORIGIN,
    Kind::METHOD,
    Kind::TIMEOUT,
    Kind::INTERNAL,
];

/// `GET /api/v1/openapi.json`
pub(super) async fn serve() -> Response {
    let media_type = HeaderValue::from_static("application/json");
    let body = document().to_string();
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

/// The description as JSON.
pub(super) fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method] = operation.describe(false);
        if operation.method == "get" {
            item["head"] = operation.describe(true);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "rulepack registry",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Signed rule packs. What counts is signed metadata (TUF) and packs by digest \
                            under `/metadata` and `/targets`; the rest is for people and tools.",
        },
        "paths": paths,
        "components": { "schemas": schemas() },
    })
}

impl Operation {
    /// The kinds of problems that it may answer with.
    pub(super) fn problems(&self) -> Vec<Kind> {
        let mut kinds = (self.problems)();
        kinds.extend(COMMON);
        kinds.sort_by_key(|kind| (kind.status, kind.word));
        kinds
    }

    fn describe(&self, is_head: bool) -> Value {
        let id = if is_head { "-head" } else { "" };
        let mut described = json!({
            "operationId": format!("{}{id}", self.id),
            "summary": self.summary,
            "parameters": self.parameters.iter().map(Parameter::describe).collect::<Vec<_>>(),
            "responses": self.responses(is_head),
        });
        if self.method == "post" {
            described["requestBody"] = json!({
                "required": true,
                "description": format!(
                    "at most {} bytes, without content encoding",
                    publication::BODY_BYTES_MAX
                ),
                "content": { publication::MEDIA_TYPE: {} },
            });
        }
        described
    }

    fn responses(&self, is_head: bool) -> Map<String, Value> {
        let mut responses = Map::new();
        // `HEAD` knows no ranges, and its answers have no bodies.
        let served = |status: u16| !is_head || !matches!(status, 206 | 416);
        for answer in self.answers.iter().filter(|answer| served(answer.status)) {
            responses.insert(answer.status.to_string(), answer.describe(is_head));
        }
        let kinds = self.problems();
        for of_status in kinds.chunk_by(|one, other| one.status == other.status) {
            if let Some(first) = of_status.first().filter(|first| served(first.status)) {
                responses.insert(first.status.to_string(), problems(of_status, is_head));
            }
        }
        responses
    }
}

impl Parameter {
    fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "required": self.place == "path",
            "description": self.description,
            "schema": { "type": "string" },
        })
    }
}

impl Answer {
    fn describe(&self, is_head: bool) -> Value {
        let mut described = json!({ "description": self.description });
        if let Some((media_type, schema)) = self.content.filter(|_| !is_head) {
            let schema = schema.map(|name| json!({ "schema": reference(name) }));
            described["content"] = json!({ media_type: schema.unwrap_or_else(|| json!({})) });
        }
        described
    }
}

/// The problems of one status.
fn problems(kinds: &[Kind], is_head: bool) -> Value {
    let told = |kind: &Kind| format!("`{}`: {}", kind.word, kind.meaning);
    let description: Vec<String> = kinds.iter().map(told).collect();
    let mut described = json!({ "description": description.join("; ") });
    if !is_head {
        let types: Vec<String> = kinds.iter().map(type_of).collect();
        let schema = json!({ "allOf": [
            reference("Problem"),
            { "properties": { "type": { "enum": types } } },
        ]});
        described["content"] = json!({ problem::MEDIA_TYPE: { "schema": schema } });
    }
    described
}

fn type_of(kind: &Kind) -> String {
    format!("{TYPE_PREFIX}{}", kind.word)
}

fn schemas() -> Value {
    json!({
        "Problem": Problem::schema(),
        "Receipt": Receipt::schema(),
        "Packs": Packs::schema(),
        "Entry": Entry::schema(),
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

const IF_NONE_MATCH: Parameter =
    in_header("If-None-Match", "the entity tag of what is there already");

const UNCHANGED: Answer = Answer {
    status: 304,
    content: None,
    description: "what the client has is still in force",
};

const fn in_path(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: "path",
        description,
    }
}

const fn in_header(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        place: "header",
        description,
    }
}

const fn text(media_type: &'static str, description: &'static str) -> Answer {
    Answer {
        status: 200,
        content: Some((media_type, None)),
        description,
    }
}

const fn json_file(description: &'static str) -> Answer {
    text("application/json", description)
}

const fn wasm(status: u16, description: &'static str) -> Answer {
    Answer {
        status,
        content: Some(("application/wasm", None)),
        description,
    }
}

const fn packs(description: &'static str) -> Answer {
    Answer {
        status: 200,
        content: Some(("application/json", Some("Packs"))),
        description,
    }
}
