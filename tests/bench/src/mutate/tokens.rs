//! Enough of the words of Rust to find conditions in code that rustfmt has formatted.

/// A piece of source: where it stands, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
}

impl Token<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn opens(&self) -> bool {
        matches!(self.text, "(" | "[" | "{")
    }

    pub(super) fn closes(&self) -> bool {
        matches!(self.text, ")" | "]" | "}")
    }

    /// Whether an expression may end with it, so that an operator follows and not a reference or closure.
    pub(super) fn ends_value(&self) -> bool {
        let first = self.text.chars().next().unwrap_or(' ');
        let word = first.is_alphanumeric() || matches!(first, '_' | '"' | '\'');
        let keyword = matches!(
            self.text,
            "if" | "while" | "return" | "match" | "in" | "else" | "move"
        );
        (word && !keyword) || matches!(self.text, ")" | "]" | "}" | "?")
    }
}

/// Operators of more than one character, the longer ones first.
const LONG: [&str; 19] = [
    "..=", "<<=", ">>=", "&&", "||", "==", "!=", "<=", ">=", "=>", "->", "::", "..", "+=", "-=",
    "*=", "/=", "|=", "&=",
];

/// The tokens of a source; comments and space are left out.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let length = length(rest);
        let text = &rest[..length];
        if !text.starts_with("//") && !text.trim().is_empty() {
            tokens.push(Token { start: at, text });
        }
        at += length;
    }
    tokens
}

/// The length of the first token, comment or space.
fn length(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or(' ');
    let while_true = |of: &dyn Fn(char) -> bool| rest.find(|c| !of(c)).unwrap_or(rest.len());
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if first.is_whitespace() {
        while_true(&char::is_whitespace)
    } else if first.is_alphanumeric() || first == '_' {
        while_true(&|c| c.is_alphanumeric() || c == '_')
    } else if first == '"' {
        quoted(rest)
    } else if first == '\'' {
        character(rest)
    } else {
        let long = LONG.iter().find(|long| rest.starts_with(**long));
        long.map_or(first.len_utf8(), |long| long.len())
    }
}

/// A text in double quotes.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character in quotes, or a lifetime.
fn character(rest: &str) -> usize {
    let inner = &rest[1..];
    let lifetime = inner.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    match (inner.starts_with('\\'), lifetime) {
        (true, _) => inner[2..].find('\'').map_or(rest.len(), |at| at + 4),
        (false, Some(at)) if !inner[at..].starts_with('\'') && at > 0 => at + 1,
        (false, _) => {
            let c = inner.chars().next().map_or(0, char::len_utf8);
            c + 2
        }
    }
}
