//! What a run found, as Markdown.

use std::fmt::Write as _;

use super::explained::{Explained, change};
use super::instrument::Mutant;

/// What became of the changes of a file.
pub(super) struct Outcome {
    pub(super) pack: String,
    /// Below `src`.
    pub(super) file: String,
    pub(super) mutants: Vec<Mutant>,
    /// Numbers of those that nothing noticed.
    pub(super) survivors: Vec<u32>,
}

impl Outcome {
    fn left(&self) -> Vec<&Mutant> {
        let survives = |mutant: &&Mutant| self.survivors.contains(&mutant.id);
        self.mutants.iter().filter(survives).collect()
    }

    fn unexplained(&self, explained: &Explained) -> Vec<&Mutant> {
        let mut left = self.left();
        left.retain(|mutant| explained.why(&self.pack, &self.file, mutant).is_none());
        left
    }
}

/// A page, and how many lines of it somebody has to answer.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) changes: usize,
    pub(super) survivors: usize,
    pub(super) unexplained: usize,
    pub(super) stale: usize,
}

/// How many of each file, then what survives without a reason, then what survives with one.
pub(super) fn page(outcomes: &[Outcome], explained: &Explained) -> Page {
    let mut page = Page {
        text: "| pack | file | changes | noticed | explained | unexplained |\n\
               |---|---|---|---|---|---|\n"
            .to_owned(),
        changes: 0,
        survivors: 0,
        unexplained: 0,
        stale: 0,
    };
    let (mut open, mut reasons) = (String::new(), String::new());
    // Writing into a text cannot fail.
    for outcome in outcomes {
        let (pack, file) = (&outcome.pack, &outcome.file);
        let (left, unexplained) = (outcome.left(), outcome.unexplained(explained));
        let (all, survive, bad) = (outcome.mutants.len(), left.len(), unexplained.len());
        let (noticed, good) = (all - survive, survive - bad);
        let _ = writeln!(
            page.text,
            "| `{pack}` | `{file}` | {all} | {noticed} | {good} | {bad} |"
        );
        for mutant in &left {
            let (line, function) = (mutant.line, &mutant.function);
            let change = change(&mutant.before, &mutant.after);
            let _ = match explained.why(pack, file, mutant) {
                Some(why) => writeln!(
                    reasons,
                    "- `{pack}` `{file}`, `{function}`: {change}: {why}"
                ),
                None => writeln!(open, "- `{pack}` `{file}:{line}`, `{function}`: {change}"),
            };
        }
        for entry in explained.stale(pack, file, &left) {
            let (function, change) = (&entry.function, entry.change());
            let _ = writeln!(
                open,
                "- `{pack}` `{file}`, `{function}`: {change}: explained, and does not survive"
            );
            page.stale += 1;
        }
        page.changes += all;
        page.survivors += survive;
        page.unexplained += bad;
    }
    let (all, bad) = (page.changes, page.unexplained);
    let (noticed, good) = (all - page.survivors, page.survivors - bad);
    let _ = writeln!(page.text, "| all | | {all} | {noticed} | {good} | {bad} |");
    for (title, list) in [("Unexplained", open), ("Explained", reasons)] {
        if !list.is_empty() {
            let _ = write!(page.text, "\n## {title}\n\n{list}");
        }
    }
    page
}
