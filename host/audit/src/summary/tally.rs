//! Findings, money and patients of a group.

use serde::{Deserialize, Serialize};

use super::distinct::{Distinct, Patients};

/// Findings and the money at stake in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many findings; of an item, how many offending rows.
    pub count: u64,
    /// Fen; held at the largest number where it would be larger.
    pub amount: i64,
}

/// The same with the patients concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Findings and money.
    #[serde(flatten)]
    pub sum: Sum,
    /// Patients with one of them. Findings about an institution count none.
    pub patients: Patients,
}

/// A sum while it grows: wide enough for any order of any amounts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Running {
    count: u64,
    amount: i128,
}

/// A tally while it grows.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    running: Running,
    patients: Distinct,
}

impl Running {
    pub(crate) fn add(&mut self, amount: i128) {
        self.count += 1;
        self.amount += amount;
    }

    pub(crate) fn absorb(&mut self, other: Running) {
        self.count += other.count;
        self.amount += other.amount;
    }

    pub(crate) fn sum(self) -> Sum {
        let within = self
            .amount
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Sum {
            count: self.count,
            amount: i64::try_from(within).unwrap_or(i64::MAX),
        }
    }
}

impl Counter {
    pub(super) fn new(patients_exact_max: usize) -> Self {
        Counter {
            running: Running::default(),
            patients: Distinct::new(patients_exact_max),
        }
    }

    pub(super) fn add(&mut self, amount: i64, patient: Option<u64>) {
        self.running.add(amount.into());
        if let Some(patient) = patient {
            self.patients.insert(patient);
        }
    }

    pub(super) fn absorb(&mut self, other: &Counter) {
        self.running.absorb(other.running);
        self.patients.absorb(&other.patients);
    }

    pub(super) fn tally(&mut self) -> Tally {
        Tally {
            sum: self.running.sum(),
            patients: self.patients.patients(),
        }
    }
}
