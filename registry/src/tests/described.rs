//! The description of the interface and the server say the same.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fixture::*;
use super::server::Server;

const METHODS: [&str; 8] = [
    "get", "head", "post", "put", "delete", "patch", "options", "trace",
];

fn description(server: &Server) -> Value {
    let answer = server.get("/api/v1/openapi.json");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// An address with its variable parts filled in; nothing is published there.
fn filled(path: &str) -> String {
    let path = path.replace("{name_space}", "37").replace("{name}", "none");
    path.replace("{file}", "none")
}

#[test]
fn every_address_answers_to_the_methods_that_are_described_and_no_other() {
    let world = World::with_delegations();
    let server = Server::start(&world);
    let description = description(&server);
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in METHODS {
            let answer = server.raw(&method.to_uppercase(), &filled(path), "");
            let refused = answer.starts_with("HTTP/1.1 405 ");
            let described = item.get(method).is_some();
            assert_eq!(refused, !described, "{method} {path}: {answer}");
        }
    }
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let world = World::with_delegations();
    let description = description(&Server::start(&world));
    assert_eq!(description["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert_eq!(found.len(), 4, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    let properties = &description["components"]["schemas"]["Problem"]["properties"];
    for name in ["type", "title", "status", "causes", "hint"] {
        assert!(properties.get(name).is_some(), "{name}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(reference) = value.get("$ref") {
        found.insert(reference.as_str().unwrap().to_owned());
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| references(value, found)),
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
