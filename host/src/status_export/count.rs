//! Counts that tell nothing of few.

use std::fmt;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Fewer than so many are not told, unless there are none.
const TOLD_FROM: u64 = 5;
const FEW: &str = "<5";

/// How many: exactly, where there are none or at least five; 1 to 4 are `<5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Count(Told);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Exactly(u64),
    Few,
}

/// A number, or `<5`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

/// A count that a host would not write.
#[derive(Debug, thiserror::Error)]
#[error("a count is neither 0, 5 or more, nor `<5`")]
struct NotACount;

impl Count {
    /// Of so many.
    #[must_use]
    pub fn of(number: u64) -> Self {
        match number {
            1..TOLD_FROM => Count(Told::Few),
            _ => Count(Told::Exactly(number)),
        }
    }

    /// Whether it is one that is not told.
    #[must_use]
    pub fn is_few(self) -> bool {
        self.0 == Told::Few
    }

    /// What it can be.
    #[must_use]
    pub fn range(self) -> Range {
        match self.0 {
            Told::Exactly(number) => Range {
                least: number,
                most: number,
            },
            Told::Few => Range {
                least: 1,
                most: TOLD_FROM - 1,
            },
        }
    }
}

impl TryFrom<Written> for Count {
    type Error = NotACount;

    fn try_from(written: Written) -> Result<Self, NotACount> {
        match written {
            Written::Number(number) if !Count::of(number).is_few() => Ok(Count::of(number)),
            Written::Text(text) if text == FEW => Ok(Count(Told::Few)),
            _ => Err(NotACount),
        }
    }
}

impl From<Count> for Written {
    fn from(count: Count) -> Self {
        match count.0 {
            Told::Exactly(number) => Written::Number(number),
            Told::Few => Written::Text(FEW.to_owned()),
        }
    }
}

/// A sum of counts of which some are not told exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Range {
    /// It is at least so much.
    pub least: u64,
    /// And at most so much.
    pub most: u64,
}

impl AddAssign<Range> for Range {
    fn add_assign(&mut self, other: Range) {
        self.least = self.least.saturating_add(other.least);
        self.most = self.most.saturating_add(other.most);
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.least == self.most {
            true => f.pad(&self.least.to_string()),
            false => f.pad(&format!("{}-{}", self.least, self.most)),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Told::Exactly(number) => f.pad(&number.to_string()),
            Told::Few => f.pad(FEW),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t15_one_to_four_are_never_told_nor_read() {
        let written: Vec<String> = (0..7)
            .map(|number| serde_json::to_string(&Count::of(number)).unwrap())
            .collect();
        assert_eq!(
            written,
            ["0", "\"<5\"", "\"<5\"", "\"<5\"", "\"<5\"", "5", "6"]
        );
        for text in ["1", "4", "\"<6\"", "\"7\"", "-1", "2.5", "null"] {
            assert!(serde_json::from_str::<Count>(text).is_err(), "{text}");
        }
        let error = serde_json::from_str::<Count>("3").unwrap_err();
        assert_eq!(
            error.to_string(),
            "a count is neither 0, 5 or more, nor `<5`"
        );
        let few: Count = serde_json::from_str("\"<5\"").unwrap();
        assert_eq!(few, Count::of(2));
    }

    #[test]
    fn a_sum_says_how_much_it_can_be() {
        let mut sum = Range::default();
        for number in [0, 3, 20, 1] {
            sum += Count::of(number).range();
        }
        assert_eq!(sum.to_string(), "22-28");
        assert_eq!(Count::of(20).range().to_string(), "20");
        assert_eq!(
            format!("{:>5}|{:>5}", Count::of(1), Count::of(9)),
            "   <5|    9"
        );
    }
}
