//! The four families as decision tables, one for each; the first row that fits is the finding.

use std::collections::BTreeMap;

use peers_common::knowledge::{Set, diagnosis_code, item_code};
use serde_json::{Map, Value, json};

/// Where the knowledge points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knowledge {
    /// In the tables, a row each: what decision tables are for.
    Rows,
    /// In the input, indexed by item; each table has one row.
    HandedIn,
}

/// A table.
struct Table {
    rule: &'static str,
    /// The list of the input of which each is asked about.
    each: &'static str,
    /// The field that each condition looks at; none where its cells are conditions of their own.
    conditions: &'static [&'static str],
    /// What a hit tells.
    told: &'static [&'static str],
    /// Cells: of the conditions, then of what is told.
    rows: Vec<Vec<String>>,
}

/// A condition of its own.
const ANY: &str = "";

/// The graph of all four: the input goes to each of them, and the output is what each tells.
#[must_use]
pub fn graph(set: &Set, knowledge: Knowledge) -> Value {
    let tables = match knowledge {
        Knowledge::Rows => rows(set),
        Knowledge::HandedIn => handed_in(),
    };
    let mut nodes = vec![
        json!({"id": "request", "name": "request", "type": "inputNode", "content": {}}),
        json!({"id": "findings", "name": "findings", "type": "outputNode", "content": {}}),
    ];
    let mut edges = Vec::new();
    for table in tables.into_iter().chain([readmissions(set)]) {
        nodes.push(table.node());
        for (source, target) in [("request", table.rule), (table.rule, "findings")] {
            let id = format!("{source}-{target}");
            edges.push(json!({"id": id, "sourceId": source, "targetId": target}));
        }
    }
    json!({"nodes": nodes, "edges": edges})
}

/// What is handed in beside the request.
#[must_use]
pub fn knowledge(set: &Set) -> Value {
    let pairs = set.pairs.iter();
    let pairs = pairs.map(|(one, two)| (item_code(*one), json!(item_code(*two))));
    let quantities = set.quantities.iter();
    let quantities = quantities.map(|(item, most)| (item_code(*item), json!(most)));
    let diagnoses = set.diagnoses.iter();
    let diagnoses = diagnoses.map(|(item, diagnoses)| (item_code(*item), codes(diagnoses)));
    json!({
        "diagnoses": diagnoses.collect::<Map<_, _>>(),
        "quantities": quantities.collect::<Map<_, _>>(),
        "pairs": pairs.collect::<Map<_, _>>(),
    })
}

/// A row for each knowledge point.
fn rows(set: &Set) -> [Table; 3] {
    [
        Table {
            rule: "DIA-1",
            each: "lines",
            conditions: &["item", "reviewed", "diagnoses"],
            told: &["row"],
            rows: each(&set.diagnoses, |item, diagnoses| {
                let others = format!("none($, # in {})", codes(diagnoses));
                [item, "true".to_owned(), others, "key".to_owned()].into()
            }),
        },
        Table {
            rule: "QTY-1",
            each: "sums",
            conditions: &["item", "reviewed", "quantity"],
            told: &["row", "found"],
            rows: each(&set.quantities, |item, most| {
                let more = format!("> {most}");
                let told = ["key", "quantity"].map(str::to_owned);
                [[item, "true".to_owned(), more].as_slice(), &told].concat()
            }),
        },
        Table {
            rule: "PAR-1",
            each: "sums",
            conditions: &["item", ANY],
            told: &["row", "other"],
            rows: each(&set.pairs, |item, two| {
                let two = format!("day[{}]", text(*two));
                let reviewed = format!("{two} != null and (reviewed or {two}.reviewed)");
                [item, reviewed, "key".to_owned(), format!("{two}.key")].into()
            }),
        },
    ]
}

/// A row for each family, which looks the knowledge point up.
fn handed_in() -> [Table; 3] {
    let limited = "$nodes.request.knowledge.diagnoses[item]";
    let most = "$nodes.request.knowledge.quantities[item]";
    let second = "$nodes.request.knowledge.pairs[item]";
    let two = format!("day[{second}]");
    let one_row = |cells: &[&str]| vec![cells.iter().map(|&cell| cell.to_owned()).collect()];
    [
        Table {
            rule: "DIA-1",
            each: "lines",
            conditions: &["reviewed", ANY],
            told: &["row"],
            rows: one_row(&[
                "true",
                &format!("{limited} != null and none(diagnoses, # in {limited})"),
                "key",
            ]),
        },
        Table {
            rule: "QTY-1",
            each: "sums",
            conditions: &["reviewed", ANY],
            told: &["row", "found"],
            rows: one_row(&[
                "true",
                &format!("{most} != null and quantity > {most}"),
                "key",
                "quantity",
            ]),
        },
        Table {
            rule: "PAR-1",
            each: "sums",
            conditions: &[ANY],
            told: &["row", "other"],
            rows: one_row(&[
                &format!("{second} != null and {two} != null and (reviewed or {two}.reviewed)"),
                "key",
                &format!("{two}.key"),
            ]),
        },
    ]
}

fn readmissions(set: &Set) -> Table {
    let within = format!("[0..{}]", set.readmission_days);
    let cells = ["true", &within, "later", "earlier", "after"];
    Table {
        rule: "REA-1",
        each: "stays",
        conditions: &["reviewed", "after"],
        told: &["row", "other", "found"],
        rows: vec![cells.map(str::to_owned).into()],
    }
}

fn each<K>(points: &BTreeMap<u32, K>, row: impl Fn(String, &K) -> Vec<String>) -> Vec<Vec<String>> {
    let rows = points.iter();
    rows.map(|(item, point)| row(text(*item), point)).collect()
}

/// The code of an item as a text of the expression language.
fn text(item: u32) -> String {
    format!("\"{}\"", item_code(item))
}

fn codes(diagnoses: &[u32]) -> Value {
    let codes = diagnoses.iter().map(|code| diagnosis_code(*code));
    codes.collect()
}

impl Table {
    /// As a node of the graph.
    fn node(&self) -> Value {
        let (conditions, told) = (columns("if", self.conditions), columns("then", self.told));
        let ids = conditions.iter().chain(&told);
        let ids: Vec<&str> = ids.filter_map(|column| column["id"].as_str()).collect();
        let rows = self
            .rows
            .iter()
            .map(|cells| ids.iter().zip(cells).collect());
        let rows: Vec<BTreeMap<_, _>> = rows.collect();
        json!({
            "id": self.rule,
            "name": self.rule,
            "type": "decisionTableNode",
            "content": {
                "hitPolicy": "first",
                "inputs": conditions,
                "outputs": told,
                "rules": rows,
                "inputField": self.each,
                "outputPath": self.rule,
                "executionMode": "loop",
            },
        })
    }
}

fn columns(kind: &str, fields: &[&str]) -> Vec<Value> {
    let columns = fields.iter().enumerate().map(
        |(place, field)| json!({"id": format!("{kind}-{place}"), "name": field, "field": field}),
    );
    columns.collect()
}
