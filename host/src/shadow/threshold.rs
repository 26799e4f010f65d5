//! What of a shadow run asks for a person, by the thresholds of `host.toml`.

use rulepack_contract::units::{format_decimal, format_short};

use super::ShadowReport;
use super::told::Told;
use crate::settings::ShadowSettings;

/// Fuel a patient below which no version is slow: about a millisecond of the engine.
const FUEL_OF_A_PATIENT_FREE: u64 = 1_000_000;

/// Why the version waits for a person; `None` where it may become active by itself. Without history
/// nothing can be said against a version, and without an earlier version nothing changes: then only
/// patients without a verdict count.
#[must_use]
pub fn asks_for_a_person(report: &ShadowReport, settings: &ShadowSettings) -> Option<Told> {
    let reviewed = report.reviewed?;
    let mut reasons = Vec::new();
    let (lost, most) = (report.no_verdict.only_after, settings.no_verdict_max);
    if lost > u64::from(most) {
        reasons.push(Told::of(
            format!(
                "{lost} patients or institutions get no verdict from it alone (at most {most})"
            ),
            format!("仅新版本未得结论的参保人或机构 {lost} 个（上限 {most}）"),
        ));
    }
    if report.old.is_some() {
        reasons.extend(share(report, settings));
        reasons.extend(amount(report, settings));
        reasons.extend(engine(report, settings, reviewed.patients));
    }
    let all = Told::joined(&reasons);
    (!reasons.is_empty()).then(|| {
        Told::of(
            format!("the shadow run asks for a person: {}", all.english),
            format!("影子运行结果须人工审批：{}", all.chinese),
        )
    })
}

/// What a run came to, in a line.
#[must_use]
pub fn measure(report: &ShadowReport) -> Told {
    let Some(reviewed) = report.reviewed else {
        return Told::of("no history to compare", "没有可比较的历史记录");
    };
    let (all, patients) = (&report.all, reviewed.patients);
    let (before, after) = (all.before.findings, all.after.findings);
    if report.old.is_none() {
        return Told::of(
            format!("no earlier version to compare with; {after} findings in {patients} patients"),
            format!("没有可比较的现行版本；{patients} 名参保人中发现疑点 {after} 条"),
        );
    }
    let (gained, lost, altered) = (all.gained.findings, all.lost.findings, all.altered.findings);
    let (share, amount) = (
        percent(all.share()),
        format_decimal(all.changed_amount(), 2),
    );
    Told::of(
        format!(
            "{before} findings before and {after} after in {patients} patients: {gained} gained, {lost} lost, \
             {altered} altered ({share} % of all, {amount} CNY)"
        ),
        format!(
            "{patients} 名参保人的疑点由 {before} 条变为 {after} 条：新增 {gained}，减少 {lost}，变化 {altered}\
             （占全部 {share} %，{amount} 元）"
        ),
    )
}

fn share(report: &ShadowReport, settings: &ShadowSettings) -> Option<Told> {
    let (changed, share) = (report.all.changed(), report.all.share());
    let (few, most) = (settings.changed_few, settings.changed_percent);
    let asks = changed > u64::from(few) && share > u64::from(most).saturating_mul(100);
    let share = percent(share);
    asks.then(|| {
        Told::of(
            format!("{changed} findings changed, {share} % of all (at most {most} %)"),
            format!("变动疑点 {changed} 条，占全部 {share} %（上限 {most} %）"),
        )
    })
}

fn amount(report: &ShadowReport, settings: &ShadowSettings) -> Option<Told> {
    let (changed, most) = (report.all.changed_amount(), settings.changed_yuan);
    let most_fen = i64::try_from(most).map_or(i64::MAX, |yuan| yuan.saturating_mul(100));
    let amount = format_decimal(changed, 2);
    (changed > most_fen).then(|| {
        Told::of(
            format!("findings of {amount} CNY changed (at most {most} CNY)"),
            format!("变动疑点涉及 {amount} 元（上限 {most} 元）"),
        )
    })
}

fn engine(report: &ShadowReport, settings: &ShadowSettings, patients: u64) -> Option<Told> {
    let (old, new) = (report.old_engine.fuel, report.new_engine.fuel);
    let is_quick = new <= patients.saturating_mul(FUEL_OF_A_PATIENT_FREE);
    let share = u128::from(new) * 100 / u128::from(old.max(1));
    let most = settings.engine_percent;
    (!is_quick && share > u128::from(most)).then(|| {
        Told::of(
            format!("it uses {share} % of the engine's time of the old version (at most {most} %)"),
            format!("引擎计算量为现行版本的 {share} %（上限 {most} %）"),
        )
    })
}

/// Ten-thousandths as percent.
pub(super) fn percent(share: u64) -> String {
    format_short(i64::try_from(share).unwrap_or(i64::MAX), 2)
}
