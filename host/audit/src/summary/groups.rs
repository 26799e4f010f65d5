//! Findings counted by one thing: department, doctor, item …

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::tally::{Counter, Tally};

/// Findings by one thing, those with most money first (certainties in the official order).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breakdown {
    /// The first of them.
    pub groups: Vec<Group>,
    /// All others together; none where `groups` has all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// All groups together.
    pub all: Tally,
}

/// One department, doctor, item …; what does not apply is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The institution, for departments and doctors: their codes are its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub institution: String,
    /// Its code, or what it is; empty where the data did not record it.
    pub code: String,
    /// The name of an item: the first in the order of characters, of those that the data gives it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What was found.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The groups that are not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// How many; none where there are more than are told apart (`groups_max`), and none is listed.
    pub groups: Option<u64>,
    /// What was found in all of them.
    #[serde(flatten)]
    pub tally: Tally,
}

/// In which order groups are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Money,
    Certainty,
}

/// Bounds of a breakdown while it grows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) groups_max: usize,
    pub(super) patients_exact_max: usize,
}

/// What belongs to which group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    pub(super) institution: &'a str,
    pub(super) code: &'a str,
    pub(super) name: &'a str,
}

/// A breakdown while it grows.
#[derive(Debug)]
pub(super) struct Groups {
    institutions: HashMap<String, HashMap<String, Grown>>,
    count: usize,
    bounds: Bounds,
    all: Counter,
}

#[derive(Debug)]
struct Grown {
    name: String,
    counter: Counter,
}

impl<'a> Key<'a> {
    pub(super) fn code(code: &'a str) -> Self {
        Key {
            institution: "",
            code,
            name: "",
        }
    }
}

impl Groups {
    pub(super) fn new(bounds: Bounds) -> Self {
        Groups {
            institutions: HashMap::new(),
            count: 0,
            bounds,
            all: Counter::new(bounds.patients_exact_max),
        }
    }

    pub(super) fn add(&mut self, key: Key<'_>, amount: i64, patient: Option<u64>) {
        self.all.add(amount, patient);
        if self.count > self.bounds.groups_max {
            return;
        }
        let grown = match self.find(key) {
            Some(grown) => grown,
            None => self.make(key),
        };
        grown.counter.add(amount, patient);
        if !key.name.is_empty() && (grown.name.is_empty() || key.name < grown.name.as_str()) {
            key.name.clone_into(&mut grown.name);
        }
        if self.count > self.bounds.groups_max {
            // None of them can be told apart from those that came later.
            self.institutions = HashMap::new();
        }
    }

    fn find(&mut self, key: Key<'_>) -> Option<&mut Grown> {
        // Looked up twice: a reference given back on one way only is not understood by the borrow checker.
        let is_there = self
            .institutions
            .get(key.institution)?
            .contains_key(key.code);
        match is_there {
            true => self
                .institutions
                .get_mut(key.institution)?
                .get_mut(key.code),
            false => None,
        }
    }

    fn make(&mut self, key: Key<'_>) -> &mut Grown {
        self.count += 1;
        let institution = self.institutions.entry(key.institution.to_owned());
        let codes = institution.or_default();
        codes.entry(key.code.to_owned()).or_insert_with(|| Grown {
            name: String::new(),
            counter: Counter::new(self.bounds.patients_exact_max),
        })
    }

    /// The first `top` groups, and the rest as one.
    pub(super) fn finish(mut self, order: Order, top: usize) -> Breakdown {
        let all = self.all.tally();
        if self.count > self.bounds.groups_max {
            let rest = Rest {
                groups: None,
                tally: all,
            };
            return Breakdown {
                groups: Vec::new(),
                rest: Some(rest),
                all,
            };
        }
        let mut listed: Vec<(Group, Counter)> = Vec::with_capacity(self.count);
        for (institution, codes) in self.institutions {
            for (code, mut grown) in codes {
                let group = Group {
                    institution: institution.clone(),
                    code,
                    name: grown.name,
                    tally: grown.counter.tally(),
                };
                listed.push((group, grown.counter));
            }
        }
        listed.sort_by(|(one, _), (other, _)| order.compare(one, other));
        let others = listed.split_off(top.min(listed.len()));
        let rest = (!others.is_empty()).then(|| {
            let mut together = Counter::new(self.bounds.patients_exact_max);
            for (_, counter) in &others {
                together.absorb(counter);
            }
            Rest {
                groups: Some(others.len() as u64),
                tally: together.tally(),
            }
        });
        Breakdown {
            groups: listed.into_iter().map(|(group, _)| group).collect(),
            rest,
            all,
        }
    }
}

impl Order {
    fn compare(self, one: &Group, other: &Group) -> std::cmp::Ordering {
        fn named(group: &Group) -> (&str, &str) {
            (&group.institution, &group.code)
        }
        let by_name = named(one).cmp(&named(other));
        match self {
            Order::Money => {
                let key = |group: &Group| Reverse((group.tally.sum.amount, group.tally.sum.count));
                key(one).cmp(&key(other)).then(by_name)
            }
            Order::Certainty => {
                let rank = |group: &Group| super::certainty_rank(&group.code);
                rank(one).cmp(&rank(other)).then(by_name)
            }
        }
    }
}
