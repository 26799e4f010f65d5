//! An operation in the words of OpenAPI.

use serde_json::{Map, Value, json};

use super::access::Access;
use super::document::{Operation, Parameter, Schema};
use super::kind::Kind;
use super::problem::{self, TYPE_PREFIX};
use super::search;
use crate::tokens::Role;

/// Statuses under which a national envelope tells what is wrong.
const ENVELOPES: [(&str, &str); 5] = [
    ("401", "no token, or none that is known"),
    ("403", "a token of another role; a page of another site"),
    ("413", "the body is longer than 8 MiB"),
    ("415", "the content type is not `application/json`"),
    (
        "503",
        "the tokens of this host cannot be read; the answer took too long",
    ),
];

/// A method of an address; its answers have no bodies where it is `HEAD`.
pub(super) fn operation(operation: &Operation, is_head: bool) -> Value {
    let id = if is_head { "-head" } else { "" };
    let mut described = json!({
        "operationId": format!("{}{id}", operation.id),
        "summary": operation.summary,
        "parameters": operation.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "responses": responses(operation, is_head),
    });
    let roles: Option<Vec<&str>> = match operation.access {
        Access::Open => None,
        Access::Any => Some(Role::ALL.iter().map(|role| role.word()).collect()),
        Access::Only(roles) => Some(roles.iter().map(|role| role.word()).collect()),
    };
    if let Some(roles) = roles {
        described["security"] = json!([{ "token": [] }]);
        described["x-rulepack-roles"] = json!(roles);
    }
    if let Some(body) = operation.body {
        described["requestBody"] = json!({
            "required": true,
            "description": format!("at most {} bytes", operation.body_bytes_max()),
            "content": { "application/json": { "schema": reference(body) } },
        });
    }
    described
}

/// Where a schema stands.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": if parameter.is_in_path { "path" } else { "query" },
        "required": parameter.is_in_path,
        "description": parameter.description,
        "schema": { "type": "string" },
    })
}

fn responses(operation: &Operation, is_head: bool) -> Map<String, Value> {
    let (media_type, declared) = operation.content;
    let schema = match declared {
        Schema::Free => json!({}),
        Schema::One(name) => json!({ "schema": reference(name) }),
        Schema::List(name) | Schema::Table(name) => {
            json!({ "schema": { "type": "array", "items": reference(name) } })
        }
    };
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        answer("done", is_head, media_type, schema.clone()),
    );
    if let Some(done) = responses.get_mut("200")
        && matches!(declared, Schema::Table(_))
        && !is_head
    {
        done["content"][search::CSV] = json!({});
    }
    if operation.is_national() {
        for (status, description) in ENVELOPES {
            let answer = answer(description, is_head, media_type, schema.clone());
            responses.insert(status.to_owned(), answer);
        }
    }
    let kinds = operation.problems();
    for of_status in kinds.chunk_by(|one, other| one.status == other.status) {
        let Some(first) = of_status.first() else {
            continue;
        };
        let told = problems(of_status, is_head);
        match responses.get_mut(&first.status.to_string()) {
            None => _ = responses.insert(first.status.to_string(), told),
            // An envelope too.
            Some(also) => {
                if let Some(content) = told["content"].get(problem::MEDIA_TYPE) {
                    also["content"][problem::MEDIA_TYPE] = content.clone();
                }
            }
        }
    }
    responses
}

fn answer(description: &str, is_head: bool, media_type: &str, schema: Value) -> Value {
    let mut described = json!({ "description": description });
    if !is_head {
        described["content"] = json!({ media_type: schema });
    }
    described
}

/// The problems of one status.
fn problems(kinds: &[Kind], is_head: bool) -> Value {
    let told = |kind: &Kind| format!("`{}`: {}", kind.word, kind.meaning);
    let description: Vec<String> = kinds.iter().map(told).collect();
    let mut described = json!({ "description": description.join("; ") });
    if !is_head {
        let types = kinds
            .iter()
            .map(|kind| format!("{TYPE_PREFIX}{}", kind.word));
        let schema = json!({ "allOf": [
            reference("Problem"),
            { "properties": { "type": { "enum": types.collect::<Vec<_>>() } } },
        ]});
        described["content"] = json!({ problem::MEDIA_TYPE: { "schema": schema } });
    }
    described
}
