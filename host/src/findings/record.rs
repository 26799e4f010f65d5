//! What is kept of a finding and of a decision.

use std::fmt;
use std::str::FromStr;

use crate::review::report::Softening;
use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::manifest::Action;
use serde::{Deserialize, Serialize};

/// 违规标识 (jr_id): the number of the answer in fourteen digits, and the finding's place in it in four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FindingId {
    /// No other answer of this host has it.
    pub answer: u64,
    /// From 0.
    pub place: u32,
}

/// A text that is no [`FindingId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a finding")]
pub struct FindingIdError;

/// A finding as it was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct KeptFinding {
    /// By which a decision refers to it.
    #[schema(value_type = String)]
    pub id: FindingId,
    /// Seconds from 1970-01-01, China Standard Time.
    pub at: i64,
    /// When in the course of care.
    #[schema(value_type = String)]
    pub stage: Stage,
    /// Pack and version.
    #[schema(value_type = String)]
    pub pack: TargetPath,
    /// Id of the rule in the pack.
    pub rule: String,
    /// 明确违规, 高度可疑, 轻度可疑.
    #[schema(value_type = String)]
    pub certainty: Certainty,
    /// What it led to.
    #[schema(value_type = String)]
    pub action: Action,
    /// Where the hospital softened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub softened: Option<Softening>,
    /// In Chinese, with its figures.
    pub message: String,
    /// Fen at stake.
    pub amount: i64,
    /// Key of the patient.
    pub patient: Option<String>,
    /// Key of the encounter.
    pub encounter: Option<String>,
    /// 科室: of the order, else of the encounter.
    pub department: Option<String>,
    /// 医师: of the order, else of the encounter.
    pub doctor: Option<String>,
}

/// 处理方式 (dspo_way).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// 继续执行医嘱: the finding is overridden.
    Continued,
    /// 返回修改医嘱: the order is changed.
    Changed,
}

/// What a clinician decided on a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = KeptDecision)]
pub struct Decision {
    /// The finding.
    #[schema(value_type = String)]
    pub finding: FindingId,
    /// Go on, or change the order.
    pub way: Way,
    /// 处理原因: never empty where the clinician went on.
    pub reason: String,
    /// Seconds from 1970-01-01, China Standard Time.
    pub at: i64,
}

/// A line of the store, with as much of each finding as its reader wants.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Entry<Finding = KeptFinding> {
    /// All findings of one answer, in its order.
    Found(Vec<Finding>),
    /// All decisions of one 3103.
    Decided(Vec<Decision>),
    /// An answer that was not given after all, since it could not be recorded.
    Withdrawn(u64),
}

/// What of a finding is counted.
#[derive(Debug, Deserialize)]
pub(super) struct CountedFinding {
    pub(super) id: FindingId,
    pub(super) pack: TargetPath,
    pub(super) rule: String,
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}{:04}", self.answer, self.place)
    }
}

impl FromStr for FindingId {
    type Err = FindingIdError;

    fn from_str(text: &str) -> Result<Self, FindingIdError> {
        let (answer, place) = text.split_at_checked(14).ok_or(FindingIdError)?;
        let id = FindingId {
            answer: answer.parse().map_err(|_| FindingIdError)?,
            place: place.parse().map_err(|_| FindingIdError)?,
        };
        // One finding has one text: no sign, no zeroes more.
        (id.to_string() == text).then_some(id).ok_or(FindingIdError)
    }
}

impl TryFrom<String> for FindingId {
    type Error = FindingIdError;

    fn try_from(text: String) -> Result<Self, FindingIdError> {
        text.parse()
    }
}

impl From<FindingId> for String {
    fn from(id: FindingId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_is_one() {
        for place in [0, 7, 9_999, 12_345] {
            let id = FindingId {
                answer: 1_795_311_060_250,
                place,
            };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for other in [
            "",
            "1",
            "01795311060250",
            "+17953110602500000",
            "017953110602500 00",
            "医".repeat(6).as_str(),
        ] {
            let error = other.parse::<FindingId>().unwrap_err();
            assert_eq!(error.to_string(), "not the id of a finding");
        }
    }
}
