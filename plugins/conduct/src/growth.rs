//! How much more there is of something than before (增幅), by the rules that compare months and years.

use rulepack_sdk::prelude::*;

/// A sum over so many: what visits cost together, and how many they were. A sum alone is over one.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    /// In the units of what is summed.
    pub sum: i64,
    /// At least 1.
    pub count: i64,
}

impl Mean {
    /// A sum alone.
    #[must_use]
    pub fn whole(sum: i64) -> Self {
        Mean { sum, count: 1 }
    }

    /// Whether it is more than before by more than this share: exactly, nothing is rounded. Figures that no
    /// hospital has are not.
    #[must_use]
    pub fn exceeds(self, before: Mean, growth: Ratio) -> bool {
        let limit = i128::from(Ratio::ONE.0) + i128::from(growth.0);
        let this = i128::from(self.sum) * i128::from(before.count);
        let allowed = i128::from(before.sum) * i128::from(self.count);
        match this.checked_mul(i128::from(Ratio::ONE.0)) {
            Some(this) => allowed.checked_mul(limit).is_some_and(|it| this > it),
            None => false,
        }
    }
}

/// The growth from one sum to another, for the message.
///
/// # Errors
/// [`Overflow`], also where there was nothing before.
pub(crate) fn growth(before: i64, after: i64) -> Result<Ratio, Overflow> {
    let more = after.checked_sub(before).ok_or(Overflow)?;
    Ratio::of(more, before).ok_or(Overflow)
}
