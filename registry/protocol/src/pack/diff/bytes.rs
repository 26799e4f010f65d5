//! Where the bytes of two packs part.

use serde::Serialize;

use super::super::format::component_of;
use super::super::sections::Sections;

/// The first place at which two packs have other bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Offset in the file, from 0.
    pub at: usize,
    /// What lies there: `code`, `rulepack:manifest`, `rulepack:table/limits`, `rulepack:cases`, or `the end`
    /// of the first pack.
    pub section: String,
    /// Every part that differs, in the order of the file.
    pub parts: Vec<String>,
}

/// Where the bytes of `one` and `other` part, told in the sections of `one`; `None` where they are the same.
/// Both must be packs that open; of other bytes everything is `code`.
#[must_use]
pub fn first_difference(one: &[u8], other: &[u8]) -> Option<Difference> {
    if one == other {
        return None;
    }
    let common = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (mine, theirs) = (parts(one), parts(other));
    let section = mine.iter().find(|part| common < part.end);
    let section = section.map_or_else(|| "the end".to_owned(), |part| part.name.clone());
    let mut unlike: Vec<String> = Vec::new();
    for part in mine.iter().chain(&theirs) {
        let is_unlike = content(&mine, &part.name) != content(&theirs, &part.name);
        if is_unlike && !unlike.contains(&part.name) {
            unlike.push(part.name.clone());
        }
    }
    Some(Difference {
        at: common,
        section,
        parts: unlike,
    })
}

fn content<'a>(parts: &[Part<'a>], name: &str) -> Option<&'a [u8]> {
    let part = parts.iter().find(|part| part.name == name)?;
    Some(part.content)
}

/// A stretch of a pack: the code, or a section of ours.
struct Part<'a> {
    name: String,
    content: &'a [u8],
    end: usize,
}

fn parts(bytes: &[u8]) -> Vec<Part<'_>> {
    let code = component_of(bytes).unwrap_or(bytes);
    let mut parts = vec![Part {
        name: "code".to_owned(),
        content: code,
        end: code.len(),
    }];
    let mut sections = Sections::new(bytes, code.len());
    while let Ok(Some(section)) = sections.next() {
        parts.push(Part {
            name: section.label(),
            content: section.content,
            end: sections.at(),
        });
    }
    parts
}
