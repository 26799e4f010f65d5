//! What the server answers has the form that is described: no field that is not, and all that are required.

use serde_json::{Value, json};

use super::decisions::keep;
use super::server::Server;
use super::tokens::token;
use super::*;
use crate::service::document::document;
use crate::tokens::Role;

/// A description and the places where an answer differs from it.
struct Held {
    description: Value,
    differences: Vec<String>,
}

impl Held {
    /// The fields of an object schema: its own, and those of all parts of it.
    fn fields(&self, schema: &Value, known: &mut Vec<(String, Value)>, required: &mut Vec<String>) {
        let schema = self.resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fields(part, known, required);
        }
        let properties = schema["properties"].as_object();
        for (name, property) in properties.into_iter().flatten() {
            known.push((name.clone(), property.clone()));
        }
        let names = schema["required"].as_array().into_iter().flatten();
        required.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
    }

    fn resolved(&self, schema: &Value) -> Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').unwrap();
                self.description.pointer(pointer).unwrap().clone()
            }
            None => schema.clone(),
        }
    }

    fn hold(&mut self, value: &Value, schema: &Value, place: &str) {
        let schema = self.resolved(schema);
        let choices = ["oneOf", "anyOf"]
            .iter()
            .find_map(|name| schema[name].as_array());
        if let Some(choices) = choices {
            let fits = |choice: &Value| {
                let mut held = Held {
                    description: self.description.clone(),
                    differences: Vec::new(),
                };
                held.hold(value, choice, place);
                held.differences.is_empty()
            };
            if !choices.iter().any(fits) {
                self.differences
                    .push(format!("{place}: no choice fits {value}"));
            }
            return;
        }
        if !is_of_type(value, &schema["type"]) {
            self.differences
                .push(format!("{place}: {value} is not {}", schema["type"]));
        }
        let values = schema["enum"].as_array();
        if values.is_some_and(|values| !values.contains(value)) {
            self.differences
                .push(format!("{place}: {value} is none of {}", schema["enum"]));
        }
        match value {
            Value::Object(object) => self.hold_object(object, &schema, place),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.hold(item, &schema["items"], &format!("{place}[{index}]"));
                }
            }
            _ => {}
        }
    }

    fn hold_object(
        &mut self,
        object: &serde_json::Map<String, Value>,
        schema: &Value,
        place: &str,
    ) {
        let (mut known, mut required) = (Vec::new(), Vec::new());
        self.fields(schema, &mut known, &mut required);
        for name in required {
            if !object.contains_key(&name) {
                self.differences.push(format!("{place}.{name} is missing"));
            }
        }
        // An object of which nothing is described may hold anything.
        let others = schema.get("additionalProperties").cloned();
        for (name, value) in object {
            let place = format!("{place}.{name}");
            match (known.iter().find(|(known, _)| known == name), &others) {
                (Some((_, property)), _) => self.hold(value, &property.clone(), &place),
                (None, Some(others)) if others.is_object() => self.hold(value, others, &place),
                (None, _) if known.is_empty() => {}
                (None, _) => self.differences.push(format!("{place} is not described")),
            }
        }
    }
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match wanted {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().any(|name| name.as_str().is_some_and(is)),
        _ => true,
    }
}

/// How an answer differs from what is described for the method of an address.
fn differences(answer: &super::server::Answer, (method, path): (&str, &str)) -> Vec<String> {
    let description = document();
    let status = answer.status.to_string();
    let response = &description["paths"][path][method]["responses"][&status];
    let media_type = match answer
        .head
        .contains("content-type: application/problem+json")
    {
        true => "application/problem+json",
        false => "application/json",
    };
    let schema = response["content"][media_type]["schema"].clone();
    assert!(schema.is_object(), "{method} {path} {status}");
    let mut held = Held {
        description,
        differences: Vec::new(),
    };
    held.hold(&answer.json(), &schema, "");
    held.differences
}

#[test]
fn answers_have_the_form_that_is_described() {
    let server = Server::start();
    let waiting = State::Waiting {
        reason: "`host.toml` asks for approval".into(),
    };
    lock_with("1.0.0", waiting)
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    server.service.reload().unwrap();
    keep(&server);
    let (_, auditor) = token(&server, Role::Auditor);
    let (_, administrator) = token(&server, Role::Administrator);
    let host = server.host();
    let get = |path: &str, token: &str| server.send(&format!("GET {path}"), &[&host, token], b"");
    let post = |path: &str, token: &str, body: Value| {
        let head = [&*host, "content-type: application/json", token];
        server.send(&format!("POST {path}"), &head, body.to_string().as_bytes())
    };
    let plain = "accept: */*";
    let patient = json!({"stage": "after", "tables": {"patients": [{"patient": "P1"}]}});
    let hold = json!({"decision": "hold", "reason": "等待答复"});
    let decide = "/api/v1/packs/{name_space}/{name}/decisions";
    for (method, path, answer) in [
        (
            "post",
            "/api/v1/check",
            post("/api/v1/check", plain, patient),
        ),
        (
            "post",
            "/api/v1/check",
            post("/api/v1/check", plain, json!({})),
        ),
        ("get", "/api/v1/findings", get("/api/v1/findings", &auditor)),
        ("get", "/api/v1/overrides", get("/api/v1/overrides", plain)),
        ("get", "/api/v1/packs", get("/api/v1/packs", plain)),
        ("get", "/api/v1/status", get("/api/v1/status", plain)),
        ("get", "/api/v1/updates", get("/api/v1/updates", plain)),
        (
            "post",
            decide,
            post("/api/v1/packs/37/limits/decisions", &administrator, hold),
        ),
    ] {
        let found = differences(&answer, (method, path));
        assert!(
            found.is_empty(),
            "{method} {path}: {found:#?}\n{}",
            answer.text()
        );
    }
}

#[test]
fn what_is_not_described_is_noticed() {
    let schema =
        json!({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a", "b"]}]});
    let mut held = Held {
        description: Value::Null,
        differences: Vec::new(),
    };
    held.hold(&json!({"a": "1", "c": 2}), &schema, "");
    assert_eq!(
        held.differences,
        [
            ".b is missing",
            ".a: \"1\" is not \"integer\"",
            ".c is not described"
        ]
    );
}

#[test]
fn the_example_of_a_check_has_the_form_that_is_described() {
    let example = include_str!("../../../../examples/check-order.json");
    let mut held = Held {
        description: document(),
        differences: Vec::new(),
    };
    let schema = json!({"$ref": "#/components/schemas/CheckRequest"});
    held.hold(&serde_json::from_str(example).unwrap(), &schema, "");
    assert_eq!(held.differences, Vec::<String>::new());
}
