//! A comparison as one page, in the form of the report.

use rulepack_host::html::bars::{Bar, Series, bars};

use super::{Change, Comparison, tables};
use crate::report::Language;
use crate::report::frame::{frame, title_band};
use crate::report::table::Cell;

/// Rules or departments that a chart shows; the table below it has all.
const BARS_MAX: usize = 20;

/// The page.
#[must_use]
pub fn comparison_page(comparison: &Comparison, language: Language) -> String {
    let (before, after) = (&comparison.before, &comparison.after);
    let kind = language.say("两次审核对比", "Two runs compared");
    let when = format!(
        "{} – {} → {} – {}",
        before.from, before.to, after.from, after.to
    );
    let rules: Vec<_> = comparison
        .rules
        .iter()
        .map(|rule| (format!("{} {}", rule.rule, rule.title), rule.change))
        .collect();
    let institutions = comparison.institutions.iter().flat_map(|all| &all.listed);
    let institutions: Vec<_> = institutions
        .map(|of| {
            (
                Cell::recorded(&of.institution, language).words(language),
                of.change,
            )
        })
        .collect();
    let departments = comparison.departments.iter().flat_map(|all| &all.listed);
    let departments: Vec<_> = departments
        .map(|of| {
            let name = Cell::recorded(&of.department, language).words(language);
            (format!("{name} {}", of.institution), of.change)
        })
        .collect();
    let table = |of, chart: &str| crate::report::section(of, chart, language);
    let body = [
        title_band(kind, &after.subject, &when),
        table(&tables::overview(comparison, language), ""),
        table(&tables::changes(comparison, language), ""),
        table(
            &tables::rules(comparison, language),
            &chart(&rules, language),
        ),
        table(
            &tables::institutions(comparison, language),
            &chart(&institutions, language),
        ),
        table(
            &tables::departments(comparison, language),
            &chart(&departments, language),
        ),
        table(&tables::examples(comparison, language), ""),
    ];
    frame(
        &format!("{} · {kind}", after.subject),
        &body.concat(),
        language,
    )
}

/// Findings kept, altered and gained to the right, lost ones to the left.
fn chart(of: &[(String, Change)], language: Language) -> String {
    if of.is_empty() {
        return String::new();
    }
    let series = [
        ("kept", "不变", "kept"),
        ("altered", "变化", "altered"),
        ("gained", "新增", "gained"),
    ];
    let series = series.map(|(class, chinese, english)| Series {
        class,
        words: language.say(chinese, english),
    });
    let lost = Series {
        class: "lost",
        words: language.say("减少", "lost"),
    };
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let drawn = of.iter().take(BARS_MAX).map(|(name, change)| Bar {
        name: name.clone(),
        right: [change.kept, change.altered, change.gained]
            .map(|sum| number(sum.count))
            .into(),
        left: number(change.lost.count),
        figure: format!("+{} −{}", change.gained.count, change.lost.count),
    });
    format!(
        "<figure>{}</figure>",
        bars(&series, Some(lost), &drawn.collect::<Vec<_>>())
    )
}
