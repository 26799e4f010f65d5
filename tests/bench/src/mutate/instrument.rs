//! Puts every mutant of a source into one program, each behind a switch: `a < b` becomes `(if is(7) { a <= b }
//! else { a < b })`. So one build serves all of them.

use super::tokens::{Token, tokens};

/// A change of one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    pub(super) id: u32,
    /// Line of the source, from 1.
    pub(super) line: usize,
    /// The function that it stands in.
    pub(super) function: String,
    /// What it was, and what it is: `a < b` → `a <= b`.
    pub(super) before: String,
    pub(super) after: String,
}

/// A place that a mutant changes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    start: usize,
    end: usize,
    change: Change,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// Another operator in place of the one that stands from here to there.
    Operator(usize, usize, &'static str),
    /// The whole is always this.
    Always(&'static str),
}

/// The source with all its mutants; their numbers begin at `first`.
pub(super) fn instrument(source: &str, first: u32) -> (String, Vec<Mutant>) {
    // The tests of a file are not what is tested.
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    let code = &source[..end];
    let tokens = tokens(code);
    let mut edits = edits(&tokens);
    // What stands around comes before what stands in it, an operator last: its operands hold the rest.
    edits.sort_by_key(|edit| {
        let is_operator = matches!(edit.change, Change::Operator(..));
        (edit.start, std::cmp::Reverse(edit.end), is_operator)
    });
    edits.dedup_by(|one, other| one == other);
    let mut writer = Writer {
        source: code,
        edits: &edits,
        first,
    };
    let text = writer.write(0, code.len(), 0, edits.len());
    let mutants = (first..).zip(&edits).map(|(id, edit)| Mutant {
        id,
        line: code[..edit.start].matches('\n').count() + 1,
        function: function(&tokens, edit.start).to_owned(),
        before: one_line(&code[edit.start..edit.end]),
        after: one_line(&match edit.change {
            Change::Always(value) => value.to_owned(),
            Change::Operator(from, to, operator) => {
                format!(
                    "{}{operator}{}",
                    &code[edit.start..from],
                    &code[to..edit.end]
                )
            }
        }),
    });
    (text + &source[end..], mutants.collect())
}

/// The name after the last `fn` before a place.
fn function<'a>(tokens: &[Token<'a>], place: usize) -> &'a str {
    let before = tokens.partition_point(|token| token.start < place);
    let before = tokens.get(..before).unwrap_or_default();
    let name = before.windows(2).rev().find_map(|pair| match pair {
        [word, name] if word.text == "fn" && !name.opens() => Some(name.text),
        _ => None,
    });
    name.unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The places to change: comparisons, operands of `&&` and `||`, and conditions of `if`.
fn edits(tokens: &[Token<'_>]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let value_before = place
            .checked_sub(1)
            .is_some_and(|it| tokens[it].ends_value());
        let flipped = flipped(tokens, place).filter(|_| value_before);
        if let Some(operator) = flipped {
            let (from, to) = (left(tokens, place), right(tokens, place));
            edits.extend(span(tokens, from, to).map(|(start, end)| Edit {
                start,
                end,
                change: Change::Operator(token.start, token.end(), operator),
            }));
        } else if matches!(token.text, "&&" | "||") && value_before {
            edits.extend(operands(tokens, place));
        } else if token.text == "if" {
            let to = right(tokens, place);
            let condition = tokens.get(place + 1..to).unwrap_or_default();
            if !condition.iter().any(|it| it.text == "let") {
                edits.extend(span(tokens, place + 1, to).map(|(start, end)| Edit {
                    start,
                    end,
                    change: Change::Always("false"),
                }));
            }
        }
    }
    edits
}

