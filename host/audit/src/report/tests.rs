use std::convert::Infallible;

use super::*;
use crate::finding::AuditFinding;
use crate::run::{Cost, Totals};
use crate::summary::{SummaryOptions, summarize};
use crate::synthetic;

/// The report of a run that found this.
pub(crate) fn report(findings: Vec<AuditFinding>) -> Report {
    let findings = findings.into_iter().map(Ok::<_, Infallible>);
    let Ok(summary) = summarize(findings, &SummaryOptions::default());
    Report {
        facts: synthetic::facts(),
        summary,
        exceeded: Vec::new(),
    }
}

/// The report of so many findings made up.
pub(crate) fn many(count: u64) -> Report {
    report((0..count).map(synthetic::finding).collect())
}

#[test]
fn one_finding_reads_the_same_in_every_form() {
    let report = report(vec![synthetic::finding(9)]);
    let amount = table::money(synthetic::finding(9).amount);
    assert!(text(&report, Language::Chinese).contains(&amount));
    assert!(text(&report, Language::English).contains(&amount));
    assert!(page(&report, Language::Chinese).contains(&amount));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[test]
fn a_retroactive_finding_is_marked_in_every_form() {
    let mut finding = synthetic::finding(1);
    for (retroactive, marks) in [(false, 0), (true, 1)] {
        finding.retroactive = retroactive;
        let report = report(vec![finding.clone()]);
        let page = page(&report, Language::Chinese);
        assert_eq!(page.matches("<b>追溯</b>").count(), marks);
        let text = text(&report, Language::English);
        let of_rule = text
            .lines()
            .find(|line| line.contains(&finding.rule))
            .unwrap();
        assert!(of_rule.ends_with(&format!(" {marks}")), "{of_rule}");
        let mut list = Vec::new();
        write_csv([Ok::<_, Infallible>(finding.clone())], &mut list).unwrap();
        let list = String::from_utf8(list).unwrap();
        assert_eq!(list.matches(",追溯,").count(), marks);
    }
}

#[test]
fn what_is_under_review_is_told_by_institution_and_where_sums_came_from() {
    let mut report = report(vec![synthetic::finding(1)]);
    let institution = synthetic::finding(1).institution;
    let amount = report.summary.all.sum.amount;
    let cost = Cost {
        encounters: 7,
        amount: Some(amount * 4),
    };
    report.facts.costs.insert(institution.clone(), cost);
    report.facts.totals = Totals::Made {
        rows: 12,
        left_out: 1,
    };
    let text = text(&report, Language::English);
    assert!(
        text.contains("made of the lines, 12 rows; not whole of 1 institutions"),
        "{text}"
    );
    let of_institution = text.lines().filter(|line| line.contains(&institution));
    let told: Vec<&str> = of_institution
        .filter(|line| line.ends_with("25.00 %"))
        .collect();
    assert_eq!(told.len(), 1, "{text}");
}

#[test]
fn who_got_no_verdict_is_told_first_with_the_money() {
    let text = text(&report(Vec::new()), Language::English);
    let none = text.find("Without a verdict").unwrap();
    let packs = text.find("Packs and versions").unwrap();
    assert!(none < packs);
    let line = text.lines().find(|line| line.contains("(fuel)")).unwrap();
    assert!(line.starts_with("  37/chronic-limits/1.9.0  more computing than allowed (fuel) "));
    let words: Vec<_> = line.split_whitespace().skip(6).collect();
    assert_eq!(words, ["2", "12,345.00", "P0000007,", "P0000042"]);
}

#[test]
fn csv_holds_no_formula_and_opens_as_utf_8() {
    let mut finding = synthetic::finding(1);
    finding.department = "=1+1".to_owned();
    finding.amount = -1_250;
    let mut out = Vec::new();
    assert_eq!(
        write_csv([Ok::<_, Infallible>(finding)], &mut out).unwrap(),
        1
    );
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("\u{feff}规则包,"), "{text}");
    assert!(
        text.contains(",'=1+1,") && text.contains(",-12.50,"),
        "{text}"
    );
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        reader
            .records()
            .map(|record| record.unwrap().len())
            .collect::<Vec<_>>(),
        [20]
    );
}

#[test]
fn a_list_that_cannot_be_read_to_its_end_is_an_error() {
    let findings = || {
        [
            Ok(synthetic::finding(1)),
            Err(std::io::Error::other("file cut off")),
        ]
    };
    let csv = write_csv(findings(), Vec::new()).unwrap_err();
    assert_eq!(csv.to_string(), "file cut off");
    let report = report(Vec::new());
    let xlsx = write_xlsx(&report, Language::Chinese, findings(), Vec::new()).unwrap_err();
    assert_eq!(xlsx.to_string(), "file cut off");
}

/// To be looked at: `RULEPACK_REPORT_FOLDER=… cargo test … -- --ignored a_report_to_be_looked_at`.
#[test]
#[ignore = "writes files for people"]
fn a_report_to_be_looked_at() {
    let Some(folder) = std::env::var_os("RULEPACK_REPORT_FOLDER") else {
        println!("skipped: RULEPACK_REPORT_FOLDER is not set");
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let mut report = many(20_000);
    let thresholds = crate::profile::Profile::built_in("quarterly-mock-inspection")
        .unwrap()
        .thresholds;
    report.exceeded = thresholds.exceeded(&report.facts, &report.summary);
    for (language, name) in [(Language::Chinese, "zh"), (Language::English, "en")] {
        let path = |ending: &str| folder.join(format!("report-{name}.{ending}"));
        std::fs::write(path("html"), page(&report, language)).unwrap();
        std::fs::write(path("txt"), text(&report, language)).unwrap();
        let out = std::fs::File::create(path("xlsx")).unwrap();
        let findings = (0..20_000).map(|number| Ok::<_, Infallible>(synthetic::finding(number)));
        write_xlsx(&report, language, findings, out).unwrap();
    }
}
