//! How CSV tables are encoded. It is declared and never guessed, as for data of a hospital
//! (docs/decisions/0157-encodings-are-declared.md).

use encoding_rs::GB18030;

/// The encoding of CSV files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GBK, read as its superset GB 18030: what spreadsheets in China save as "CSV" or "ANSI".
    Gbk,
}

/// Why a file is not in GBK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGbk {
    /// All of it is UTF-8 beyond ASCII, which nearly always is what it is.
    #[error("the file is in UTF-8, not in GBK")]
    Utf8,
    /// A line that cannot be GBK.
    #[error("line {0} is not in GBK")]
    Line(u64),
}

/// The bytes of a CSV file in UTF-8. Where it is declared so already, its reader finds what is not.
///
/// # Errors
/// [`NotGbk`].
pub(crate) fn to_utf8(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, NotGbk> {
    if encoding == Encoding::Utf8 || bytes.is_ascii() {
        return Ok(bytes);
    }
    if std::str::from_utf8(&bytes).is_ok() {
        return Err(NotGbk::Utf8);
    }
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    // A line feed is part of no other character.
    for (number, line) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let decoded = GB18030.decode_without_bom_handling_and_without_replacement(line);
        text.push_str(&decoded.ok_or(NotGbk::Line(number))?);
    }
    Ok(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gbk(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    #[test]
    fn a_declared_encoding_is_read_and_another_one_is_refused() {
        let text = "编码,限定值\n001,男\n";
        let read = |bytes: Vec<u8>, encoding| to_utf8(bytes, encoding);
        assert_eq!(read(gbk(text), Encoding::Gbk).unwrap(), text.as_bytes());
        assert_eq!(read(b"a,b\n".to_vec(), Encoding::Gbk).unwrap(), b"a,b\n");
        let told = |bytes| read(bytes, Encoding::Gbk).unwrap_err().to_string();
        assert_eq!(
            told(text.as_bytes().to_vec()),
            "the file is in UTF-8, not in GBK"
        );
        let broken = [&gbk(text)[..], b"002,\xff\n"].concat();
        assert_eq!(told(broken), "line 3 is not in GBK");
    }

    #[test]
    fn utf_8_is_left_to_its_reader() {
        let bytes = gbk("编码\n");
        assert_eq!(to_utf8(bytes.clone(), Encoding::Utf8).unwrap(), bytes);
    }
}
