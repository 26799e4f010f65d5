use super::*;
use crate::report::tests::{many, report};
use crate::synthetic;

#[test]
fn nothing_that_comes_from_outside_becomes_markup() {
    let hostile = "</table><script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";
    let text = || hostile.to_owned();
    let mut finding = synthetic::finding(3);
    finding.pack = format!("{hostile}/a/1.0.0");
    for field in [
        &mut finding.rule,
        &mut finding.title,
        &mut finding.kind,
        &mut finding.basis,
        &mut finding.behaviour,
        &mut finding.message,
        &mut finding.institution,
        &mut finding.department,
        &mut finding.doctor,
        &mut finding.patient,
        &mut finding.encounter,
    ] {
        *field = text();
    }
    for row in finding.offending.iter_mut().chain(&mut finding.related) {
        (row.table, row.key, row.item, row.name) = (text(), text(), text(), text());
    }
    let mut hostile_report = report(vec![finding, synthetic::finding(4)]);
    let facts = &mut hostile_report.facts;
    (facts.subject, facts.profile) = (text(), text());
    facts.files = vec![text()];
    facts.choice.leave_out = vec![text()];
    facts.packs[0].path = text();
    facts.not_used[0].reason = text();
    facts.rejected[0].file = text();
    facts.rejected[0].reason = text();
    facts.no_verdict[0].reason = text();
    facts.no_verdict[0].keys = vec![text()];
    facts.not_evaluable[0].rule = text();
    facts.not_evaluable[0].title = text();
    facts.not_evaluable[0].missing = vec![text()];
    for language in [Language::Chinese, Language::English] {
        let drawn = page(&hostile_report, language);
        assert_eq!(drawn.matches("<script").count(), 1, "only our own");
        assert_eq!(drawn.matches("</script").count(), 1);
        assert_eq!(drawn.matches("<img").count(), 0);
        assert!(drawn.matches("&lt;script&gt;alert(1)").count() > 20);
    }
}

#[test]
fn the_page_of_an_empty_run_says_so_and_is_whole() {
    let drawn = page(&report(Vec::new()), Language::Chinese);
    for part in [
        "示例市中心医院",
        "季度模拟飞检",
        "12,345,678",
        "LIB-44",
        "doctors.scope",
        "12,345.00",
    ] {
        assert!(drawn.contains(part), "{part}");
    }
    assert!(drawn.ends_with("</body></html>\n"));
}

#[test]
fn every_rule_is_told_with_its_policy_and_the_rows_of_its_examples() {
    let report = many(500);
    let drawn = page(&report, Language::English);
    for rule in &report.summary.rules {
        assert!(drawn.contains(&escape(&rule.bases[0])));
        for example in &rule.examples {
            for row in example
                .finding
                .offending
                .iter()
                .chain(&example.finding.related)
            {
                assert!(drawn.contains(&row.key), "{}", row.key);
            }
        }
    }
    assert_eq!(page(&report, Language::English), drawn);
}

#[test]
fn a_month_without_findings_is_drawn_as_one() {
    let mut report = report(vec![synthetic::finding(1)]);
    (report.facts.from, report.facts.to) =
        ("2025-11-15".parse().unwrap(), "2026-02-01".parse().unwrap());
    report.summary.months[0].month = "2026-01".to_owned();
    let months = figures::months(&report);
    assert_eq!(months, ["2025-11", "2025-12", "2026-01", "2026-02"]);
    report.facts.from = "1990-01-01".parse().unwrap();
    assert_eq!(figures::months(&report), ["2026-01"]);
}
