//! How many different patients there are, in bounded memory and whatever order they come in.

use rulepack_protocol::digest::Digest;
use serde::{Deserialize, Serialize};

/// How many different patients (参保人).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patients {
    /// How many.
    pub count: u64,
    /// Whether each was counted. Otherwise `count` is an estimate: its standard error is one part in the
    /// square root of the bound up to which the group counts each.
    pub exact: bool,
}

/// A set of patients. Up to `exact_max` of them it holds a digest of each (64 bits of SHA-256); beyond, the
/// `exact_max` smallest digests, from which the number is estimated (k minimum values). Which digests are
/// the smallest does not depend on the order in which they come, so the estimate does not either.
#[derive(Debug, Clone)]
pub(super) struct Distinct {
    /// Sorted and without repeats up to the last [`Distinct::tidy`].
    digests: Vec<u64>,
    exact_max: usize,
    /// Larger digests are not kept; the largest number while all are.
    limit: u64,
    tidy_at: usize,
    is_whole: bool,
}

const TIDY_FIRST: usize = 32;

impl Distinct {
    pub(super) fn new(exact_max: usize) -> Self {
        Distinct {
            digests: Vec::new(),
            exact_max: exact_max.max(2),
            limit: u64::MAX,
            tidy_at: TIDY_FIRST,
            is_whole: true,
        }
    }

    /// The digest by which a patient is counted; none for an empty key.
    pub(super) fn digest(patient: &str) -> Option<u64> {
        let digest = Digest::of(patient.as_bytes());
        let first = digest.as_bytes().first_chunk()?;
        (!patient.is_empty()).then(|| u64::from_be_bytes(*first))
    }

    pub(super) fn insert(&mut self, digest: u64) {
        if digest > self.limit {
            return;
        }
        self.digests.push(digest);
        if self.digests.len() >= self.tidy_at {
            self.tidy();
        }
    }

    /// Takes all of another set into this one.
    pub(super) fn absorb(&mut self, other: &Distinct) {
        for digest in &other.digests {
            self.insert(*digest);
        }
        self.is_whole &= other.is_whole;
        self.limit = self.limit.min(other.limit);
    }

    pub(super) fn patients(&mut self) -> Patients {
        self.tidy();
        let kept = self.digests.len();
        let count = match self.digests.last() {
            Some(largest) if !self.is_whole => {
                // The kept ones are evenly spread: so many lie below the largest of them.
                let all = (kept as u128 - 1) << 64;
                u64::try_from(all / u128::from((*largest).max(1))).unwrap_or(u64::MAX)
            }
            _ => kept as u64,
        };
        Patients {
            count,
            exact: self.is_whole,
        }
    }

    fn tidy(&mut self) {
        self.digests.sort_unstable();
        self.digests.dedup();
        let limit = self.limit;
        self.digests.retain(|digest| *digest <= limit);
        if self.digests.len() > self.exact_max {
            self.digests.truncate(self.exact_max);
            self.is_whole = false;
        }
        if let (false, Some(largest)) = (self.is_whole, self.digests.last()) {
            self.limit = *largest;
        }
        self.tidy_at = self.digests.len().saturating_mul(2).max(TIDY_FIRST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(patients: impl Iterator<Item = u32>, exact_max: usize) -> Distinct {
        let mut set = Distinct::new(exact_max);
        for patient in patients {
            set.insert(Distinct::digest(&format!("P{patient}")).unwrap());
        }
        set
    }

    #[test]
    fn patients_are_counted_one_by_one_up_to_the_bound() {
        let twice = (0..1_000).chain((0..1_000).rev());
        let exact = Patients {
            count: 1_000,
            exact: true,
        };
        assert_eq!(of(twice, 1_000).patients(), exact);
        assert_eq!(Distinct::new(8).patients().count, 0);
        assert_eq!(Distinct::digest(""), None);
    }

    #[test]
    fn beyond_the_bound_the_estimate_is_near_and_the_same_in_any_order() {
        let forward = of(0..100_000, 1_024).patients();
        assert!(!forward.exact);
        // Three standard errors of 1 / √1024.
        assert!(forward.count.abs_diff(100_000) < 9_400, "{forward:?}");
        let mut backward = of((0..100_000).rev().chain(50..90), 1_024);
        assert_eq!(backward.patients(), forward);
        assert!(backward.digests.len() <= 1_024);
    }

    #[test]
    fn a_union_counts_a_patient_of_both_once() {
        let mut both = of(0..600, 1_000);
        both.absorb(&of(300..900, 1_000));
        let exact = Patients {
            count: 900,
            exact: true,
        };
        assert_eq!(both.patients(), exact);
        let mut estimated = of(0..5_000, 256);
        estimated.absorb(&of(2_500..10_000, 256));
        assert_eq!(estimated.patients(), of(0..10_000, 256).patients());
    }
}
