//! zen-engine, a decision engine in Rust, as a contender: `peer-zen`. It is asked about one order only.

mod tables;

use std::io;

use peers_common::contender::{self, Contender};
use peers_common::finding::Findings;
use peers_common::hospital::Patient;
use peers_common::knowledge::sets;
use tables::Tables;
use zen_engine::Variable;

impl Contender for Tables {
    type Input = Variable;
    type Answer = Variable;

    fn input(&self, patient: &Patient) -> Variable {
        tables::input(patient)
    }

    fn answer(&mut self, input: &Variable) -> Variable {
        self.evaluate(input)
    }

    fn findings(&self, answer: &Variable, patient: &Patient) -> Findings {
        tables::findings(answer, patient)
    }
}

fn main() -> io::Result<()> {
    contender::serve(Tables::new(&sets(1)[0]))
}
