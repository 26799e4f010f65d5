//! A text for people in both languages.

use serde::{Serialize, Serializer};

/// The same in English and in Chinese. Programs are given the English one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// In English.
    pub english: String,
    /// 中文
    pub chinese: String,
}

impl Told {
    pub(super) fn of(english: impl Into<String>, chinese: impl Into<String>) -> Self {
        Told {
            english: english.into(),
            chinese: chinese.into(),
        }
    }

    /// All that is told, as one text of each language.
    pub(super) fn joined(told: &[Told]) -> Self {
        let english: Vec<_> = told.iter().map(|one| &*one.english).collect();
        let chinese: Vec<_> = told.iter().map(|one| &*one.chinese).collect();
        Told::of(english.join("; "), chinese.join("；"))
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.english)
    }
}
