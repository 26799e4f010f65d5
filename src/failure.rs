//! The one place where an error becomes words for a person.

use std::error::Error;
use std::fmt;

/// Why a command failed: an error with its sources, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
}

/// What a command gives back.
pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A failure in plain words: a lower-case phrase without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Failure {
            error: message.into().into(),
            hint: None,
        }
    }

    /// Says what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What to do, where somebody said.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The error and all its sources, outermost first, without repeating what a source already says.
    pub fn chain(&self) -> Vec<String> {
        let mut lines = vec![self.error.to_string()];
        let mut source = self.error.source();
        while let Some(error) = source {
            let line = error.to_string();
            if !lines.iter().any(|earlier| earlier.contains(&line)) {
                lines.push(line);
            }
            source = error.source();
        }
        lines
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain().join(": "))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure {
            error: Box::new(error),
            hint: None,
        }
    }
}

/// Adds what was being done, or what to do, to an error on its way out.
pub trait Explain<T> {
    /// Puts a phrase before the error: "cannot read `x`".
    fn context(self, phrase: impl FnOnce() -> String) -> Outcome<T>;
    /// Adds what to do.
    fn hint(self, hint: impl Into<String>) -> Outcome<T>;
}

impl<T, E: Into<Failure>> Explain<T> for Result<T, E> {
    fn context(self, phrase: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| {
            let failure: Failure = error.into();
            Failure {
                error: format!("{}: {failure}", phrase()).into(),
                hint: failure.hint,
            }
        })
    }

    fn hint(self, hint: impl Into<String>) -> Outcome<T> {
        self.map_err(|error| error.into().hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_reads_from_the_outside_in() {
        let error = std::io::Error::other("disk full");
        let failure = Err::<(), _>(error)
            .context(|| "cannot write `a`".into())
            .hint("free some space")
            .unwrap_err();
        assert_eq!(failure.to_string(), "cannot write `a`: disk full");
        assert_eq!(failure.hint_text(), Some("free some space"));
    }
}
