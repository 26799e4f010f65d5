//! Complications and comorbidities: MCC, CC, and the principal diagnoses that exclude them.

/// The gravest complication that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// 不伴并发症或合并症
    #[default]
    None,
    /// 一般并发症或合并症 (CC).
    Complication,
    /// 严重并发症或合并症 (MCC).
    MajorComplication,
}

/// The level of complication that a DRG asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeverityTest {
    /// Any.
    Always,
    /// MCC.
    Major,
    /// MCC or CC.
    MajorOrPlain,
}

/// What is known of one diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<C> {
    pub(super) level: Level,
    /// The class by which a principal diagnosis excludes it.
    pub(super) self_class: Option<C>,
    /// The class that it excludes as principal diagnosis.
    pub(super) exclusion_class: Option<C>,
}

/// The diagnoses that are complications, or exclude some, in ascending order.
#[derive(Debug, Clone)]
pub(super) struct Severity<C>(pub(super) Vec<(C, Entry<C>)>);

impl SeverityTest {
    /// Reads the word of the table.
    ///
    /// # Errors
    /// Names what is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "always" => Ok(SeverityTest::Always),
            "mcc" => Ok(SeverityTest::Major),
            "mcc_or_cc" => Ok(SeverityTest::MajorOrPlain),
            _ => Err(format!("`{text}` is not a level that a group asks for")),
        }
    }

    pub(super) fn met(self, level: Level) -> bool {
        match self {
            SeverityTest::Always => true,
            SeverityTest::Major => level == Level::MajorComplication,
            SeverityTest::MajorOrPlain => level >= Level::Complication,
        }
    }
}

impl Level {
    /// Reads the word of the table; an empty one is none.
    ///
    /// # Errors
    /// Names what is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Level::None),
            "CC" => Ok(Level::Complication),
            "MCC" => Ok(Level::MajorComplication),
            _ => Err(format!("`{text}` is not a level of complication")),
        }
    }
}

impl<C: Copy + Ord> Severity<C> {
    /// The gravest level among the other diagnoses that the principal one does not exclude: it excludes
    /// those whose own class is the class that it excludes.
    pub(super) fn level(&self, diagnoses: &[C]) -> Level {
        let Some((principal, others)) = diagnoses.split_first() else {
            return Level::None;
        };
        let excluded = self
            .entry(*principal)
            .and_then(|entry| entry.exclusion_class);
        let counting = others
            .iter()
            .filter_map(|code| self.entry(*code))
            .filter(|entry| excluded.is_none() || entry.self_class != excluded);
        counting.map(|entry| entry.level).max().unwrap_or_default()
    }

    fn entry(&self, code: C) -> Option<&Entry<C>> {
        let found = self.0.binary_search_by_key(&code, |(code, _)| *code).ok()?;
        self.0.get(found).map(|(_, entry)| entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(
        level: Level,
        own: Option<&'static str>,
        out: Option<&'static str>,
    ) -> Entry<&'static str> {
        Entry {
            level,
            self_class: own,
            exclusion_class: out,
        }
    }

    #[test]
    fn a_complication_of_the_excluded_class_does_not_count() {
        let severity = Severity(vec![
            ("A", entry(Level::None, None, Some("1"))),
            ("B", entry(Level::MajorComplication, Some("1"), None)),
            ("C", entry(Level::Complication, Some("2"), None)),
            ("D", entry(Level::Complication, None, None)),
        ]);
        assert_eq!(severity.level(&["A", "B"]), Level::None);
        assert_eq!(severity.level(&["A", "B", "C"]), Level::Complication);
        assert_eq!(severity.level(&["D", "B"]), Level::MajorComplication);
        assert_eq!(
            severity.level(&["B"]),
            Level::None,
            "the principal one is no complication"
        );
        assert_eq!(
            severity.level(&["X", "D"]),
            Level::Complication,
            "no class excludes no class"
        );
    }

    #[test]
    fn words_that_are_no_level_are_named() {
        assert_eq!(
            Level::parse("mcc").unwrap_err(),
            "`mcc` is not a level of complication"
        );
        assert_eq!(
            SeverityTest::parse("cc").unwrap_err(),
            "`cc` is not a level that a group asks for"
        );
    }
}
