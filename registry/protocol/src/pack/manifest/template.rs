//! Texts for people with places for figures: `{variety}:约定量完成 {done}`.

use std::fmt;

use rulepack_contract::answer::Argument;
use serde::{Deserialize, Serialize};

/// A message of a rule, read once. A place is `{name}`; `{{` and `}}` stand for the braces themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    segments: Vec<Segment>,
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(String),
    Place(String),
}

/// Why a text is not a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing to show.
    #[error("a message is empty")]
    Empty,
    /// Longer than people read.
    #[error("a message is {0} bytes long, expected at most {TEMPLATE_BYTES_MAX}")]
    TooLong(usize),
    /// `{` without `}` or the other way round.
    #[error("message `{0}` has an unpaired brace, write `{{{{` or `}}}}` for the brace itself")]
    Unpaired(String),
    /// A place without a proper name.
    #[error(
        "message `{text}` has the place `{{{name}}}`, expected a name of lower-case letters, digits, \
         `-` and `_`"
    )]
    Name {
        /// The whole message.
        text: String,
        /// What stands between the braces.
        name: String,
    },
}

/// The longest message, in bytes.
const TEMPLATE_BYTES_MAX: usize = 4_096;

/// What is shown in a place for which the answer has no figure.
const ABSENT: &str = "—";

impl Template {
    /// The message with its figures. A place without an argument shows a dash; arguments without
    /// a place are left out.
    #[must_use]
    pub fn fill(&self, arguments: &[Argument]) -> String {
        let mut text = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Text(part) => text.push_str(part),
                Segment::Place(name) => {
                    let argument = arguments.iter().find(|argument| argument.name == *name);
                    match argument {
                        Some(argument) => text.push_str(&argument.value.display()),
                        None => text.push_str(ABSENT),
                    }
                }
            }
        }
        text
    }

    /// The names of the places, in order of appearance.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Place(name) => Some(name.as_str()),
            Segment::Text(_) => None,
        })
    }
}

impl std::str::FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        if text.trim().is_empty() {
            return Err(TemplateError::Empty);
        }
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong(text.len()));
        }
        let unpaired = || TemplateError::Unpaired(text.to_owned());
        let mut segments = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = brace.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else {
                let inner = brace.strip_prefix('{').ok_or_else(unpaired)?;
                let (name, after) = inner.split_once('}').ok_or_else(unpaired)?;
                check_name(text, name)?;
                if !literal.is_empty() {
                    segments.push(Segment::Text(std::mem::take(&mut literal)));
                }
                segments.push(Segment::Place(name.to_owned()));
                rest = after;
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            segments.push(Segment::Text(literal));
        }
        Ok(Template { segments })
    }
}

fn check_name(text: &str, name: &str) -> Result<(), TemplateError> {
    let proper = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        });
    if proper {
        return Ok(());
    }
    Err(TemplateError::Name {
        text: text.to_owned(),
        name: name.to_owned(),
    })
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, TemplateError> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> String {
        template.to_string()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.segments {
            match segment {
                Segment::Text(text) => {
                    formatter.write_str(&text.replace('{', "{{").replace('}', "}}"))?;
                }
                Segment::Place(name) => write!(formatter, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rulepack_contract::answer::Value;

    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Template>().unwrap_err().to_string()
    }

    #[test]
    fn figures_stand_in_their_places() {
        let template: Template = "{variety}:完成 {done}{{占比}} {share}".parse().unwrap();
        let argument = |name: &str, value| Argument {
            name: name.to_owned(),
            value,
        };
        let arguments = [
            argument("done", Value::Ratio(5_000)),
            argument("variety", Value::Term("{done}".into())),
        ];
        assert_eq!(template.fill(&arguments), "{done}:完成 50%{占比} —");
        let places: Vec<&str> = template.places().collect();
        assert_eq!(places, ["variety", "done", "share"]);
    }

    #[test]
    fn malformed_messages_are_refused_with_a_reason() {
        assert_eq!(refusal(" "), "a message is empty");
        assert_eq!(
            refusal(&"a".repeat(5_000)),
            "a message is 5000 bytes long, expected at most 4096"
        );
        for text in ["{a", "a}", "{a}}", "{{a}"] {
            assert_eq!(
                refusal(text),
                format!(
                    "message `{text}` has an unpaired brace, write `{{{{` or `}}}}` for the brace itself"
                )
            );
        }
        assert_eq!(
            refusal("{品种}"),
            "message `{品种}` has the place `{品种}`, expected a name of lower-case letters, \
             digits, `-` and `_`"
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_back(text in "[a{}b约-]{0,12}") {
            if let Ok(template) = text.parse::<Template>() {
                prop_assert_eq!(template.to_string(), text);
            }
        }
    }
}
