//! Pages that need nothing else: texts made safe, the frame of a page, and bars drawn in it. Shared by the
//! shadow report, the status page and the reports of an audit.

pub mod bars;

/// The text with every character that means something to HTML replaced.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A whole page. The title is escaped; `head` (what stands in the head beside it) and `body` are taken as
/// they are.
#[must_use]
pub fn document(language: &str, title: &str, head: &str, body: &str) -> String {
    let (language, title) = (escape(language), escape(title));
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title>{head}</head><body>{body}</body></html>\n"
    )
}
