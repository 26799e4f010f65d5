//! The figures at the head of the page, and the charts by certainty.

use std::collections::BTreeMap;

use rulepack_host::html::bars::{Bar, Series, bars};
use rulepack_host::html::escape;
use rulepack_protocol::moment::Day;

use super::columns::{Column, columns};
use super::parts::BARS_MAX;
use crate::report::table::{Cell, money, share};
use crate::report::tables::share_of;
use crate::report::{Language, Report};
use crate::summary::{CERTAINTIES, Sum};

/// Colours of the certainties, by the style of the page.
const CLASSES: [&str; 3] = ["violation", "high", "low"];
/// Months that a chart has at most; with more, only those with findings.
const MONTHS_MAX: usize = 60;

/// A large figure: what it is, the figure, and what it is part of.
type Card = (&'static str, String, String);

/// Large figures with what they are part of.
pub(super) fn cards(report: &Report, language: Language) -> String {
    let cards = found(report, language)
        .into_iter()
        .chain(reviewed(report, language));
    let cards = cards.map(|(name, value, part)| {
        format!(
            "<div class=\"card\"><span>{name}</span><strong>{}</strong><small>{}</small></div>",
            escape(&value),
            escape(&part)
        )
    });
    format!(
        "<section class=\"cards\">{}</section>",
        cards.collect::<String>()
    )
}

fn found(report: &Report, language: Language) -> [Card; 3] {
    let say = |zh, en| language.say(zh, en);
    let all = report.summary.all.sum;
    let violations = report.summary.certainties.groups.iter();
    let violations = violations.filter(|group| group.code == CERTAINTIES[0].chinese());
    let violations = violations
        .map(|group| group.tally.sum)
        .next()
        .unwrap_or_default();
    let count = |count: u64| Cell::Count(count).words(language);
    let rules = count(report.summary.rules.len() as u64);
    let part = share_of(all.amount, report.facts.read.amount, language).words(language);
    let violations_count = count(violations.count);
    [
        (
            say("疑点", "Findings"),
            count(all.count),
            format!("{} {rules}", say("命中规则", "rules:")),
        ),
        (
            say("涉及金额（元）", "Money at stake (CNY)"),
            money(all.amount),
            format!("{} {part}", say("占费用总额", "of all money:")),
        ),
        (
            say("其中明确违规（元）", "Of it 明确违规 (CNY)"),
            money(violations.amount),
            format!("{} {violations_count}", say("条数", "findings:")),
        ),
    ]
}

fn reviewed(report: &Report, language: Language) -> [Card; 3] {
    let say = |zh, en| language.say(zh, en);
    let (read, patients) = (report.facts.read, report.summary.all.patients);
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let count = |count: u64| Cell::Count(count).words(language);
    let part = Cell::Share(share(number(patients.count), number(read.patients))).words(language);
    let encounters = count(read.encounters);
    let (none, none_amount) = report.facts.without_verdict();
    let none_amount = money(none_amount);
    [
        (
            say("涉及参保人", "Patients concerned"),
            Cell::Patients(patients).words(language),
            format!("{} {part}", say("占参保人", "of all patients:")),
        ),
        (
            say("审核费用明细（行）", "Order lines reviewed"),
            count(read.lines),
            format!("{} {encounters}", say("就诊人次", "encounters:")),
        ),
        (
            say("未得出结论", "Without a verdict"),
            count(none),
            format!(
                "{} {none_amount}",
                say("涉及费用（元）", "their money (CNY):")
            ),
        ),
    ]
}

/// Findings and money of every month, by certainty.
pub(super) fn trend(report: &Report, language: Language) -> String {
    let months = months(report);
    let drawn = |value: fn(&Sum) -> i64| -> Vec<Column> {
        let drawn = months.iter().map(|month| Column {
            name: match month.as_str() {
                "" => language.say("未记录", "none").to_owned(),
                month => month.to_owned(),
            },
            parts: parts(of_month(report, month), value),
        });
        drawn.collect()
    };
    let series = series();
    format!(
        "<section id=\"trend\"><h2>{}</h2><h3>{}</h3>{}<h3>{}</h3>{}</section>",
        language.say("趋势（按服务月份）", "Trend (by month of service)"),
        language.say("疑点数", "Findings"),
        figure(&columns(
            &series,
            &drawn(|sum| i64::try_from(sum.count).unwrap_or(i64::MAX)),
            0
        )),
        language.say("涉及金额（元）", "Money at stake (CNY)"),
        figure(&columns(&series, &drawn(|sum| sum.amount), 2)),
    )
}

/// Bars of money, in parts by certainty.
pub(super) fn bars_by_certainty(
    of: &[(String, &BTreeMap<String, Sum>)],
    language: Language,
) -> String {
    if of.is_empty() {
        return String::new();
    }
    let drawn = of.iter().take(BARS_MAX).map(|(name, certainties)| {
        let amount = certainties
            .values()
            .fold(0_i64, |all, sum| all.saturating_add(sum.amount));
        Bar {
            name: name.clone(),
            right: parts(Some(certainties), |sum| sum.amount),
            left: 0,
            figure: money(amount),
        }
    });
    let title = language.say("涉及金额（元）", "Money at stake (CNY)");
    let drawn = figure(&bars(&series(), None, &drawn.collect::<Vec<_>>()));
    format!("<h3>{title}</h3>{drawn}")
}

pub(super) fn figure(drawn: &str) -> String {
    format!("<figure>{drawn}</figure>")
}

/// One series a certainty.
pub(super) fn series() -> [Series<'static>; 3] {
    let mut series = CERTAINTIES.map(|certainty| Series {
        class: "",
        words: certainty.chinese(),
    });
    for (series, class) in series.iter_mut().zip(CLASSES) {
        series.class = class;
    }
    series
}

fn parts(certainties: Option<&BTreeMap<String, Sum>>, value: fn(&Sum) -> i64) -> Vec<i64> {
    let parts = CERTAINTIES.map(|certainty| {
        let sum = certainties.and_then(|sums| sums.get(certainty.chinese()));
        sum.map_or(0, value)
    });
    parts.into()
}

fn of_month<'a>(report: &'a Report, month: &str) -> Option<&'a BTreeMap<String, Sum>> {
    let mut months = report.summary.months.iter();
    months
        .find(|one| one.month == month)
        .map(|one| &one.certainties)
}

/// Every month of the period, so that one without findings shows as such, and all others with findings.
pub(super) fn months(report: &Report) -> Vec<String> {
    let found = report
        .summary
        .months
        .iter()
        .map(|month| month.month.clone());
    let mut months: Vec<String> = found.collect();
    let name = |day: Day| day.to_string().get(..7).unwrap_or_default().to_owned();
    let (mut all, mut day) = (Vec::new(), report.facts.from);
    while day <= report.facts.to && all.len() <= MONTHS_MAX {
        let month = name(day);
        let next = (1..=31).find_map(|days| {
            Day::from_number(day.number() + days).filter(|later| name(*later) != month)
        });
        all.push(month);
        match next {
            Some(next) => day = next,
            None => break,
        }
    }
    if all.len() <= MONTHS_MAX {
        months.extend(all);
    }
    months.sort();
    months.dedup();
    months
}
