//! The bytes of a body: UTF-8 or GBK, as hospital systems send them.

use encoding_rs::{GB18030, UTF_8};

/// How a body is encoded, and how its answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// GBK, read as its superset GB 18030.
    Gbk,
}

/// Why the bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Neither of the two.
    #[error("the body is neither in UTF-8 nor in GBK, expected one of them")]
    Encoding,
}

/// The text of a body. The `charset` of the content type decides; without one, or with one that is
/// neither, the body is UTF-8 where it is valid as such, else GBK.
///
/// # Errors
/// [`BodyError::Encoding`].
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> Result<(String, Charset), BodyError> {
    match content_type.and_then(named_charset) {
        Some(charset) => read(bytes, charset).map(|text| (text, charset)),
        None => read(bytes, Charset::Utf8)
            .map(|text| (text, Charset::Utf8))
            .or_else(|_| read(bytes, Charset::Gbk).map(|text| (text, Charset::Gbk))),
    }
}

impl Charset {
    /// The bytes of an answer. A character that GBK lacks becomes a numeric reference.
    #[must_use]
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Charset::Utf8 => text.as_bytes().to_vec(),
            Charset::Gbk => GB18030.encode(text).0.into_owned(),
        }
    }

    /// The content type of an answer.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Charset::Utf8 => "application/json; charset=utf-8",
            Charset::Gbk => "application/json; charset=gbk",
        }
    }
}

fn named_charset(content_type: &str) -> Option<Charset> {
    let parameter = content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then_some(value.trim().trim_matches('"'))
    })?;
    match parameter.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Some(Charset::Utf8),
        "gbk" | "gb2312" | "gb18030" => Some(Charset::Gbk),
        _ => None,
    }
}

fn read(bytes: &[u8], charset: Charset) -> Result<String, BodyError> {
    let encoding = match charset {
        Charset::Utf8 => UTF_8,
        Charset::Gbk => GB18030,
    };
    let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
    if had_errors {
        Err(BodyError::Encoding)
    } else {
        Ok(text.into_owned())
    }
}
