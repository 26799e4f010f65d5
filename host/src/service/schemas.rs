//! What requests and answers hold: most from the types that are sent, the tables from the contract.

use rulepack_contract::schema::{Kind, TABLES, Table};
use rulepack_contract::units;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::apart::{Broken, LeftOut};
use super::check::Checked;
use super::decision::{Decided, Decision};
use super::problem::Problem;
use super::search::ShownFinding;
use super::status::{PackStatus, Status};
use super::updates::Updates;
use crate::findings::Overrides;

/// All of them by name.
pub(super) fn all() -> Value {
    let mut schemas = Map::new();
    add::<Problem>(&mut schemas);
    add::<Checked>(&mut schemas);
    add::<Broken>(&mut schemas);
    add::<LeftOut>(&mut schemas);
    add::<Decision>(&mut schemas);
    add::<Decided>(&mut schemas);
    add::<ShownFinding>(&mut schemas);
    add::<Overrides>(&mut schemas);
    add::<PackStatus>(&mut schemas);
    add::<Status>(&mut schemas);
    add::<Updates>(&mut schemas);
    schemas.insert("Envelope".to_owned(), envelope());
    schemas.insert("CheckRequest".to_owned(), check_request());
    Value::Object(schemas)
}

/// A schema, and those that it refers to.
fn add<T: ToSchema + PartialSchema>(schemas: &mut Map<String, Value>) {
    let mut found = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        schemas.insert(name, json!(schema));
    }
}

fn envelope() -> Value {
    json!({
        "type": "object",
        "description": "报文 of the national interface, with the fields of 3101, 3102 and 3103; what a host reads of it \
                        and answers in it stands in `docs/DATA.md`.",
    })
}

fn check_request() -> Value {
    let tables: Map<String, Value> = TABLES
        .iter()
        .map(|table| (table.name.to_owned(), rows(table)))
        .collect();
    let day = json!({ "type": "string", "format": "date" });
    let coverage = json!({
        "type": "object", "additionalProperties": false, "required": ["presence"],
        "properties": {
            "presence": { "enum": ["absent", "partial", "complete"] },
            "history_start": day,
        },
    });
    json!({
        "type": "object", "additionalProperties": false, "required": ["stage", "tables"],
        "properties": {
            "stage": {
                "enum": ["before", "during", "after"],
                "description": "事前, 事中, 事后",
            },
            "scenes": { "type": "array", "items": { "type": "string" }, "description": "触发场景 (trig_scen)" },
            "tables": { "type": "object", "additionalProperties": false, "properties": tables },
            "coverage": {
                "type": "object", "additionalProperties": coverage,
                "description": "by table; a table that is named in `tables` is complete unless this says otherwise",
            },
            "reach": {
                "enum": ["institution", "pooling-area", "province"],
                "description": "how far the history that is sent reaches",
            },
            "history": {
                "type": "boolean", "default": true,
                "description": "whether what this host keeps of the patients is added",
            },
            "period": {
                "type": "object", "additionalProperties": false, "required": ["first", "last"],
                "properties": { "first": day, "last": day },
                "description": "the days that institutions are reviewed for: the tables then hold all of their \
                                encounters and lines of these days, unless `coverage` says otherwise",
            },
        },
    })
}

fn rows(table: &Table) -> Value {
    let mut columns: Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.to_owned(), cell(column.kind, column.doc)))
        .collect();
    let mut required: Vec<&str> = Vec::new();
    if let Some(key) = table.key() {
        columns.insert(key.to_owned(), json!({ "type": "string" }));
        required.push(key);
    }
    if let Some((owner, _)) = table.owner() {
        required.push(table.columns[owner].name);
    }
    json!({
        "type": "array",
        "description": table.doc,
        "items": {
            "type": "object", "additionalProperties": false,
            "required": required, "properties": columns,
        },
    })
}

/// Texts are read as numbers are, so that no decimal passes through a float on its way.
fn cell(kind: Kind, doc: &str) -> Value {
    let types = match kind {
        Kind::Flag => json!(["string", "integer", "boolean", "null"]),
        _ => json!(["string", "number", "null"]),
    };
    let expected = units::expectation(kind);
    let description = match doc.is_empty() {
        true => expected.to_owned(),
        false => format!("{expected}. {doc}"),
    };
    json!({ "type": types, "description": description })
}
