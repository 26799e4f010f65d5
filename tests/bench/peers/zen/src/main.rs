//! zen-engine, a rules engine of decision tables in Rust, as a contender: `peer-zen rows|parsed|handed-in`.

mod decision;
mod request;
mod tables;

use std::io;

use decision::Decision;
use peers_common::contender::{self, Contender};
use peers_common::finding::Findings;
use peers_common::hospital::Patient;
use peers_common::knowledge::sets;
use tables::Knowledge;
use zen_engine::Variable;

impl Contender for Decision {
    type Input = Variable;
    type Answer = Variable;

    fn input(&self, patient: &Patient) -> Variable {
        let input = request::joined(patient);
        if let Some(knowledge) = self.knowledge() {
            // Values count references: a copy copies nothing.
            input.dot_insert("knowledge", knowledge.clone());
        }
        input
    }

    fn answer(&mut self, input: &Variable) -> Variable {
        self.evaluate(input.clone())
    }

    fn findings(&self, answer: &Variable, _patient: &Patient) -> Findings {
        decision::findings(answer)
    }
}

fn main() -> io::Result<()> {
    let set = &sets(1)[0];
    let mode = std::env::args().nth(1).unwrap_or_default();
    contender::serve(match mode.as_str() {
        "rows" => Decision::compiled(set, Knowledge::Rows),
        "parsed" => Decision::parsed(set, Knowledge::Rows),
        "handed-in" => Decision::compiled(set, Knowledge::HandedIn),
        _ => {
            return Err(io::Error::other("expected `rows`, `parsed` or `handed-in`"));
        }
    })
}
