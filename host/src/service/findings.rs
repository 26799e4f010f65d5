//! From findings to 违规结果 of the national interface.

use rulepack_protocol::pack::manifest::{Action, Behaviour};

use super::Service;
use crate::data::national::{Amount, Detail, Finding, ItemType, Region, Request};
use crate::findings::FindingId;
use crate::review::report::{Report, ReportedFinding, ReportedRow};

/// All findings of a report, in its order. `number` is that of the answer.
pub(super) fn national(
    report: &Report,
    request: &Request,
    service: &Service,
    number: u64,
) -> Vec<Finding> {
    let region = &service.options.region;
    let findings = report.findings.iter().enumerate();
    findings
        .map(|(place, finding)| Finding {
            task_id: request.task.clone(),
            ..one(finding, region, id(number, place))
        })
        .collect()
}

/// 违规标识: of the finding at this place of an answer. No other answer of this host has it.
pub(super) fn id(number: u64, place: usize) -> String {
    FindingId {
        answer: number,
        place: u32::try_from(place).unwrap_or(u32::MAX),
    }
    .to_string()
}

fn one(finding: &ReportedFinding, region: &Region, id: String) -> Finding {
    let first = finding.offending.first();
    let prefix = match finding.action {
        Action::Remind => &region.prefix.remind,
        Action::Review => &region.prefix.review,
        Action::Block => &region.prefix.block,
    };
    let behaviour = match finding.rule.behaviour {
        Behaviour::Conduct => "行为类",
        Behaviour::Item => "项目类",
    };
    Finding {
        rule_id: finding.rule.rule.clone(),
        rule_name: finding.rule.title.clone(),
        vola_cont: region.cut(&format!("{prefix}{}", finding.message)),
        patn_id: first
            .and_then(|row| row.patient.clone())
            .unwrap_or_default(),
        mdtrt_id: first
            .and_then(|row| row.encounter.clone())
            .unwrap_or_default(),
        judge_result_detail_dtos: details(finding, &id),
        vola_amt: Amount(finding.amount),
        vola_amt_stas: region.amount_computed.clone(),
        sev_deg: region.severity(finding.certainty).to_owned(),
        vola_evid: region.cut(&evidence(finding)),
        vola_bhvr_type: region.behaviour(behaviour).to_owned(),
        task_id: String::new(),
        jr_id: id,
    }
}

/// Who issued the rule and in which version comes first, and what was set for it here, so that no long
/// policy text cuts it off.
fn evidence(finding: &ReportedFinding) -> String {
    let rule = &finding.rule;
    let (pack, version) = (rule.pack.pack(), rule.pack.version());
    let issuer = rule.pack.name_space();
    format!(
        "发布方 {issuer}；规则包 {pack} {version}；{}依据：{}",
        set_locally(finding),
        rule.basis
    )
}

/// How many parameters are named: a policy text is to have room beside them.
const SHOWN_MAX: usize = 3;

/// 本地参数: what a province, a city or the hospital set.
fn set_locally(finding: &ReportedFinding) -> String {
    if finding.set.is_empty() {
        return String::new();
    }
    let shown = finding.set.iter().take(SHOWN_MAX).map(|(name, set)| {
        let value = serde_json::to_string(&set.value).unwrap_or_default();
        format!("{name}={value}（{} 设定）", set.by)
    });
    let shown: Vec<String> = shown.collect();
    let all = match finding.set.len() {
        count if count > SHOWN_MAX => format!("等 {count} 项"),
        _ => String::new(),
    };
    format!("本地参数 {}{all}；", shown.join("、"))
}

fn details(finding: &ReportedFinding, id: &str) -> Vec<Detail> {
    let offending = finding
        .offending
        .iter()
        .map(|row| (row, ItemType::Offending));
    let related = finding.related.iter().map(|row| (row, ItemType::Related));
    offending
        .chain(related)
        .enumerate()
        .map(|(place, (row, kind))| detail(row, kind, format!("{id}{place:04}")))
        .collect()
}

fn detail(row: &ReportedRow, kind: ItemType, id: String) -> Detail {
    let rx_id = match row.table {
        "orders" => row.key.clone(),
        _ => String::new(),
    };
    Detail {
        jrd_id: id,
        patn_id: row.patient.clone().unwrap_or_default(),
        mdtrt_id: row.encounter.clone().unwrap_or_default(),
        rx_id,
        vola_item_type: kind,
        vola_amt: Amount(row.amount),
    }
}

#[cfg(test)]
mod tests {
    use rulepack_contract::answer::Certainty;

    use super::*;
    use crate::review::report::RuleReference;

    #[test]
    fn t2_every_answer_names_the_issuing_name_space_before_the_policy_text_however_long_that_is() {
        let finding = |pack: &str, basis: String| ReportedFinding {
            rule: RuleReference {
                pack: pack.parse().unwrap(),
                rule: "LIM-01".into(),
                title: "限量".into(),
                kind: None,
                basis,
                behaviour: Behaviour::Item,
            },
            certainty: Certainty::HighSuspicion,
            action: Action::Review,
            softened: None,
            message: "超量".into(),
            amount: 0,
            offending: Vec::new(),
            related: Vec::new(),
            retroactive: false,
            set: Default::default(),
        };
        let told = |finding| one(&finding, &Region::default(), id(42, 0)).vola_evid;
        assert_eq!(
            told(finding(
                "37/limits/1.0.0.wasm",
                "鲁医保发〔2024〕1 号".into()
            )),
            "发布方 37；规则包 37/limits 1.0.0；依据：鲁医保发〔2024〕1 号"
        );
        let long = told(finding("vendor-acme/limits/2.1.0.wasm", "据".repeat(600)));
        let issuer = "发布方 vendor-acme；规则包 vendor-acme/limits 2.1.0；依据：据";
        assert!(long.starts_with(issuer), "{long}");
        assert_eq!(long.chars().count(), 500);
    }
}
