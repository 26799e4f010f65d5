//! Saved ways to run an audit: 每月自查, 季度模拟飞检, and a hospital's own. A profile is a TOML file; the two
//! built-in ones are its documentation.

mod choice;
mod period;
mod threshold;

use serde::{Deserialize, Serialize};

use crate::report::Language;
use crate::summary::SummaryOptions;

pub use choice::{Choice, PackPattern, PackPatternError};
pub use period::{Period, PeriodError, PeriodRule};
pub use threshold::{Exceeded, Threshold, Thresholds};

/// A saved way to run an audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// By which it is called: small letters, digits and `-`.
    pub name: ProfileName,
    /// What the report calls it.
    pub title: String,
    /// Which days it reviews, as seen from the day of the run.
    pub period: PeriodRule,
    /// Which packs and rules the report tells of; all where it is left out.
    #[serde(default)]
    pub choose: Choice,
    /// What asks for attention.
    #[serde(default)]
    pub thresholds: Thresholds,
    /// What is written.
    #[serde(default)]
    pub report: ReportOptions,
}

/// `[report]` of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportOptions {
    /// Of the report; messages of rules are Chinese always.
    pub language: Language,
    /// Beside the findings file and the summary.
    pub formats: Vec<Format>,
    /// Departments, doctors, institutions and items that are listed.
    pub top: u16,
    /// Findings shown of each rule.
    pub examples: u16,
}

/// A file of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One page for the director.
    Html,
    /// A workbook of summary and findings.
    Xlsx,
    /// The findings for other programs.
    Csv,
}

/// The name of a profile, which is also that of its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(String);

/// A text that names no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name of a profile, expected 1 to 64 of `a`-`z`, `0`-`9` and `-`")]
pub struct ProfileNameError(String);

/// A profile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile `{file}`, line {line}{key}: {message}", key = key.as_ref().map(|key| format!(", key `{key}`")).unwrap_or_default())]
pub struct ProfileError {
    /// The file, as the caller names it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The key on that line.
    pub key: Option<String>,
    /// What stands there, and what is expected.
    pub message: String,
}

const BUILT_IN: [(&str, &str); 2] = [
    (
        "monthly-self-check",
        include_str!("profile/monthly-self-check.toml"),
    ),
    (
        "quarterly-mock-inspection",
        include_str!("profile/quarterly-mock-inspection.toml"),
    ),
];

impl Profile {
    /// Reads a profile; `file` is named in errors.
    ///
    /// # Errors
    /// [`ProfileError`], which names line, key, value and what is expected.
    ///
    /// ```
    /// use rulepack_audit::profile::Profile;
    ///
    /// let error = Profile::parse("own.toml", "name = \"own\"\ntitle = \"x\"\nperiod = \"last-week\"\n");
    /// assert_eq!(
    ///     error.unwrap_err().to_string(),
    ///     "profile `own.toml`, line 3, key `period`: `last-week` is no period, expected `last-month`, \
    ///      `last-quarter`, `last-year` or two days `2026-01-01..2026-03-31`"
    /// );
    /// ```
    pub fn parse(file: &str, text: &str) -> Result<Self, ProfileError> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let before = before.unwrap_or_default();
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let line = text.get(start..).and_then(|rest| rest.lines().next());
            let key = line
                .and_then(|line| line.split_once('='))
                .map(|(key, _)| key.trim());
            ProfileError {
                file: file.to_owned(),
                line: before.matches('\n').count() + 1,
                key: key.filter(|key| !key.is_empty()).map(str::to_owned),
                message: error.message().to_owned(),
            }
        })
    }

    /// The built-in profile of this name.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let text = Self::built_in_text(name)?;
        // Both are read by a test.
        Self::parse(name, text).ok()
    }

    /// The built-in profile of this name as a file, to be copied and changed.
    #[must_use]
    pub fn built_in_text(name: &str) -> Option<&'static str> {
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| *text)
    }

    /// Names of the built-in profiles.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// How much a summary for it tells.
    #[must_use]
    pub fn summary_options(&self) -> SummaryOptions {
        SummaryOptions {
            top: self.report.top.into(),
            examples: self.report.examples.into(),
            ..SummaryOptions::default()
        }
    }
}

impl Default for ReportOptions {
    fn default() -> Self {
        ReportOptions {
            language: Language::Chinese,
            formats: vec![Format::Html, Format::Xlsx],
            top: 50,
            examples: 5,
        }
    }
}

impl std::fmt::Display for ProfileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ProfileName {
    type Error = ProfileNameError;

    fn try_from(name: String) -> Result<Self, ProfileNameError> {
        let is_plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        match (1..=64).contains(&name.len()) && name.bytes().all(is_plain) {
            true => Ok(ProfileName(name)),
            false => Err(ProfileNameError(name)),
        }
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_profiles_can_be_read_and_bear_their_names() {
        let names: Vec<_> = Profile::built_in_names().collect();
        assert_eq!(names, ["monthly-self-check", "quarterly-mock-inspection"]);
        for name in names {
            let profile = Profile::built_in(name).unwrap();
            assert_eq!(profile.name.to_string(), name);
            let written = toml::to_string(&profile).unwrap();
            assert_eq!(Profile::parse(name, &written).unwrap(), profile);
        }
        assert_eq!(Profile::built_in("weekly"), None);
    }

    #[test]
    fn what_is_left_out_has_the_documented_default() {
        let text = "name = \"own\"\ntitle = \"自定\"\nperiod = \"last-year\"\n";
        let profile = Profile::parse("own.toml", text).unwrap();
        assert_eq!(profile.choose, Choice::default());
        assert_eq!(profile.thresholds, Thresholds::default());
        assert_eq!((profile.report.top, profile.report.examples), (50, 5));
    }

    #[test]
    fn an_error_names_file_line_key_value_and_what_is_expected() {
        let head = "name = \"own\"\ntitle = \"自定\"\nperiod = \"last-month\"\n";
        let cases = [
            (
                "name = \"Own\"\n".to_owned(),
                "line 1, key `name`: `Own` is no name of a profile, expected 1 to 64 of `a`-`z`, `0`-`9` and `-`",
            ),
            (
                format!("{head}[choose]\npacks = [\"37\"]\n"),
                "line 5, key `packs`: `37` names no pack, expected a name such as `37/vbp-quota` or all of a name \
                 space: `37/*`",
            ),
            (
                format!("{head}[thresholds]\nfindings_max = -1\n"),
                "line 5, key `findings_max`: invalid value: integer `-1`, expected u64",
            ),
            (
                format!("{head}[thresholds]\nfinding_max = 1\n"),
                "line 5, key `finding_max`: unknown field `finding_max`, expected one of `findings_max`, \
                 `violations_max`, `amount_yuan_max`, `no_verdict_max`, `rejected_rows_max`, `not_evaluable_max`",
            ),
            (
                format!("{head}[report]\nformats = [\"pdf\"]\n"),
                "line 5, key `formats`: unknown variant `pdf`, expected one of `html`, `xlsx`, `csv`",
            ),
            (
                format!("{head}[report]\nlanguage = \"de\"\n"),
                "line 5, key `language`: unknown variant `de`, expected `zh` or `en`",
            ),
            (
                "name = \"own\"\n".to_owned(),
                "line 1, key `name`: missing field `title`",
            ),
        ];
        for (text, expected) in cases {
            let error = Profile::parse("own.toml", &text).unwrap_err().to_string();
            assert_eq!(error, format!("profile `own.toml`, {expected}"));
        }
    }
}
