//! An answer with its fields under a region's names. Values stay as they are, to the last digit.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Region;

/// Our own node says what it says in every region.
const OWN: &str = "rulepack";

/// The fields of a JSON object, in its order.
struct Fields<'t>(Vec<(String, &'t RawValue)>);

impl Region {
    /// The JSON text of an answer, as this region reads it.
    #[must_use]
    pub fn regional(&self, national: String) -> String {
        if self.answer.is_empty() {
            return national;
        }
        let mut text = String::with_capacity(national.len());
        match rename(&national, &self.answer, &mut text) {
            Some(()) => text,
            None => national,
        }
    }
}

fn rename(json: &str, names: &BTreeMap<String, String>, text: &mut String) -> Option<()> {
    match json.as_bytes().first()? {
        b'{' => {
            let Fields(fields) = serde_json::from_str(json).ok()?;
            text.push('{');
            for (place, (national, value)) in fields.iter().enumerate() {
                let name = names.get(national).unwrap_or(national);
                text.push_str(if place == 0 { "" } else { "," });
                text.push_str(&serde_json::to_string(name).ok()?);
                text.push(':');
                match national.as_str() {
                    OWN => text.push_str(value.get()),
                    _ => rename(value.get(), names, text)?,
                }
            }
            text.push('}');
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            text.push('[');
            for (place, value) in values.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                rename(value.get(), names, text)?;
            }
            text.push(']');
        }
        _ => text.push_str(json),
    }
    Some(())
}

impl<'de: 't, 't> Deserialize<'de> for Fields<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(InOrder).map(Fields)
    }
}
