//! regorus, a policy engine of Rego in Rust, as a contender: `peer-regorus given|made|interpreted`.

mod policy;

use std::io;

use peers_common::contender::{self, Contender};
use peers_common::finding::Findings;
use peers_common::hospital::Patient;
use peers_common::knowledge::sets;
use peers_common::request;
use policy::{Policy, Sums};
use regorus::Value;

/// The policy, and how it is asked.
struct Regorus {
    policy: Policy,
    sums: Sums,
    is_interpreted: bool,
}

impl Contender for Regorus {
    type Input = Value;
    type Answer = Value;

    fn input(&self, patient: &Patient) -> Value {
        Value::from(match self.sums {
            Sums::Given => request::json_with_sums(patient),
            Sums::Made => request::json(patient),
        })
    }

    fn answer(&mut self, input: &Value) -> Value {
        // Values count references: a copy copies nothing.
        match self.is_interpreted {
            true => self.policy.interpret(input.clone()),
            false => self.policy.evaluate(input.clone()),
        }
    }

    fn findings(&self, answer: &Value, _patient: &Patient) -> Findings {
        policy::findings(answer)
    }
}

fn main() -> io::Result<()> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let (sums, is_interpreted) = match mode.as_str() {
        "given" => (Sums::Given, false),
        "made" => (Sums::Made, false),
        "interpreted" => (Sums::Given, true),
        _ => {
            return Err(io::Error::other(
                "expected `given`, `made` or `interpreted`",
            ));
        }
    };
    contender::serve(Regorus {
        policy: Policy::new(&sets(1)[0], sums),
        sums,
        is_interpreted,
    })
}
