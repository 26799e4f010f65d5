//! The decision, ready to be asked.
//!
//! What it is given: its tables compiled and indexed once, as its loaders do for whoever names a decision; all that it cannot do
//! itself done before ([`crate::request`]); input as its own value, parsed before. It is not isolated from the call before,
//! nothing bounds it, and its answer is taken as it is.

use futures::executor::block_on;
use peers_common::finding::{Findings, Found};
use peers_common::knowledge::Set;
use serde_json::Value;
use zen_engine::model::GraphContent;
use zen_engine::{Decision as Graph, Variable};

use crate::tables::{self, Knowledge};

/// The four tables of a set, ready to be asked.
pub struct Decision {
    graph: Graph,
    knowledge: Option<Variable>,
}

impl Decision {
    /// With its cells compiled, and an index over its rows.
    ///
    /// # Panics
    /// Where the graph is none: then this folder is wrong.
    #[must_use]
    pub fn compiled(set: &Set, knowledge: Knowledge) -> Self {
        let mut decision = Self::parsed(set, knowledge);
        decision.graph.compile();
        decision
    }

    /// As it was read: its cells are parsed whenever they are looked at.
    ///
    /// # Panics
    /// Where the graph is none: then this folder is wrong.
    #[must_use]
    pub fn parsed(set: &Set, knowledge: Knowledge) -> Self {
        let content = tables::graph(set, knowledge);
        let content: GraphContent = serde_json::from_value(content).expect("the graph is one");
        let graph = Graph::from(content);
        graph.validate().expect("the graph can be evaluated");
        Decision {
            graph,
            knowledge: match knowledge {
                Knowledge::Rows => None,
                Knowledge::HandedIn => Some(tables::knowledge(set).into()),
            },
        }
    }

    /// What each input has to bring beside the request.
    #[must_use]
    pub fn knowledge(&self) -> Option<&Variable> {
        self.knowledge.as_ref()
    }

    /// # Panics
    /// Where it fails.
    #[must_use]
    pub fn evaluate(&self, input: Variable) -> Variable {
        // Nothing in it waits for anything.
        let evaluated = block_on(self.graph.evaluate(input));
        evaluated.expect("the tables can be evaluated").result
    }
}

/// The findings that it told: by rule a list with a hit, or nothing, for each that it was asked about.
///
/// # Panics
/// Where it told something else.
#[must_use]
pub fn findings(told: &Variable) -> Findings {
    let told = told.to_value();
    let rules = told.as_object().expect("an answer is by rule").iter();
    let findings = rules.flat_map(|(rule, hits)| {
        let hits = hits.as_array().expect("a table tells a list").iter();
        let hits = hits.filter(|hit| !hit.is_null());
        hits.map(move |hit| found(rule, hit))
    });
    findings.collect()
}

fn found(rule: &str, hit: &Value) -> Found {
    let text = |name: &str| hit[name].as_str().unwrap_or_default().to_owned();
    Found {
        rule: rule.to_owned(),
        row: text("row"),
        other: text("other"),
        found: hit["found"].as_i64().unwrap_or_default(),
    }
}
