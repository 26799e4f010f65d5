//! The description of the interface and the server say the same: methods, roles, references.

use std::collections::BTreeSet;

use serde_json::Value;

use super::server::Server;
use super::tokens::token;
use crate::service::document::document;
use crate::tokens::Role;

const METHODS: [&str; 8] = [
    "get", "head", "post", "put", "delete", "patch", "options", "trace",
];

/// An address with its variable parts filled in.
fn filled(path: &str) -> String {
    let path = path.replace("{name_space}", "37").replace("{name}", "none");
    path.replace("{id}", "none")
}

fn status(server: &Server, (method, path): (&str, &str), token: Option<&str>) -> u16 {
    let host = server.host();
    let mut head = vec![host.as_str(), "content-type: application/json"];
    head.extend(token);
    let line = format!("{} {}", method.to_uppercase(), filled(path));
    server.send(&line, &head, b"").status
}

#[test]
fn every_address_answers_to_the_methods_that_are_described_and_no_other() {
    let server = Server::start();
    let (_, auditor) = token(&server, Role::Auditor);
    let description = server.get("/api/v1/openapi.json").json();
    assert_eq!(description, document());
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in METHODS {
            let refused = status(&server, (method, path), Some(&auditor)) == 405;
            assert_eq!(refused, item.get(method).is_none(), "{method} {path}");
        }
    }
}

/// Every address, with every role and without any, before and after the HIS has a token.
#[test]
fn every_address_lets_in_the_roles_that_are_described_and_nobody_else() {
    let server = Server::start();
    let (_, auditor) = token(&server, Role::Auditor);
    let (_, administrator) = token(&server, Role::Administrator);
    let unknown = "authorization: Bearer rulepack_0".to_owned();
    // Until the HIS has a token, whoever reaches loopback is the HIS.
    let mut asked = vec![
        (Some("his"), None),
        (Some("auditor"), Some(auditor)),
        (Some("administrator"), Some(administrator)),
        (None, Some(unknown)),
    ];
    assert_eq!(compare(&server, &asked), 68);
    let (_, his) = token(&server, Role::His);
    asked[0] = (Some("his"), Some(his));
    asked.push((None, None));
    assert_eq!(compare(&server, &asked), 85);
}

/// Asks every address as everybody; answers how often.
fn compare(server: &Server, asked: &[(Option<&str>, Option<String>)]) -> usize {
    let mut compared = 0;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for method in ["get", "post"] {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let roles = operation.get("x-rulepack-roles").and_then(Value::as_array);
            for (role, token) in asked {
                let found = status(server, (method, path), token.as_deref());
                let allowed = match (roles, role) {
                    (None, _) => true,
                    (Some(roles), Some(role)) => roles.contains(&Value::from(*role)),
                    (Some(_), None) => false,
                };
                let refusal = if role.is_none() { 401 } else { 403 };
                match allowed {
                    true => assert!(![401, 403].contains(&found), "{method} {path} as {role:?}"),
                    false => assert_eq!(found, refusal, "{method} {path} as {role:?}"),
                }
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let description = document();
    assert_eq!(description["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&description, &mut found);
    assert!(found.len() >= 20, "{found:?}");
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    let tables = &description["components"]["schemas"]["CheckRequest"]["properties"]["tables"];
    let orders = &tables["properties"]["orders"]["items"];
    assert_eq!(
        orders["required"],
        serde_json::json!(["order", "encounters"])
    );
    assert!(orders["properties"]["amounts"].is_object());
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    if let Some(Value::String(reference)) = value.get("$ref") {
        found.insert(reference.clone());
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|value| references(value, found)),
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
