//! One finding for each rule and scope, whose lines list what offends and what explains it.

use std::collections::BTreeMap;

use rulepack_sdk::prelude::*;

use crate::binding::BINDINGS;

/// Hits by rule and scope; each scope becomes one finding.
#[derive(Debug, Default)]
pub struct Hits {
    scopes: BTreeMap<(usize, ScopeKey), Vec<Hit>>,
}

/// What a finding is about: an encounter, or a day, a prescription or a subject within it.
pub type ScopeKey = (Row<Encounters>, i64);

/// One offending row.
#[derive(Debug, Clone)]
pub struct Hit {
    /// 违规项
    pub at: RowReference,
    /// Money at stake.
    pub amount: Money,
    /// The item, diagnosis or procedure.
    pub term: Option<Code>,
    /// What was found, and what the limit is; told for the first hit of a scope.
    pub figures: Vec<(&'static str, Figure)>,
    /// 涉及项
    pub related: Vec<(RowReference, Money)>,
    /// Table and row of knowledge.
    pub evidence: Option<(u8, usize)>,
    /// How sure, where it differs from the rule's.
    pub certainty: Option<Certainty>,
}

impl Hit {
    /// A row with the money at stake in it.
    pub fn new(at: impl Into<RowReference>, amount: Money, term: Option<Code>) -> Self {
        Hit {
            at: at.into(),
            amount,
            term,
            figures: Vec::new(),
            related: Vec::new(),
            evidence: None,
            certainty: None,
        }
    }

    /// How sure, where it differs from the rule's.
    #[must_use]
    pub fn certainty(mut self, certainty: Certainty) -> Self {
        self.certainty = Some(certainty);
        self
    }

    /// A figure of the message.
    #[must_use]
    pub fn figure(mut self, name: &'static str, figure: impl Into<Figure>) -> Self {
        self.figures.push((name, figure.into()));
        self
    }

    /// A row that explains it.
    #[must_use]
    pub fn related(mut self, at: impl Into<RowReference>, amount: Money) -> Self {
        self.related.push((at.into(), amount));
        self
    }

    /// The row of knowledge that it rests on.
    #[must_use]
    pub fn resting_on(mut self, table: u8, row: usize) -> Self {
        self.evidence = Some((table, row));
        self
    }
}

impl Hits {
    /// Adds a hit of a rule, by its place among the bindings. A row offends once in a scope.
    pub fn add(&mut self, rule: usize, scope: ScopeKey, hit: Hit) {
        let hits = self.scopes.entry((rule, scope)).or_default();
        match hits.iter_mut().find(|known| known.at == hit.at) {
            None => hits.push(hit),
            Some(known) => {
                for related in hit.related {
                    if !known.related.contains(&related) {
                        known.related.push(related);
                    }
                }
            }
        }
    }

    /// Tells one finding a scope.
    ///
    /// # Errors
    /// Where the sum of the money at stake exceeds 64 bits.
    #[inline(never)]
    pub fn tell(self, answer: &mut Answer) -> Result<(), Overflow> {
        for ((rule, _), hits) in self.scopes {
            let (Some(binding), Some(first)) = (BINDINGS.get(rule), hits.first()) else {
                continue;
            };
            let certainty = first.certainty.unwrap_or(binding.certainty);
            let mut finding = Finding::new(binding.rule, "breach", certainty)
                .argument("lines", i64::try_from(hits.len()).unwrap_or(i64::MAX))
                .argument("amount", Money::sum(hits.iter().map(|hit| hit.amount))?);
            if let Some(term) = first.term {
                finding = finding.argument("item", term);
            }
            for (name, figure) in &first.figures {
                finding = finding.argument(name, *figure);
            }
            let mut told = Vec::new();
            let mut evidence = Vec::new();
            for hit in &hits {
                finding = finding.offending(hit.at, hit.amount);
                told.push(hit.at);
            }
            for hit in hits {
                for (at, amount) in hit.related {
                    if !told.contains(&at) {
                        told.push(at);
                        finding = finding.related(at, amount);
                    }
                }
                if let Some(row) = hit.evidence.filter(|row| !evidence.contains(row)) {
                    evidence.push(row);
                    finding = finding.evidence(row.0, row.1);
                }
            }
            answer.add(finding);
        }
        Ok(())
    }
}
