//! The changes that make no difference, each with its reason: `explained.json`, beside this file.
//!
//! An entry is told by pack, file, function and the text of the change, so that it stays true where lines move. One
//! that no survivor fits any more is stale and has to go.

use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::instrument::Mutant;

/// Survivors that are the same program to whoever asks.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Explained(Vec<Entry>);

/// A change that no case can notice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) pack: String,
    /// Below `src`.
    pub(super) file: String,
    /// The function that it stands in.
    pub(super) function: String,
    before: String,
    after: String,
    /// Why no answer differs.
    pub(super) why: String,
}

impl Entry {
    fn fits(&self, pack: &str, file: &str, mutant: &Mutant) -> bool {
        self.pack == pack
            && self.file == file
            && self.function == mutant.function
            && self.before == mutant.before
            && self.after == mutant.after
    }

    pub(super) fn change(&self) -> String {
        change(&self.before, &self.after)
    }
}

/// `before` → `after`
pub(super) fn change(before: &str, after: &str) -> String {
    format!("`{before}` → `{after}`")
}

impl Explained {
    /// Reads the list.
    pub(super) fn read(file: &Path) -> io::Result<Self> {
        let failed = |error| io::Error::other(format!("{}: {error}", file.display()));
        let text = fs::read(file).map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))
    }

    /// The reason why a survivor makes no difference.
    pub(super) fn why(&self, pack: &str, file: &str, mutant: &Mutant) -> Option<&str> {
        let mut entries = self.0.iter();
        let entry = entries.find(|entry| entry.fits(pack, file, mutant))?;
        Some(&entry.why)
    }

    /// The entries about a file that fit none of its survivors.
    pub(super) fn stale<'a>(
        &'a self,
        pack: &'a str,
        file: &'a str,
        survivors: &'a [&Mutant],
    ) -> impl Iterator<Item = &'a Entry> {
        let about = move |entry: &&Entry| entry.pack == pack && entry.file == file;
        let fits = move |entry: &Entry| survivors.iter().any(|it| entry.fits(pack, file, it));
        self.0.iter().filter(about).filter(move |it| !fits(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(function: &str) -> Mutant {
        Mutant {
            id: 1,
            line: 3,
            function: function.to_owned(),
            before: "a < b".to_owned(),
            after: "a <= b".to_owned(),
        }
    }

    fn explained() -> Explained {
        let text = r#"[{"pack": "p", "file": "f.rs", "function": "one", "before": "a < b", "after": "a <= b", "why": "w"}]"#;
        serde_json::from_str(text).expect("it is a list")
    }

    #[test]
    fn a_survivor_is_explained_in_its_own_function_only() {
        let explained = explained();
        assert_eq!(explained.why("p", "f.rs", &mutant("one")), Some("w"));
        assert_eq!(explained.why("p", "f.rs", &mutant("two")), None);
        assert_eq!(explained.why("q", "f.rs", &mutant("one")), None);
        assert_eq!(explained.why("p", "g.rs", &mutant("one")), None);
    }

    #[test]
    fn a_reason_for_what_the_cases_notice_is_stale() {
        let explained = explained();
        assert_eq!(explained.stale("p", "f.rs", &[&mutant("one")]).count(), 0);
        assert_eq!(explained.stale("p", "f.rs", &[&mutant("two")]).count(), 1);
        assert_eq!(explained.stale("p", "g.rs", &[]).count(), 0);
    }
}