/// The operator at the other side of the boundary. `<` and `>` of types have no space around them.
fn flipped(tokens: &[Token<'_>], place: usize) -> Option<&'static str> {
    let token = tokens.get(place)?;
    let apart = place
        .checked_sub(1)
        .and_then(|it| tokens.get(it))
        .zip(tokens.get(place + 1))
        .is_some_and(|(before, after)| before.end() < token.start && token.end() < after.start);
    match token.text {
        "<" if apart => Some("<="),
        ">" if apart => Some(">="),
        "<=" => Some("<"),
        ">=" => Some(">"),
        "==" => Some("!="),
        "!=" => Some("=="),
        _ => None,
    }
}

/// Both operands of `&&` or `||`: always true beside an `&&`, else always false.
fn operands(tokens: &[Token<'_>], place: usize) -> Vec<Edit> {
    let (from, to) = (left(tokens, place), right(tokens, place));
    let before = from.checked_sub(1).map_or("", |it| tokens[it].text);
    let after = tokens.get(to).map_or("", |it| it.text);
    let operator = tokens[place].text;
    let neutral = |other: &str| match (operator, other) {
        ("&&", _) | (_, "&&") => "true",
        _ => "false",
    };
    // `let Some(x) = y && …`: the pattern's value is no condition.
    let is_matched = before == "=" && is_matched(tokens, from);
    let first = (!is_matched).then(|| span(tokens, from, place)).flatten();
    let is_pattern = tokens.get(place + 1).is_some_and(|it| it.text == "let");
    let second = (!is_pattern).then(|| span(tokens, place + 1, to)).flatten();
    let edit = |(start, end), value| Edit {
        start,
        end,
        change: Change::Always(value),
    };
    let first = first.map(|it| edit(it, neutral(before)));
    let second = second.map(|it| edit(it, neutral(after)));
    first.into_iter().chain(second).collect()
}

/// Whether the value that begins here is matched with a pattern: `if let PATTERN = value`.
fn is_matched(tokens: &[Token<'_>], from: usize) -> bool {
    let before = tokens.get(..from).unwrap_or_default();
    let pattern = before.iter().rposition(|it| it.text == "let");
    let introduced = pattern.and_then(|at| before.get(at.checked_sub(1)?));
    introduced.is_some_and(|it| matches!(it.text, "if" | "while" | "&&"))
}

fn span(tokens: &[Token<'_>], from: usize, to: usize) -> Option<(usize, usize)> {
    let last = to.checked_sub(1).filter(|last| *last >= from)?;
    Some((tokens.get(from)?.start, tokens.get(last)?.end()))
}

/// Where the left operand of the operator at this place begins.
fn left(tokens: &[Token<'_>], place: usize) -> usize {
    let mut depth = 0_usize;
    let mut from = place;
    while let Some(before) = from.checked_sub(1) {
        let token = &tokens[before];
        let ends_statement = token.text == "}" && !matches!(tokens[from].text, "." | "?");
        if token.closes() && !(depth == 0 && ends_statement) {
            depth += 1;
        } else if token.opens() && depth > 0 {
            depth -= 1;
        } else if depth == 0 && (token.opens() || token.closes() || bounds_left(token)) {
            return from;
        }
        from = before;
    }
    from
}

fn bounds_left(token: &Token<'_>) -> bool {
    matches!(
        token.text,
        "&&" | "||" | "," | ";" | "=" | "=>" | "|" | "|=" | "&=" | "+=" | "-=" | ".." | "..=" | ":"
    ) || matches!(
        token.text,
        "if" | "while" | "return" | "match" | "in" | "let" | "else" | "move"
    )
}

/// Where the right operand of the operator (or the condition of the `if`) at this place ends.
fn right(tokens: &[Token<'_>], place: usize) -> usize {
    let is_if = tokens[place].text == "if";
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(place + 1) {
        if depth == 0 {
            let bound = matches!(token.text, "," | ";" | "=>" | "{" | "=" | ".." | "else")
                || matches!(token.text, "&&" | "||") && tokens[at - 1].ends_value();
            if token.closes() || (bound && !(is_if && matches!(token.text, "&&" | "||" | "="))) {
                return at;
            }
        }
        if token.opens() {
            depth += 1;
        } else if token.closes() {
            depth -= 1;
        }
    }
    tokens.len()
}

struct Writer<'a> {
    source: &'a str,
    edits: &'a [Edit],
    first: u32,
}

impl Writer<'_> {
    /// The source from `start` to `end` with the edits from place `next` up to `last` that lie in it.
    fn write(&mut self, start: usize, end: usize, mut next: usize, last: usize) -> String {
        let mut text = String::new();
        let mut at = start;
        while let Some(edit) = self.edits.get(next).filter(|_| next < last).cloned() {
            if edit.start >= end {
                break;
            }
            let inside = |it: &Edit| it.start < edit.end;
            let rest = self.edits.get(next + 1..last).unwrap_or_default();
            let after = next + 1 + rest.iter().take_while(|it| inside(it)).count();
            text.push_str(&self.source[at..edit.start]);
            let whole = self.write(edit.start, edit.end, next + 1, after);
            let changed = match edit.change {
                Change::Always(value) => value.to_owned(),
                Change::Operator(from, to, operator) => {
                    let one = self.part(edit.start, from, (next + 1, after));
                    let other = self.part(to, edit.end, (next + 1, after));
                    format!("{one}{operator}{other}")
                }
            };
            let id = self.first + u32::try_from(next).unwrap_or(u32::MAX);
            text.push_str(&format!(
                "(if crate::mutant::is({id}) {{ {changed} }} else {{ {whole} }})"
            ));
            at = edit.end;
            next = after;
        }
        text.push_str(&self.source[at..end]);
        text
    }

    /// An operand with the edits that lie in it.
    fn part(&mut self, start: usize, end: usize, (next, last): (usize, usize)) -> String {
        let edits = self.edits.get(next..last).unwrap_or_default();
        let from = next + edits.iter().take_while(|it| it.start < start).count();
        let to = next + edits.iter().take_while(|it| it.start < end).count();
        self.write(start, end, from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(source: &str) -> Vec<(String, String)> {
        let (_, mutants) = instrument(source, 1);
        mutants
            .into_iter()
            .map(|it| (it.before, it.after))
            .collect()
    }

    fn told(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(one, other): &(&str, &str)| ((*one).to_owned(), (*other).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn comparisons_operands_and_branches_are_changed_and_nothing_else() {
        assert_eq!(
            changes("fn f(a: Vec<u8>) { if a.len() > g(1, 2) && !b { c() } }"),
            told(&[
                ("a.len() > g(1, 2) && !b", "false"),
                ("a.len() > g(1, 2)", "true"),
                ("a.len() > g(1, 2)", "a.len() >= g(1, 2)"),
                ("!b", "true"),
            ])
        );
        assert_eq!(
            changes("let x = a.iter().any(|it| it.b != 3) || c;"),
            told(&[
                ("a.iter().any(|it| it.b != 3)", "false"),
                ("it.b != 3", "it.b == 3"),
                ("c", "false"),
            ])
        );
        assert_eq!(
            changes("if let Some(x) = y && x <= 1 {} // a < b\nlet s = \"a < b\"; f(|| c)"),
            told(&[("x <= 1", "true"), ("x <= 1", "x < 1")])
        );
        assert_eq!(
            changes("match x { A if b => c, _ => &&d }"),
            told(&[("b", "false")])
        );
    }

    #[test]
    fn every_mutant_stands_behind_its_switch() {
        let (text, mutants) = instrument("let x = a < b && c;\n", 7);
        assert_eq!(
            text,
            "let x = (if crate::mutant::is(7) { true } else { (if crate::mutant::is(8) { a <= b } else \
             { a < b }) }) && (if crate::mutant::is(9) { true } else { c });\n"
        );
        assert_eq!(mutants.len(), 3);
        assert_eq!((mutants[2].id, mutants[2].line), (9, 1));
    }

    #[test]
    fn a_change_tells_its_function() {
        let (_, mutants) = instrument("fn f(g: fn(u8)) { a == b }\nfn h() { c == d }\n", 1);
        let functions: Vec<&str> = mutants.iter().map(|it| it.function.as_str()).collect();
        assert_eq!(functions, ["f", "h"]);
    }
}
