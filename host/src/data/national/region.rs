//! What regions say differently: the dictionaries that the national interface leaves open, and the words
//! before a message.

use std::collections::{BTreeMap, BTreeSet};

use rulepack_contract::answer::Certainty;
use serde::{Deserialize, Serialize};

use super::Transaction;

/// A region's codes and words. In TOML, with every field optional:
///
/// ```toml
/// text_characters_max = 500
/// amount_computed = "1"
/// severity = { violation = "1", high_suspicion = "2", low_suspicion = "3" }
/// behaviour = { conduct = "1", item = "2" }
/// prefix = { block = "【拦截】", remind = "【提醒】", review = "【审核】" }
///
/// [transactions]              # infno
/// before = "3660"
/// during = "3661"
///
/// [request]                   # national field = what it is called here, wherever it stands
/// patn_id = "psn_no"
///
/// [defaults]                  # national field = what stands where the region leaves it out, or empty
/// matn_stas = "0"
///
/// [answer]                    # the same as `request`, for the fields of an answer
/// jr_id = "vola_id"
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
    /// Numbers of the transactions.
    pub transactions: Transactions,
    /// Names of fields of requests, by the national ones.
    pub request: BTreeMap<String, String>,
    /// What stands where a request leaves a field out, or empty, by the national names.
    pub defaults: BTreeMap<String, String>,
    /// Names of fields of answers, by the national ones.
    pub answer: BTreeMap<String, String>,
}

/// infno of each transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Transactions {
    /// 3101 明细审核事前分析
    pub before: String,
    /// 3102 明细审核事中分析
    pub during: String,
    /// 3103 明细审核反馈
    pub feedback: String,
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

/// A region file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// It is no TOML, or has a field that a region does not have.
    #[error("the region file is not as expected: {0}")]
    Toml(#[from] toml::de::Error),
    /// Nobody could tell which transaction is meant.
    #[error("the region file gives the number `{0}` to two transactions")]
    Number(String),
    /// A name that no field can have.
    #[error("the region file renames `{0}` to nothing")]
    Empty(String),
    /// Two fields of an answer would have one name.
    #[error("the region file gives the name `{0}` to two fields of an answer")]
    Name(String),
}

impl Region {
    /// Reads a region file; what it does not say is as in the default.
    ///
    /// # Errors
    /// [`RegionError`].
    pub fn parse(text: &str) -> Result<Self, RegionError> {
        let region: Region = toml::from_str(text)?;
        let Transactions {
            before,
            during,
            feedback,
        } = &region.transactions;
        if before == during || before == feedback {
            return Err(RegionError::Number(before.clone()));
        }
        if during == feedback {
            return Err(RegionError::Number(during.clone()));
        }
        let renamed = region.request.iter().chain(&region.answer);
        if let Some((national, _)) = renamed.into_iter().find(|(_, name)| name.is_empty()) {
            return Err(RegionError::Empty(national.clone()));
        }
        match region.twice_in_answer() {
            Some(name) => Err(RegionError::Name(name)),
            None => Ok(region),
        }
    }

    /// The name that two fields of an answer would have.
    fn twice_in_answer(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        let called = |name: &&str| self.answer.get(*name).cloned();
        let mut fields = ANSWER_FIELDS.iter();
        fields.find_map(|name| {
            let called = called(name).unwrap_or_else(|| (*name).to_owned());
            (!names.insert(called.clone())).then_some(called)
        })
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

/// Every field of an answer.
const ANSWER_FIELDS: [&str; 26] = [
    "infcode",
    "inf_refmsgid",
    "refmsg_time",
    "respond_time",
    "enctype",
    "signtype",
    "err_msg",
    "output",
    "result",
    "rulepack",
    "jr_id",
    "rule_id",
    "rule_name",
    "vola_cont",
    "patn_id",
    "mdtrt_id",
    "judge_result_detail_dtos",
    "vola_amt",
    "vola_amt_stas",
    "sev_deg",
    "vola_evid",
    "vola_bhvr_type",
    "task_id",
    "jrd_id",
    "rx_id",
    "vola_item_type",
];

impl Transactions {
    /// Which review a number asks for.
    #[must_use]
    pub fn review(&self, infno: &str) -> Option<Transaction> {
        if infno == self.before {
            return Some(Transaction::Before);
        }
        (infno == self.during).then_some(Transaction::During)
    }
}

impl Default for Transactions {
    fn default() -> Self {
        Transactions {
            before: "3101".into(),
            during: "3102".into(),
            feedback: "3103".into(),
        }
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
            transactions: Transactions::default(),
            request: BTreeMap::new(),
            defaults: BTreeMap::new(),
            answer: BTreeMap::new(),
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
