//! The language in which people read results.

use clap::ValueEnum;

/// The language of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// 中文
    Zh,
}

impl Language {
    /// What is said in this language.
    pub fn choose<T>(self, english: T, chinese: T) -> T {
        match self {
            Language::En => english,
            Language::Zh => chinese,
        }
    }

    /// A word that begins a line, as wide on a terminal as the others of its language: nine letters, or four
    /// characters.
    pub fn label(self, word: &str) -> String {
        match self {
            Language::En => format!("{word:<9}"),
            Language::Zh => format!("{word:　<4}"),
        }
    }
}
