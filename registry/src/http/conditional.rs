//! Conditional and partial requests (RFC 9110, sections 13 and 14).

use std::ops::Range;

use axum::http::{HeaderMap, header};
use rulepack_protocol::digest::Digest;

/// The strong entity tag of bytes with this digest.
pub(super) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has the content with this tag already.
pub(super) fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let values = request.get_all(header::IF_NONE_MATCH).iter();
    values
        .filter_map(|value| value.to_str().ok())
        .any(|value| names(value, tag))
}

/// Whether a list of `If-None-Match` names the tag; comparison is weak there (RFC 9110, 13.1.2).
fn names(list: &str, tag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|entry| entry == "*" || entry.strip_prefix("W/").unwrap_or(entry) == tag)
}

/// The part of a file that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: no range was asked for, or one that this server does not serve, or of another content.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// Bytes that begin beyond its end.
    Beyond,
}

/// Reads `Range` and `If-Range`. One range is served; of several, or of another unit, the whole file is
/// the answer, as the standard allows. `If-Range` compares strongly.
pub(super) fn part(request: &HeaderMap, tag: &str, length: u64) -> Part {
    let text = |name| request.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE) else {
        return Part::Whole;
    };
    // A value that cannot be read is no match either.
    if request.contains_key(header::IF_RANGE) && text(header::IF_RANGE) != Some(tag) {
        return Part::Whole;
    }
    parse(range, length).unwrap_or(Part::Whole)
}

/// `bytes=5-9`, `bytes=5-` or `bytes=-5`; none where it is no single range of bytes.
fn parse(range: &str, length: u64) -> Option<Part> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let part = if first.is_empty() {
        let count = number(last)?.min(length);
        length - count..length
    } else {
        let first = number(first)?;
        let end = match last {
            "" => length,
            last => number(last)?.saturating_add(1),
        };
        if end <= first && !last.is_empty() {
            return None;
        }
        first..end.min(length)
    };
    Some(if part.is_empty() {
        Part::Beyond
    } else {
        Part::Bytes(part)
    })
}

/// Digits alone: the parser of the standard library would also take a sign.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str, condition: Option<&str>) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        if let Some(condition) = condition {
            headers.insert(header::IF_RANGE, condition.parse().unwrap());
        }
        part(&headers, "\"tag\"", 10)
    }

    #[test]
    fn one_range_of_bytes_is_served_within_the_file() {
        for (range, bytes) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=7-", 7..10),
            ("bytes=7-99999999999999999999999", 7..10),
            ("bytes=-3", 7..10),
            ("bytes=-30", 0..10),
        ] {
            assert_eq!(asked(range, None), Part::Bytes(bytes), "{range}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_told() {
        for range in [
            "bytes=10-",
            "bytes=10-12",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(asked(range, None), Part::Beyond, "{range}");
        }
    }

    #[test]
    fn what_is_no_single_range_is_answered_with_the_whole_file() {
        for range in [
            "bytes=5-2",
            "bytes=0-1,4-5",
            "bytes=-",
            "bytes=",
            "bytes=+1-2",
            "bytes=1-+2",
            "lines=1-2",
            "bytes=a-b",
            "bytes 1-2",
        ] {
            assert_eq!(asked(range, None), Part::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_other_content_is_answered_with_the_whole_file() {
        assert_eq!(asked("bytes=2-5", Some("\"tag\"")), Part::Bytes(2..6));
        for condition in ["\"other\"", "W/\"tag\"", "Sun, 22 Nov 2026 08:00:00 GMT"] {
            assert_eq!(asked("bytes=2-5", Some(condition)), Part::Whole);
        }
    }
}
