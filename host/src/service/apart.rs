//! What the national interface has no field for: `output.rulepack`. A finding that is not there means
//! "nothing was found" only for the rules that could look; which could not is said here.

use std::collections::BTreeMap;

use rulepack_contract::answer::Certainty;
use rulepack_contract::data::Rejection;
use rulepack_protocol::names::{PackName, TargetPath};
use rulepack_protocol::pack::manifest::Action;
use serde::Serialize;
use serde_json::value::RawValue;

use super::judge::Judged;
use super::{findings, problem_word, record};
use crate::packs::PackError;
use crate::review::report::{
    NoVerdict, NotEvaluable, PackRun, ReportedAbstention, ReportedFinding, ReportedNotice,
    Softening,
};

/// What the interface has for err_msg.
const ERR_MSG_CHARACTERS_MAX: usize = 200;

/// Rows of history that were left out for the same column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(super) struct LeftOut {
    /// Of the contract.
    table: &'static str,
    /// The column at fault.
    column: &'static str,
    /// How many.
    rows: u64,
}

/// Of the history of this host: what could not be looked at, so that a rule over several visits may have found
/// less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(super) struct HistoryGaps {
    /// Damaged files that were set aside.
    pub(super) set_aside: Vec<String>,
    /// Encounters and imports of these patients that cannot be read.
    pub(super) unreadable: u64,
}

/// The node.
#[derive(Debug, Serialize)]
struct Node<'r> {
    /// Under which the receipt of this answer is found.
    receipt: String,
    /// Each element of `output.result` in our own terms, in the same order.
    findings: Vec<Told>,
    /// Remaining limits and the like.
    notices: &'r [ReportedNotice],
    /// Rules that could not look at all, with the columns that they miss.
    not_evaluable: &'r [NotEvaluable],
    /// Rows at which a rule could not look.
    abstentions: &'r [ReportedAbstention],
    /// Patients for whom a pack failed.
    no_verdict: &'r [NoVerdict],
    /// Packs without a version in force.
    gaps: &'r [PackName],
    /// Packs in force that cannot be used.
    broken: Vec<Broken>,
    left_out: Vec<LeftOut>,
    /// Of the history of this host, what could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<HistoryGaps>,
    /// Patients whose rule day lies more than a month from today.
    far_rule_days: u64,
    /// Where the request says that care is given in another city than this host's, whose rules looked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    elsewhere: bool,
    /// What ran.
    packs: &'r [PackRun],
}

#[derive(Debug, Serialize)]
struct Told {
    jr_id: String,
    action: Action,
    /// Why it leads to less than its pack says.
    #[serde(skip_serializing_if = "Option::is_none")]
    softened: Option<Softening>,
    certainty: Certainty,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

/// A pack in force that cannot be used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Broken {
    /// Pack and version.
    pack: String,
    /// Why, in a word.
    problem: &'static str,
}

impl HistoryGaps {
    fn told(&self) -> String {
        let (files, unreadable) = (self.set_aside.len(), self.unreadable);
        format!("history not whole: {files} damaged files set aside, {unreadable} parts unreadable")
    }
}

/// Those of a review.
pub(super) fn broken(broken: &[(TargetPath, PackError)]) -> Vec<Broken> {
    let broken = broken.iter().map(|(pack, error)| Broken {
        pack: pack.to_string(),
        problem: problem_word(error),
    });
    broken.collect()
}

/// The node of an answer with this number.
pub(super) fn node(judged: Judged, number: u64) -> Option<Box<RawValue>> {
    let reviewed = &judged.reviewed;
    let report = &reviewed.report;
    let node = Node {
        receipt: record::answer_id(number),
        findings: report
            .findings
            .iter()
            .enumerate()
            .map(|(place, finding)| told(finding, findings::id(number, place)))
            .collect(),
        notices: &report.notices,
        not_evaluable: &report.not_evaluable,
        abstentions: &report.abstentions,
        no_verdict: &report.no_verdict,
        gaps: &reviewed.gaps,
        broken: broken(&reviewed.broken),
        left_out: judged.left_out,
        history: judged.history,
        far_rule_days: reviewed.far_rule_days,
        elsewhere: judged.is_elsewhere,
        packs: &report.packs,
    };
    serde_json::value::to_raw_value(&node).ok()
}

/// What whoever reads nothing but the national fields must know: empty where every pack looked at every
/// patient. Counts and names only.
pub(super) fn summary(judged: &Judged) -> String {
    let reviewed = &judged.reviewed;
    let mut parts: Vec<String> = judged.not_kept.iter().map(|it| (*it).to_owned()).collect();
    parts.extend(judged.history.as_ref().map(HistoryGaps::told));
    let report = &reviewed.report;
    let nothing = report.packs.is_empty() && reviewed.gaps.is_empty() && reviewed.broken.is_empty();
    if nothing {
        parts.push("no rule pack looked at this request".to_owned());
    }
    let counts = [
        (report.no_verdict.len(), "without a verdict"),
        (reviewed.broken.len(), "packs that cannot be used"),
        (reviewed.gaps.len(), "packs without a version in force"),
    ];
    for (count, what) in counts {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if judged.is_elsewhere {
        parts.push("the place of care is another city than this host's".to_owned());
    }
    if reviewed.far_rule_days > 0 {
        let count = reviewed.far_rule_days;
        parts.push(format!(
            "{count} with a rule day more than a month from today"
        ));
    }
    for LeftOut {
        table,
        column,
        rows,
    } in &judged.left_out
    {
        parts.push(format!(
            "{rows} rows of history left out for `{table}.{column}`"
        ));
    }
    let text = parts.join("; ");
    text.chars().take(ERR_MSG_CHARACTERS_MAX).collect()
}

/// Counts by column; values are patient data and stay here.
pub(super) fn left_out(rejections: &[Rejection]) -> Vec<LeftOut> {
    let mut counts: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
    for rejection in rejections {
        let place = (rejection.table.table().name, rejection.column);
        *counts.entry(place).or_default() += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|((table, column), rows)| LeftOut {
            table,
            column,
            rows,
        })
        .collect()
}

fn told(finding: &ReportedFinding, jr_id: String) -> Told {
    Told {
        jr_id,
        action: finding.action,
        softened: finding.softened.clone(),
        certainty: finding.certainty,
        kind: finding.rule.kind.clone(),
    }
}
