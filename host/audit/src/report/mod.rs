//! A run told to people: as a page for the director of a medical-insurance office (飞检报告), as text, as a
//! workbook and as CSV, all with the same figures.

mod facts;
pub(crate) mod frame;
mod language;
mod list;
mod of_run;
mod page;
pub(crate) mod table;
mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod workbook;

use serde::{Deserialize, Serialize};

use crate::profile::Exceeded;
use crate::summary::Summary;

pub use facts::{NoVerdict, NotEvaluable, NotUsed, PackFact, Read, Rejected, RunFacts};
pub use language::Language;
pub use list::{ListError, write_csv};
pub use page::page;
pub(crate) use page::parts::table as section;
pub use tables::reason;
pub use text::text;
pub use workbook::{WorkbookError, write_xlsx};

/// All that is told of a run, but for the full list of its findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What was read and by what it was reviewed.
    pub facts: RunFacts,
    /// What the findings come to.
    pub summary: Summary,
    /// Thresholds of the profile that the run exceeds.
    #[serde(default)]
    pub exceeded: Vec<Exceeded>,
}

impl Report {
    /// 示例市中心医院 · 每月自查
    #[must_use]
    pub fn title(&self, language: Language) -> String {
        let facts = &self.facts;
        let kind = match facts.profile.as_str() {
            "" => language.say(
                "医保基金使用审核报告",
                "Report on the use of medical insurance funds",
            ),
            profile => profile,
        };
        match facts.subject.as_str() {
            "" => kind.to_owned(),
            subject => format!("{subject} · {kind}"),
        }
    }
}
