use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::synthetic;

fn summary(findings: impl IntoIterator<Item = AuditFinding>, options: &SummaryOptions) -> Summary {
    let findings = findings.into_iter().map(Ok::<_, Infallible>);
    let Ok(summary) = summarize(findings, options);
    summary
}

/// A finding with these of its figures.
fn finding(rule: &str, patient: &str, amount: i64, day: &str) -> AuditFinding {
    AuditFinding {
        rule: rule.to_owned(),
        patient: patient.to_owned(),
        amount,
        day: day.to_owned(),
        ..synthetic::finding(1)
    }
}

#[test]
fn figures_of_four_findings_are_exact() {
    let findings = [
        finding("A", "P1", 100, "2026-01-31"),
        finding("A", "P1", 250, "2026-02-01"),
        finding("A", "P2", 0, "2026-02-28"),
        finding("B", "", 1_000, "someday"),
    ];
    let summary = summary(findings, &SummaryOptions::default());
    let tally = |count, amount, patients| Tally {
        sum: Sum { count, amount },
        patients: Patients {
            count: patients,
            exact: true,
        },
    };
    assert_eq!(summary.all, tally(4, 1_350, 2));
    let rules = summary.rules.iter();
    let rules: Vec<_> = rules.map(|rule| (rule.rule.as_str(), rule.tally)).collect();
    assert_eq!(rules, [("B", tally(1, 1_000, 0)), ("A", tally(3, 350, 2))]);
    let months = summary.months.iter();
    let months: Vec<_> = months
        .map(|month| (month.month.as_str(), month.tally))
        .collect();
    let expected = [
        ("", tally(1, 1_000, 0)),
        ("2026-01", tally(1, 100, 1)),
        ("2026-02", tally(2, 250, 2)),
    ];
    assert_eq!(months, expected);
}

#[test]
fn an_empty_run_has_no_groups() {
    let summary = summary([], &SummaryOptions::default());
    assert_eq!(summary.all.sum, Sum::default());
    assert!(summary.rules.is_empty() && summary.months.is_empty());
    assert_eq!(summary.departments.rest, None);
}

#[test]
fn the_newest_version_names_the_rule_and_every_policy_is_kept() {
    let of = |version: &str, title: &str, basis: &str| AuditFinding {
        pack: format!("37/chronic-limits/{version}"),
        title: title.to_owned(),
        basis: basis.to_owned(),
        ..finding("A", "P1", 1, "2026-01-01")
    };
    let findings = [
        of("1.10.0", "new", "second"),
        of("1.9.0.wasm", "old", "first"),
        of("1.8.0", "older", "second"),
    ];
    let summary = summary(findings, &SummaryOptions::default());
    let [rule] = summary.rules.as_slice() else {
        panic!("{:?}", summary.rules);
    };
    assert_eq!(
        (rule.pack.as_str(), rule.title.as_str()),
        ("37/chronic-limits", "new")
    );
    assert_eq!(rule.versions, ["1.8.0", "1.9.0", "1.10.0"]);
    assert_eq!(rule.bases, ["first", "second"]);
}

#[test]
fn examples_are_those_with_most_money_and_say_how_many_rows_they_leave_out() {
    let options = SummaryOptions {
        examples: 2,
        example_rows: 1,
        ..SummaryOptions::default()
    };
    let mut large = finding("A", "P3", 900, "2026-01-01");
    large.offending = vec![large.offending[0].clone(); 7];
    let findings = [
        finding("A", "P2", 5, "2026-01-01"),
        finding("A", "P1", 5, "2026-01-01"),
        large,
    ];
    let summary = summary(findings, &options);
    let shown = summary.rules[0].examples.iter();
    let shown: Vec<_> = shown
        .map(|example| {
            (
                example.finding.patient.as_str(),
                example.offending_rows,
                example.finding.offending.len(),
            )
        })
        .collect();
    assert_eq!(shown, [("P3", 7, 1), ("P1", shown[1].1, 1)]);
}

#[test]
fn an_item_is_told_by_its_code_under_the_first_of_its_names() {
    let row = |item: &str, name: &str, amount| AuditRow {
        item: item.to_owned(),
        name: name.to_owned(),
        amount,
        ..synthetic::finding(1).offending[0].clone()
    };
    let mut one = finding("A", "P1", 6, "2026-01-01");
    one.offending = vec![row("X1", "b", 1), row("X1", "a", 2), row("", "dressing", 3)];
    let items = summary([one], &SummaryOptions::default()).items;
    let groups = items.groups.iter();
    let told: Vec<_> = groups
        .map(|group| {
            (
                group.code.as_str(),
                group.name.as_str(),
                group.tally.sum.count,
                group.tally.sum.amount,
            )
        })
        .collect();
    assert_eq!(told, [("X1", "a", 2, 3), ("dressing", "dressing", 1, 3)]);
    assert_eq!(items.all.sum.amount, 6);
}

