//! What regions say differently: the dictionaries that the national interface leaves open, and the words
//! before a message.

use rulepack_contract::answer::Certainty;
use serde::{Deserialize, Serialize};

/// A region's codes and words. In TOML, with every field optional:
///
/// ```toml
/// text_characters_max = 500
/// amount_computed = "1"
/// severity = { violation = "1", high_suspicion = "2", low_suspicion = "3" }
/// behaviour = { conduct = "1", item = "2" }
/// prefix = { block = "【拦截】", remind = "【提醒】", review = "【审核】" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Region {
    /// Longer texts (vola_cont, vola_evid) are cut here, by characters.
    pub text_characters_max: usize,
    /// vola_amt_stas of an amount that was computed.
    pub amount_computed: String,
    /// sev_deg by certainty.
    pub severity: Severity,
    /// vola_bhvr_type by kind of behaviour.
    pub behaviour: Behaviour,
    /// What is put before vola_cont, by action.
    pub prefix: Prefix,
}

/// 严重程度.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Severity {
    /// 明确违规
    pub violation: String,
    /// 高度可疑
    pub high_suspicion: String,
    /// 轻度可疑
    pub low_suspicion: String,
}

/// 违规行为分类.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// 行为类
    pub conduct: String,
    /// 项目类
    pub item: String,
}

/// Words before a message, by what the hospital is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prefix {
    /// The order is refused.
    pub block: String,
    /// The clinician is told.
    pub remind: String,
    /// Somebody looks at it later.
    pub review: String,
}

/// A region file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the region file is not as expected: {0}")]
pub struct RegionError(#[from] toml::de::Error);

impl Region {
    /// Reads a region file; what it does not say is as in the default.
    ///
    /// # Errors
    /// [`RegionError`] where it is no TOML or has a field that a region does not have.
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        Ok(toml::from_str(text)?)
    }

    /// sev_deg of a certainty.
    #[must_use]
    pub fn severity(&self, certainty: Certainty) -> &str {
        match certainty {
            Certainty::Violation => &self.severity.violation,
            Certainty::HighSuspicion => &self.severity.high_suspicion,
            Certainty::LowSuspicion => &self.severity.low_suspicion,
        }
    }

    /// vola_bhvr_type of what a manifest calls 行为类 or 项目类; empty for anything else.
    #[must_use]
    pub fn behaviour(&self, label: &str) -> &str {
        match label {
            "行为类" => &self.behaviour.conduct,
            "项目类" => &self.behaviour.item,
            _ => "",
        }
    }

    /// A text within the interface's length; a cut one ends in `…`.
    #[must_use]
    pub fn cut(&self, text: &str) -> String {
        if text.chars().count() <= self.text_characters_max {
            return text.to_owned();
        }
        let kept = self.text_characters_max.saturating_sub(1);
        text.chars()
            .take(kept)
            .chain(std::iter::once('…'))
            .collect()
    }
}

impl Default for Region {
    fn default() -> Self {
        Region {
            text_characters_max: 500,
            amount_computed: "1".into(),
            severity: Severity::default(),
            behaviour: Behaviour::default(),
            prefix: Prefix::default(),
        }
    }
}

impl Default for Severity {
    fn default() -> Self {
        Severity {
            violation: "1".into(),
            high_suspicion: "2".into(),
            low_suspicion: "3".into(),
        }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Behaviour {
            conduct: "1".into(),
            item: "2".into(),
        }
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Prefix {
            block: "【拦截】".into(),
            remind: "【提醒】".into(),
            review: "【审核】".into(),
        }
    }
}
