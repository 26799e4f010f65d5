//! Cells of CSV that people open in a spreadsheet.

/// The text, with a quotation mark before it where a spreadsheet would take it for a formula (T15).
#[must_use]
pub fn neutral(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::neutral;

    #[test]
    fn what_begins_like_a_formula_is_text() {
        assert_eq!(neutral("=1+1"), "'=1+1");
        assert_eq!(neutral("@x"), "'@x");
        assert_eq!(neutral("1+1"), "1+1");
        assert_eq!(neutral(""), "");
    }
}
