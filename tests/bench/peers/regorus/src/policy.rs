//! The policy, ready to be asked.
//!
//! What it is given: the policy compiled once for its virtual machine, which is reused from call to call and so holds what
//! it allocated; knowledge loaded once, indexed by item; input as its own value, parsed before. It is not isolated
//! from the call before, nothing bounds it, and its answer is taken as it is.

use peers_common::finding::{Findings, Found};
use peers_common::knowledge::{Set, diagnosis_code, item_code};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{CompiledPolicy, Engine, Rc, Value};
use serde_json::json;

const POLICY: &str = include_str!("findings.rego");
const ENTRY: &str = "data.peers.findings";

/// Who groups and sums the lines of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sums {
    /// Whoever calls it, before.
    Given,
    /// The policy.
    Made,
}

/// The policy ready to be asked.
pub struct Policy {
    machine: RegoVM,
    interpreted: CompiledPolicy,
}

impl Policy {
    /// # Panics
    /// Where the policy is none: then this folder is wrong.
    #[must_use]
    pub fn new(set: &Set, sums: Sums) -> Self {
        let grouping = match sums {
            Sums::Given => include_str!("sums_given.rego"),
            Sums::Made => include_str!("sums_made.rego"),
        };
        let mut engine = Engine::new();
        for (name, policy) in [("findings.rego", POLICY), ("sums.rego", grouping)] {
            let added = engine.add_policy(name.to_owned(), policy.to_owned());
            added.expect("the policy is well-formed");
        }
        let data = knowledge(set);
        engine
            .add_data(data.clone())
            .expect("knowledge is an object");
        let entry: Rc<str> = ENTRY.into();
        let interpreted = engine.compile_with_entrypoint(&entry);
        let interpreted = interpreted.expect("the policy compiles");
        let program = Compiler::compile_from_policy(&interpreted, &[ENTRY]);
        let program = program.expect("the policy compiles for the virtual machine");
        let mut machine = RegoVM::new();
        machine.load_program(program);
        machine.set_data(data).expect("knowledge is no rule");
        Policy {
            machine,
            interpreted,
        }
    }

    /// Asks the virtual machine.
    ///
    /// # Panics
    /// Where it fails.
    pub fn evaluate(&mut self, input: Value) -> Value {
        self.machine.set_input(input);
        self.machine
            .execute_entry_point_by_index(0)
            .expect("the policy can be evaluated")
    }

    /// Asks the interpreter.
    ///
    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn interpret(&self, input: Value) -> Value {
        let evaluated = self.interpreted.eval_with_input(input);
        evaluated.expect("the policy can be evaluated")
    }
}

/// The findings that it told.
///
/// # Panics
/// Where it told something else.
#[must_use]
pub fn findings(told: &Value) -> Findings {
    let told = told.to_json_str().expect("an answer is JSON");
    let found: Vec<Found> = serde_json::from_str(&told).expect("an answer is findings");
    found.into_iter().collect()
}

/// By item, for each family.
fn knowledge(set: &Set) -> Value {
    let diagnoses = set.diagnoses.iter().map(|(item, diagnoses)| {
        let limited = diagnoses
            .iter()
            .map(|code| (diagnosis_code(*code), json!(true)));
        (item_code(*item), limited.collect())
    });
    let diagnoses: serde_json::Map<_, serde_json::Value> = diagnoses.collect();
    let quantities = set
        .quantities
        .iter()
        .map(|(item, most)| (item_code(*item), json!(most)));
    let quantities: serde_json::Map<_, _> = quantities.collect();
    let pairs = set
        .pairs
        .iter()
        .map(|(one, two)| (item_code(*one), json!(item_code(*two))));
    let pairs: serde_json::Map<_, _> = pairs.collect();
    let summed = set.quantities.keys();
    let paired = set.pairs.iter().flat_map(|(one, two)| [one, two]);
    let used = summed
        .chain(paired)
        .map(|item| (item_code(*item), json!(true)));
    let used: serde_json::Map<_, _> = used.collect();
    Value::from(json!({
        "diagnoses": diagnoses,
        "quantities": quantities,
        "pairs": pairs,
        "used_by_day": used,
        "readmission_days": set.readmission_days,
    }))
}
