//! What of a run asks for attention.

use serde::{Deserialize, Serialize};

use crate::report::table::{Cell, money};
use crate::report::{Language, RunFacts};
use crate::summary::{Summary, certainty_rank};

/// `[thresholds]` of a profile: what may be at most; nothing is asked where one is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings_max: Option<u64>,
    /// Findings that are 明确违规.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub violations_max: Option<u64>,
    /// Money of all findings, in yuan (CNY).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_yuan_max: Option<u64>,
    /// Patients and institutions without a verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_verdict_max: Option<u64>,
    /// Rows left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_rows_max: Option<u64>,
    /// Rules that could not be evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_evaluable_max: Option<u64>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// Findings.
    Findings,
    /// Findings that are 明确违规.
    Violations,
    /// Fen of all findings.
    Amount,
    /// Patients and institutions without a verdict.
    NoVerdict,
    /// Rows left out.
    RejectedRows,
    /// Rules that could not be evaluated.
    NotEvaluable,
}

/// A threshold that a run exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exceeded {
    /// Which.
    pub threshold: Threshold,
    /// What the run came to; fen for money.
    pub value: i64,
    /// What may be at most, in the same unit.
    pub max: i64,
}

const FEN_OF_YUAN: u64 = 100;

impl Thresholds {
    /// Those that a run exceeds.
    #[must_use]
    pub fn exceeded(&self, facts: &RunFacts, summary: &Summary) -> Vec<Exceeded> {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let certainties = summary.certainties.groups.iter();
        let violations = certainties.filter(|group| certainty_rank(&group.code) == 0);
        let violations = violations.map(|group| group.tally.sum.count).sum();
        let amount_max = self.amount_yuan_max;
        let amount_max = amount_max.map(|yuan| yuan.saturating_mul(FEN_OF_YUAN));
        let held = [
            (
                Threshold::Findings,
                number(summary.all.sum.count),
                self.findings_max,
            ),
            (
                Threshold::Violations,
                number(violations),
                self.violations_max,
            ),
            (Threshold::Amount, summary.all.sum.amount, amount_max),
            (
                Threshold::NoVerdict,
                number(facts.without_verdict().0),
                self.no_verdict_max,
            ),
            (
                Threshold::RejectedRows,
                number(facts.rejected_rows()),
                self.rejected_rows_max,
            ),
            (
                Threshold::NotEvaluable,
                number(facts.not_evaluable.len() as u64),
                self.not_evaluable_max,
            ),
        ];
        let held = held.into_iter().filter_map(|(threshold, value, max)| {
            let max = number(max?);
            let exceeded = Exceeded {
                threshold,
                value,
                max,
            };
            (value > max).then_some(exceeded)
        });
        held.collect()
    }
}

impl Exceeded {
    /// For people.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let (chinese, english) = match self.threshold {
            Threshold::Findings => ("疑点", "findings"),
            Threshold::Violations => ("明确违规", "violations (明确违规)"),
            Threshold::Amount => ("涉及金额（元）", "money at stake (CNY)"),
            Threshold::NoVerdict => (
                "未得出结论的参保人、机构",
                "patients and institutions without a verdict",
            ),
            Threshold::RejectedRows => ("未读入的行", "rows left out"),
            Threshold::NotEvaluable => ("无法评估的规则", "rules that could not be evaluated"),
        };
        let told = |value: i64| match self.threshold {
            Threshold::Amount => money(value),
            _ => Cell::Count(value.unsigned_abs()).words(language),
        };
        let (value, max) = (told(self.value), told(self.max));
        match language {
            Language::Chinese => format!("{chinese}：{value}，超过限值 {max}"),
            Language::English => format!("{english}: {value}, at most {max}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::summary::{SummaryOptions, summarize};
    use crate::synthetic;

    #[test]
    fn what_exceeds_a_threshold_is_told_with_both_figures() {
        let findings = [synthetic::finding(1), synthetic::finding(2)].map(|mut finding| {
            finding.amount = 51;
            finding.certainty = "明确违规".to_owned();
            Ok::<_, Infallible>(finding)
        });
        let Ok(summary) = summarize(findings, &SummaryOptions::default());
        let facts = synthetic::facts();
        let thresholds = Thresholds {
            findings_max: Some(2),
            violations_max: Some(1),
            amount_yuan_max: Some(1),
            no_verdict_max: Some(1),
            rejected_rows_max: Some(16),
            not_evaluable_max: Some(0),
        };
        let told = |language| -> Vec<String> {
            let exceeded = thresholds.exceeded(&facts, &summary);
            exceeded.iter().map(|one| one.words(language)).collect()
        };
        let english = [
            "violations (明确违规): 2, at most 1",
            "money at stake (CNY): 1.02, at most 1.00",
            "patients and institutions without a verdict: 2, at most 1",
            "rows left out: 17, at most 16",
            "rules that could not be evaluated: 1, at most 0",
        ];
        assert_eq!(told(Language::English), english);
        assert_eq!(
            told(Language::Chinese)[1],
            "涉及金额（元）：1.02，超过限值 1.00"
        );
        assert_eq!(Thresholds::default().exceeded(&facts, &summary), []);
    }
}
