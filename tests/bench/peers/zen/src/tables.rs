//! One decision table for each family.
//!
//! What it is given: the decision compiled once, with its index of the column `item`; the input as its own value, and in it all that
//! a table cannot look for itself: diagnoses of the visit, units of the item in the day, the items of the day, days since the last
//! discharge. It is not isolated from the call before, and nothing bounds it.

use std::future::Future;

use peers_common::finding::{Findings, Found};
use peers_common::hospital::Patient;
use peers_common::knowledge::{Set, diagnosis_code, item_code};
use peers_common::request::{self, Sum};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use zen_engine::model::GraphContent;
use zen_engine::{Decision, Variable};

/// Days since the discharge of somebody who was in no hospital.
const NEVER: i32 = 99_999;

/// The tables ready to be asked.
pub struct Tables {
    decision: Decision,
    runtime: Runtime,
}

impl Tables {
    /// # Panics
    /// Where the tables are none: then this file is wrong.
    #[must_use]
    pub fn new(set: &Set) -> Self {
        let content: GraphContent = serde_json::from_value(graph(set)).expect("a decision graph");
        let mut decision = Decision::from(content);
        decision.compile();
        decision.validate().expect("the graph is whole");
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        Tables {
            decision,
            runtime: runtime.expect("this machine runs tasks"),
        }
    }

    /// Asks all four tables.
    ///
    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn evaluate(&self, input: &Variable) -> Variable {
        let asked = self.decision.evaluate(input.clone());
        self.finish(asked)
            .expect("the tables can be evaluated")
            .result
    }

    fn finish<T>(&self, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(asked)
    }
}

/// An order being written, with all that the tables compare.
#[must_use]
pub fn input(patient: &Patient) -> Variable {
    let Some(order) = patient.orders.iter().find(|order| order.under_review) else {
        return Variable::from(Value::Null);
    };
    let encounter = &patient.encounters[order.encounter];
    let sums = request::sums(patient);
    let day = sums.get(&order.day).cloned().unwrap_or_default();
    let quantity = day.get(&order.item).map_or(0, |sum| sum.quantity);
    let items: Vec<String> = day.keys().map(|item| item_code(*item)).collect();
    let stays = patient
        .encounters
        .iter()
        .filter(|stay| stay.is_stay && encounter.is_stay);
    let since = stays.map(|stay| encounter.admission - stay.discharge);
    let since = since.filter(|days| *days >= 0).min().unwrap_or(NEVER);
    Variable::from(json!({
        "item": item_code(order.item),
        "diagnoses": encounter.diagnoses.map(diagnosis_code),
        "quantity": quantity,
        "items": items,
        "since": since,
    }))
}

/// The findings that the tables told, with the rows that they are about.
///
/// # Panics
/// Where they told something else.
#[must_use]
pub fn findings(told: &Variable, patient: &Patient) -> Findings {
    let told: Value = told.to_value();
    let rows = |family: &str| told[family].as_array().cloned().unwrap_or_default();
    let Some(order) = patient.orders.iter().find(|order| order.under_review) else {
        return Findings::new();
    };
    let day = request::sums(patient)
        .remove(&order.day)
        .unwrap_or_default();
    let of_item = |code: &Value| -> Sum {
        let found = day
            .iter()
            .find(|(item, _)| Some(item_code(**item).as_str()) == code.as_str());
        found.expect("the tables know items of the day").1.clone()
    };
    let found = |rule: &str, row: &str, other: &str, found: i64| Found {
        rule: rule.to_owned(),
        row: row.to_owned(),
        other: other.to_owned(),
        found,
    };
    let mut findings = Findings::new();
    for _ in rows("diagnosis") {
        findings.insert(found("DIA-1", &order.key, "", 0));
    }
    for row in rows("quantity") {
        let sum = of_item(&row["item"]);
        findings.insert(found("QTY-1", &sum.first, "", i64::from(sum.quantity)));
    }
    for row in rows("pair") {
        let (one, two) = (of_item(&row["first"]), of_item(&row["second"]));
        findings.insert(found("PAR-1", &one.first, &two.first, 0));
    }
    let encounter = &patient.encounters[order.encounter];
    for _ in rows("readmission") {
        let stays = patient.encounters.iter().filter(|stay| stay.is_stay);
        let earlier = stays.filter(|stay| stay.discharge <= encounter.admission);
        let earlier = earlier.max_by_key(|stay| stay.discharge);
        let earlier = earlier.expect("the tables know that there was a stay");
        let days = i64::from(encounter.admission - earlier.discharge);
        findings.insert(found("REA-1", &encounter.key, &earlier.key, days));
    }
    findings
}

/// The tables side by side between input and output.
fn graph(set: &Set) -> Value {
    let quoted = |text: String| format!("\"{text}\"");
    let diagnoses = set.diagnoses.iter().map(|(item, diagnoses)| {
        let codes: Vec<String> = diagnoses
            .iter()
            .map(|code| quoted(diagnosis_code(*code)))
            .collect();
        json!({
            "item": quoted(item_code(*item)),
            "diagnoses": format!("none($, # in [{}])", codes.join(", ")),
            "out-item": quoted(item_code(*item)),
        })
    });
    let quantities = set.quantities.iter().map(|(item, maximum)| {
        json!({
            "item": quoted(item_code(*item)),
            "quantity": format!("> {maximum}"),
            "out-item": quoted(item_code(*item)),
        })
    });
    let pairs = set.pairs.iter().flat_map(|(one, two)| {
        [(one, two), (two, one)].map(|(written, of_day)| {
            json!({
                "item": quoted(item_code(*written)),
                "items": format!("some($, # == {})", quoted(item_code(*of_day))),
                "out-first": quoted(item_code(*one)),
                "out-second": quoted(item_code(*two)),
            })
        })
    });
    let readmission = json!({
        "since": format!("<= {}", set.readmission_days),
        "out-within": set.readmission_days.to_string(),
    });
    let tables = [
        (
            "diagnosis",
            vec!["item", "diagnoses"],
            vec!["item"],
            diagnoses.collect(),
        ),
        (
            "quantity",
            vec!["item", "quantity"],
            vec!["item"],
            quantities.collect(),
        ),
        (
            "pair",
            vec!["item", "items"],
            vec!["first", "second"],
            pairs.collect(),
        ),
        (
            "readmission",
            vec!["since"],
            vec!["within"],
            vec![readmission],
        ),
    ];
    let mut nodes = vec![
        json!({"id": "in", "name": "in", "type": "inputNode"}),
        json!({"id": "out", "name": "out", "type": "outputNode"}),
    ];
    let mut edges = Vec::new();
    for (name, inputs, outputs, rules) in tables {
        nodes.push(table(name, (&inputs, &outputs), rules));
        for (source, target) in [("in", name), (name, "out")] {
            let id = format!("{source}-{target}");
            edges.push(json!({"id": id, "sourceId": source, "targetId": target}));
        }
    }
    json!({"nodes": nodes, "edges": edges})
}

fn table(name: &str, (inputs, outputs): (&[&str], &[&str]), rules: Vec<Value>) -> Value {
    let inputs = inputs
        .iter()
        .map(|field| json!({"id": field, "name": field, "field": field}));
    let outputs = outputs
        .iter()
        .map(|field| json!({"id": format!("out-{field}"), "name": field, "field": field}));
    json!({
        "id": name,
        "name": name,
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": "collect",
            "inputs": inputs.collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
            "rules": rules,
            "outputPath": name,
        },
    })
}
