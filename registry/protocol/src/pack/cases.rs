//! The bytes of sealed cases: a JSON array, object keys in ascending order, no white space.

use std::fmt;

use rulepack_contract::case::Case;
use serde::de::{DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::format::OpenError;

/// The cases of these bytes, at most so many.
pub(super) fn parse(bytes: &[u8], count_max: usize) -> Result<Vec<Case>, OpenError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let cases = AtMost(count_max)
        .deserialize(&mut deserializer)
        .map_err(OpenError::Cases)?;
    deserializer.end().map_err(OpenError::Cases)?;
    if to_bytes(&cases).map_err(OpenError::Cases)? != bytes {
        return Err(OpenError::CasesNotCanonical);
    }
    Ok(cases)
}

/// The bytes of these cases.
pub(super) fn to_bytes(cases: &[Case]) -> Result<Vec<u8>, serde_json::Error> {
    // By way of `Value`, whose maps are sorted.
    serde_json::to_vec(&serde_json::to_value(cases)?)
}

/// Reads a list of at most so many cases, and stops at the first one beyond.
struct AtMost(usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = Vec<Case>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Case>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost {
    type Value = Vec<Case>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {} cases", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Case>, A::Error> {
        let mut cases = Vec::new();
        while let Some(case) = list.next_element()? {
            if cases.len() == self.0 {
                return Err(A::Error::invalid_length(cases.len() + 1, &self));
            }
            cases.push(case);
        }
        Ok(cases)
    }
}
