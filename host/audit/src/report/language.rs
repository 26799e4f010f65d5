//! In which language a report speaks. Messages and policies of rules are Chinese always.

use serde::{Deserialize, Serialize};

/// The language of headings and explanations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// 中文
    #[default]
    #[serde(rename = "zh")]
    Chinese,
    /// English
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// One of both.
    #[must_use]
    pub fn say(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    /// As HTML names it.
    pub(crate) fn tag(self) -> &'static str {
        self.say("zh-CN", "en")
    }
}