#[test]
fn more_groups_than_can_be_told_apart_are_told_as_a_sum() {
    let options = SummaryOptions {
        groups_max: 10,
        ..SummaryOptions::default()
    };
    let of = |doctors: u64| {
        let findings = (0..doctors).map(|number| AuditFinding {
            doctor: format!("D{number}"),
            ..finding("A", &format!("P{number}"), 1, "2026-01-01")
        });
        summary(findings, &options).doctors
    };
    assert_eq!((of(10).groups.len(), of(10).rest), (10, None));
    let many = of(11);
    let rest = many.rest.unwrap();
    assert_eq!((many.groups.len(), rest.groups), (0, None));
    assert_eq!((rest.tally.sum.count, rest.tally.patients.count), (11, 11));
}

/// What a breakdown comes to, listed groups and rest together.
fn total(breakdown: &Breakdown) -> (u64, i64) {
    let listed = breakdown.groups.iter().map(|group| group.tally);
    let all = listed.chain(breakdown.rest.iter().map(|rest| rest.tally));
    all.fold((0, 0), |(count, amount), tally| {
        (count + tally.sum.count, amount + tally.sum.amount)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_breakdown_sums_to_the_total(from in 0_u64..1_000_000, count in 0_u64..400, top in 0_usize..6) {
        let options = SummaryOptions { top, ..SummaryOptions::default() };
        let findings: Vec<_> = (from..from + count).map(synthetic::finding).collect();
        let amount: i64 = findings.iter().map(|finding| finding.amount).sum();
        let rows: u64 = findings.iter().map(|finding| finding.offending.len() as u64).sum();
        let summary = summary(findings, &options);
        let all = (count, amount);
        for breakdown in [
            &summary.certainties,
            &summary.behaviours,
            &summary.institutions,
            &summary.departments,
            &summary.doctors,
        ] {
            prop_assert_eq!(total(breakdown), all);
        }
        prop_assert_eq!(total(&summary.items), (rows, amount));
        let add = |(count, amount): (u64, i64), sum: Sum| (count + sum.count, amount + sum.amount);
        let months = summary.months.iter();
        prop_assert_eq!(months.clone().fold((0, 0), |all, month| add(all, month.tally.sum)), all);
        let parts = months.flat_map(|month| month.certainties.values());
        prop_assert_eq!(parts.fold((0, 0), |all, sum| add(all, *sum)), all);
        for rule in &summary.rules {
            let own = add((0, 0), rule.tally.sum);
            prop_assert_eq!(total(&rule.departments), own);
            prop_assert_eq!(rule.months.values().fold((0, 0), |all, sum| add(all, *sum)), own);
        }
        prop_assert_eq!(summary.rules.iter().fold((0, 0), |all, rule| add(all, rule.tally.sum)), all);
    }

    #[test]
    fn any_order_of_the_findings_gives_the_same_bytes(
        findings in Just((0_u64..300).chain(0..40).map(synthetic::finding).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let options = SummaryOptions { top: 4, examples: 3, example_rows: 1, groups_max: 50 };
        let sorted = (0_u64..300).chain(0..40).map(synthetic::finding);
        let bytes = |summary: &Summary| serde_json::to_string(summary).unwrap();
        prop_assert_eq!(bytes(&summary(findings, &options)), bytes(&summary(sorted, &options)));
    }
}

/// A million findings of a city: 300,000 patients, 5,000 doctors.
#[test]
#[ignore = "minutes of one core"]
fn a_million_findings_are_counted_in_bounded_memory() {
    let findings = (0_u64..1_000_000).map(|number| AuditFinding {
        patient: format!("P{}", number % 300_000),
        doctor: format!("D{}", number % 5_000),
        ..synthetic::finding(number)
    });
    let summary = summary(findings, &SummaryOptions::default());
    assert_eq!(summary.all.sum.count, 1_000_000);
    // Beyond 65,536 patients an estimate, with a standard error of 0.4 %.
    let patients = summary.all.patients;
    assert!(
        !patients.exact && patients.count.abs_diff(300_000) < 3_600,
        "{patients:?}"
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak: u64 = peak
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(peak < 256 * 1024, "{peak} KiB at most");
}
