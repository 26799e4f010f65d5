//! What of a shadow run asks for a person, by the thresholds of `host.toml`.

use std::fmt;

use rulepack_contract::units::{format_decimal, format_short};
use serde::{Serialize, Serializer};

use super::ShadowReport;
use crate::settings::ShadowSettings;

/// Fuel a patient below which no version is slow: about a millisecond of the engine.
const FUEL_OF_A_PATIENT_FREE: u64 = 1_000_000;

/// Why the version waits for a person; `None` where it may become active by itself. Without history
/// nothing can be said against a version, and without an earlier version nothing changes: then only
/// patients without a verdict count.
#[must_use]
pub fn asks_for_a_person(report: &ShadowReport, settings: &ShadowSettings) -> Option<Asks> {
    let reviewed = report.reviewed?;
    let mut reasons = Vec::new();
    let (only_new, most) = (report.no_verdict.only_after, settings.no_verdict_max);
    if only_new > u64::from(most) {
        reasons.push(Reason::NoVerdict { only_new, most });
    }
    if report.old.is_some() {
        reasons.extend(share(report, settings));
        reasons.extend(amount(report, settings));
        reasons.extend(engine(report, settings, reviewed.patients));
    }
    (!reasons.is_empty()).then_some(Asks(reasons))
}

/// Why a version waits for a person, in English or as [`Asks::chinese`] tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks(Vec<Reason>);

/// A threshold that a run is beyond.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    NoVerdict {
        only_new: u64,
        most: u32,
    },
    Share {
        changed: u64,
        /// Ten-thousandths.
        share: u64,
        /// Hundredths.
        most: u32,
    },
    Amount {
        /// Fen.
        changed: i64,
        /// Yuan.
        most: u64,
    },
    /// Hundredths of the fuel of the old version.
    Engine {
        share: u128,
        most: u32,
    },
}

/// What a run came to, in a line.
#[must_use]
pub fn measure(report: &ShadowReport) -> String {
    let Some(reviewed) = report.reviewed else {
        return "no history to compare".to_owned();
    };
    let (all, patients) = (&report.all, reviewed.patients);
    if report.old.is_none() {
        let found = all.after.findings;
        return format!(
            "no earlier version to compare with; {found} findings in {patients} patients"
        );
    }
    format!(
        "{} findings before and {} after in {patients} patients: {} gained, {} lost, {} altered ({} % of \
         all, {} CNY)",
        all.before.findings,
        all.after.findings,
        all.gained.findings,
        all.lost.findings,
        all.altered.findings,
        percent(all.share()),
        format_decimal(all.changed_amount(), 2),
    )
}

fn share(report: &ShadowReport, settings: &ShadowSettings) -> Option<Reason> {
    let (changed, share) = (report.all.changed(), report.all.share());
    let (few, most) = (settings.changed_few, settings.changed_percent);
    let asks = changed > u64::from(few) && share > u64::from(most).saturating_mul(100);
    asks.then_some(Reason::Share {
        changed,
        share,
        most,
    })
}

fn amount(report: &ShadowReport, settings: &ShadowSettings) -> Option<Reason> {
    let (changed, most) = (report.all.changed_amount(), settings.changed_yuan);
    let most_fen = i64::try_from(most).map_or(i64::MAX, |yuan| yuan.saturating_mul(100));
    (changed > most_fen).then_some(Reason::Amount { changed, most })
}

fn engine(report: &ShadowReport, settings: &ShadowSettings, patients: u64) -> Option<Reason> {
    let (old, new) = (report.old_engine.fuel, report.new_engine.fuel);
    let is_quick = new <= patients.saturating_mul(FUEL_OF_A_PATIENT_FREE);
    let share = u128::from(new) * 100 / u128::from(old.max(1));
    let most = settings.engine_percent;
    (!is_quick && share > u128::from(most)).then_some(Reason::Engine { share, most })
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons: Vec<_> = self.0.iter().map(Reason::english).collect();
        let reasons = reasons.join("; ");
        write!(f, "the shadow run asks for a person: {reasons}")
    }
}

/// As the English text.
impl Serialize for Asks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Asks {
    /// The same for people who read Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let reasons: Vec<_> = self.0.iter().map(Reason::chinese).collect();
        format!("影子运行结果须人工审批：{}", reasons.join("；"))
    }
}

impl Reason {
    fn english(&self) -> String {
        match self {
            Reason::NoVerdict { only_new, most } => format!(
                "{only_new} patients or institutions get no verdict from it alone (at most {most})"
            ),
            Reason::Share {
                changed,
                share,
                most,
            } => {
                let share = percent(*share);
                format!("{changed} findings changed, {share} % of all (at most {most} %)")
            }
            Reason::Amount { changed, most } => {
                let changed = format_decimal(*changed, 2);
                format!("findings of {changed} CNY changed (at most {most} CNY)")
            }
            Reason::Engine { share, most } => format!(
                "it uses {share} % of the engine's time of the old version (at most {most} %)"
            ),
        }
    }

    fn chinese(&self) -> String {
        match self {
            Reason::NoVerdict { only_new, most } => {
                format!("仅新版本未得结论的参保人或机构 {only_new} 个（上限 {most}）")
            }
            Reason::Share {
                changed,
                share,
                most,
            } => {
                let share = percent(*share);
                format!("变动疑点 {changed} 条，占全部 {share} %（上限 {most} %）")
            }
            Reason::Amount { changed, most } => {
                let changed = format_decimal(*changed, 2);
                format!("变动疑点涉及 {changed} 元（上限 {most} 元）")
            }
            Reason::Engine { share, most } => {
                format!("引擎计算量为现行版本的 {share} %（上限 {most} %）")
            }
        }
    }
}

/// Ten-thousandths as percent.
#[must_use]
pub fn percent(share: u64) -> String {
    format_short(i64::try_from(share).unwrap_or(i64::MAX), 2)
}
