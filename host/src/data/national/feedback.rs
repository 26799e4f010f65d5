//! 3103 明细审核反馈: what a clinician decided on what was found.

use super::names::Names;
use super::node::{Node, Place};
use super::request::Transaction;
use crate::data::call::RequestError;
use crate::findings::{FindingId, Way};

/// What the interface has for dspo_way_rea.
const REASON_CHARACTERS_MAX: usize = 500;

/// A 3103 whose every field is as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// warn_type: whether the findings are of a 3101 or a 3102.
    pub of: Transaction,
    /// At least one.
    pub warnings: Vec<Warning>,
}

/// A decision on one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// warn_rslt_id: 违规标识 of the finding.
    pub finding: FindingId,
    /// dspo_way 处理方式
    pub way: Way,
    /// dspo_way_rea 处理原因; never empty where the order goes on.
    pub reason: String,
    /// The way to it, for what is said of it later.
    pub path: String,
}

impl Feedback {
    pub(super) fn read(node: &Node, names: &Names) -> Result<Self, RequestError> {
        let root = Place::root(node, names);
        root.field("msgid").required("the id of the message")?;
        let data = root.field("input").object()?.field("data").object()?;
        let of = match data.field("warn_type").required("`1` or `2`")? {
            "1" => Transaction::Before,
            "2" => Transaction::During,
            _ => return Err(data.field("warn_type").unexpected("`1` or `2`")),
        };
        let warnings = data.field("warns").filled_list()?;
        let warnings = warnings.iter().map(warning).collect::<Result<_, _>>()?;
        Ok(Feedback { of, warnings })
    }
}

fn warning(place: &Place<'_>) -> Result<Warning, RequestError> {
    const ID: &str = "the `jr_id` of a finding that this host answered";
    let id = place.field("warn_rslt_id");
    let finding = id.required(ID)?.parse().map_err(|_| id.unexpected(ID))?;
    let way = place.field("dspo_way");
    let way = match way.required("`1` or `2`")? {
        "1" => Way::Continued,
        "2" => Way::Changed,
        _ => return Err(way.unexpected("`1` or `2`")),
    };
    let reason = place.field("dspo_way_rea");
    let text = match way {
        Way::Continued => reason.required("the reason for which the order goes on")?,
        Way::Changed => reason.text()?.unwrap_or_default(),
    };
    if text.chars().count() > REASON_CHARACTERS_MAX {
        return Err(reason.unexpected("a reason of at most 500 characters"));
    }
    Ok(Warning {
        finding,
        way,
        reason: text.to_owned(),
        path: id.path().to_owned(),
    })
}
