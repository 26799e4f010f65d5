//! Canonical JSON as TUF signs it (OLPC, as in securesystemslib), not RFC 8785.
//!
//! - object keys sorted by code point, no white space;
//! - in strings only `\` and `"` are escaped, everything else stands as it is;
//! - integers only: a number with a fraction or an exponent is refused.
//!
//! Implementations differ outside ASCII, so signed metadata must be ASCII: [`check_ascii`] is applied
//! beside the encoding, not within it. [`parse`] refuses an object that names a key twice, where one
//! reader would take the first value and another the last.

use serde::Serialize;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a value has no canonical form, or bytes are not strict JSON.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// A fraction, an exponent, or an integer beyond 64 bits.
    #[error("number `{0}` is not an integer of 64 bits")]
    NotAnInteger(String),
    /// A text with another character than printable ASCII.
    #[error("text `{0}` has a character that is not printable ASCII")]
    NotAscii(String),
    /// Not JSON, a key twice, nested too deeply, or not representable.
    #[error("not strict JSON")]
    Json(#[from] serde_json::Error),
}

/// The canonical bytes of anything that serialises to JSON.
///
/// # Errors
/// Where it holds a float, or does not serialise.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    encode_value(&serde_json::to_value(value)?)
}

/// The canonical bytes of a JSON value.
///
/// # Errors
/// Where it holds a float.
pub fn encode_value(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes)?;
    Ok(bytes)
}

/// Parses JSON, refusing an object that names a key twice. Nesting is bounded by `serde_json` (128).
///
/// # Errors
/// Where the bytes are not JSON or a key stands twice.
pub fn parse(bytes: &[u8]) -> Result<Value, CanonicalError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Checks that every key and text of `value` is printable ASCII (space to `~`).
///
/// # Errors
/// With the first text that is not, its other characters escaped.
pub fn check_ascii(value: &Value) -> Result<(), CanonicalError> {
    let plain = |text: &str| {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Ok(());
        }
        Err(CanonicalError::NotAscii(text.escape_default().to_string()))
    };
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => items.iter().try_for_each(check_ascii),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            plain(key)?;
            check_ascii(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn encode(value: &Value, bytes: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Null => bytes.extend_from_slice(b"null"),
        Value::Bool(true) => bytes.extend_from_slice(b"true"),
        Value::Bool(false) => bytes.extend_from_slice(b"false"),
        Value::Number(number) => {
            if !(number.is_i64() || number.is_u64()) {
                return Err(CanonicalError::NotAnInteger(number.to_string()));
            }
            bytes.extend_from_slice(number.to_string().as_bytes());
        }
        Value::String(text) => encode_text(text, bytes),
        Value::Array(items) => {
            bytes.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                encode(item, bytes)?;
            }
            bytes.push(b']');
        }
        Value::Object(map) => encode_object(map, bytes)?,
    }
    Ok(())
}

fn encode_object(map: &Map<String, Value>, bytes: &mut Vec<u8>) -> Result<(), CanonicalError> {
    // Sorted here whatever order the map keeps; order of UTF-8 bytes is order of code points.
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| key.as_str());
    bytes.push(b'{');
    for (index, (key, value)) in entries.into_iter().enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        encode_text(key, bytes);
        bytes.push(b':');
        encode(value, bytes)?;
    }
    bytes.push(b'}');
    Ok(())
}

fn encode_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'\\' | b'"') {
            bytes.push(b'\\');
        }
        bytes.push(byte);
    }
    bytes.push(b'"');
}

/// Builds a [`Value`] and refuses a key that stands twice.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                let key = key.escape_default();
                return Err(de::Error::custom(format!("key `{key}` stands twice")));
            }
            let value = entries.next_value_seed(Strict)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_only_quote_and_backslash_escaped() {
        let value = json!({"b": [1, -2, true, null], "a": "x\"y\\z\n"});
        assert_eq!(
            encode_value(&value).unwrap(),
            b"{\"a\":\"x\\\"y\\\\z\n\",\"b\":[1,-2,true,null]}"
        );
    }

    #[test]
    fn a_float_is_refused() {
        let error = encode_value(&json!({"a": 1.5})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "number `1.5` is not an integer of 64 bits"
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let error = parse(br#"{"a":1,"b":{"c":1,"c":2}}"#).unwrap_err();
        assert_eq!(error.to_string(), "not strict JSON");
        assert_eq!(
            error.source().unwrap().to_string(),
            "key `c` stands twice at line 1 column 21"
        );
    }

    #[test]
    fn text_after_the_value_is_refused() {
        let error = parse(b"{} {}").unwrap_err();
        assert_eq!(
            error.source().unwrap().to_string(),
            "trailing characters at line 1 column 4"
        );
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_text_outside_ascii_is_named() {
        let error = check_ascii(&json!({"a": ["医保"]})).unwrap_err();
        let text = "text `\\u{533b}\\u{4fdd}` has a character that is not printable ASCII";
        assert_eq!(error.to_string(), text);
        assert!(check_ascii(&json!({"a\n": 1})).is_err());
        check_ascii(&json!({"a": [1, "~ b"]})).unwrap();
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "[ -~]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[ -~]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn printable_ascii_survives_and_agrees_with_the_verifier(value in any_value()) {
            let bytes = encode_value(&value).unwrap();
            prop_assert_eq!(&parse(&bytes).unwrap(), &value);
            let verifiers = sigstore_tuf::canonical_json::to_canonical_bytes(&value).unwrap();
            prop_assert_eq!(bytes, verifiers);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = parse(&bytes) {
                let _ = encode_value(&value);
                let _ = check_ascii(&value);
            }
        }
    }
}
