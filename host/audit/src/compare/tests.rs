use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::report::Language;
use crate::summary::Sum;
use crate::synthetic;

fn compared(before: Vec<AuditFinding>, after: Vec<AuditFinding>) -> Comparison {
    let in_order = |mut findings: Vec<AuditFinding>| {
        findings.sort_by(order);
        findings.into_iter().map(Ok::<_, Infallible>)
    };
    let facts = synthetic::facts;
    let options = SummaryOptions::default();
    compare(
        (facts(), in_order(before)),
        (facts(), in_order(after)),
        &options,
    )
    .unwrap()
}

fn sum(count: u64, amount: i64) -> Sum {
    Sum { count, amount }
}

/// A finding of this patient with this much money.
fn finding(patient: &str, amount: i64) -> AuditFinding {
    AuditFinding {
        patient: patient.to_owned(),
        amount,
        ..synthetic::finding(1)
    }
}

#[test]
fn a_finding_is_the_same_under_another_version_and_in_another_order_of_its_rows() {
    let mut old = synthetic::finding(12);
    old.offending = [synthetic::finding(1), synthetic::finding(2)]
        .map(|other| other.offending[0].clone())
        .into();
    let mut new = old.clone();
    new.pack = format!("{}/9.0.0", old.pack.rsplit_once('/').unwrap().0);
    new.offending.reverse();
    new.message = "another wording".to_owned();
    let comparison = compared(vec![old.clone()], vec![new]);
    assert_eq!(comparison.all.kept, sum(1, old.amount));
    assert_eq!(comparison.all.changed(), 0);
}

#[test]
fn findings_gained_lost_kept_and_altered_are_told_apart() {
    let before = vec![finding("P1", 100), finding("P2", 200), finding("P3", 300)];
    let after = vec![finding("P2", 200), finding("P3", 250), finding("P4", 400)];
    let comparison = compared(before, after);
    let all = comparison.all;
    assert_eq!((all.before, all.after), (sum(3, 600), sum(3, 850)));
    assert_eq!((all.gained, all.lost), (sum(1, 400), sum(1, 100)));
    assert_eq!((all.kept, all.altered), (sum(1, 200), sum(1, -50)));
    let examples = comparison.examples.iter();
    let examples: Vec<_> = examples
        .map(|one| (one.kind, one.example.finding.patient.as_str()))
        .collect();
    let expected = [
        (ChangeKind::Gained, "P4"),
        (ChangeKind::Lost, "P1"),
        (ChangeKind::Altered, "P3"),
    ];
    assert_eq!(examples, expected);
    let text = comparison_text(&comparison, Language::English);
    assert!(
        text.contains("altered (money: more or less)         1        -0.50"),
        "{text}"
    );
}

#[test]
fn findings_that_are_not_in_order_are_refused() {
    let after = || [finding("P2", 1), finding("P1", 1)].map(Ok::<_, Infallible>);
    let none = || std::iter::empty::<Result<_, Infallible>>();
    let options = SummaryOptions::default();
    let facts = synthetic::facts;
    let error = compare((facts(), none()), (facts(), after()), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "findings of the later run are not in order at number 2"
    );
    let error = compare((facts(), after()), (facts(), none()), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "findings of the earlier run are not in order at number 2"
    );
}

#[test]
fn a_run_beside_itself_has_not_changed() {
    let findings: Vec<_> = (0..500).chain(0..20).map(synthetic::finding).collect();
    let comparison = compared(findings.clone(), findings);
    assert_eq!(comparison.all.changed(), 0);
    assert!(comparison.examples.is_empty());
    let json = serde_json::to_string(&comparison).unwrap();
    assert_eq!(
        serde_json::from_str::<Comparison>(&json).unwrap(),
        comparison
    );
}

#[test]
fn departments_that_are_not_listed_are_told_as_one() {
    let of = |department: &str, patient: &str| AuditFinding {
        department: department.to_owned(),
        ..finding(patient, 10)
    };
    let after = [of("A", "P1"), of("A", "P2"), of("B", "P3"), of("C", "P4")];
    let mut after: Vec<_> = after.into_iter().map(Ok::<_, Infallible>).collect();
    after.sort_by(|one, other| order(one.as_ref().unwrap(), other.as_ref().unwrap()));
    let options = SummaryOptions {
        top: 1,
        ..SummaryOptions::default()
    };
    let (before, facts) = (synthetic::facts(), synthetic::facts());
    let comparison = compare((before, Vec::new()), (facts, after), &options).unwrap();
    let departments = comparison.departments.as_ref().unwrap();
    assert_eq!(
        (
            departments.listed[0].department.as_str(),
            departments.others
        ),
        ("A", 2)
    );
    assert_eq!(departments.of_others.gained, sum(2, 20));
    let text = comparison_text(&comparison, Language::English);
    assert!(text.contains("the other 2 together"), "{text}");
}

#[test]
fn the_page_of_a_comparison_escapes_what_comes_from_outside() {
    let hostile = || "<script>alert(1)</script>".to_owned();
    let mut gained = synthetic::finding(5);
    for field in [
        &mut gained.rule,
        &mut gained.title,
        &mut gained.message,
        &mut gained.department,
    ] {
        *field = hostile();
    }
    gained.offending[0].key = hostile();
    let page = comparison_page(&compared(Vec::new(), vec![gained]), Language::Chinese);
    assert_eq!(page.matches("<script").count(), 1, "only our own");
    assert!(page.matches("&lt;script&gt;").count() >= 5);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    #[test]
    fn what_was_and_what_changed_comes_to_what_is(
        before in prop::collection::vec(0_u64..60, 0..80),
        after in prop::collection::vec((0_u64..60, prop::bool::weighted(0.2)), 0..80),
    ) {
        let after = after.into_iter().map(|(number, is_dearer)| {
            let finding = synthetic::finding(number);
            AuditFinding { amount: finding.amount + i64::from(is_dearer), ..finding }
        });
        let comparison = compared(before.into_iter().map(synthetic::finding).collect(), after.collect());
        let rules = comparison.rules.iter().map(|rule| rule.change);
        let departments = comparison.departments.iter();
        let departments = departments.flat_map(|all| all.listed.iter().map(|of| of.change).chain([all.of_others]));
        for change in rules.chain(departments).chain([comparison.all]) {
            prop_assert_eq!(change.before.count, change.lost.count + change.kept.count + change.altered.count);
            prop_assert_eq!(change.after.count, change.gained.count + change.kept.count + change.altered.count);
            let more = change.gained.amount + change.altered.amount - change.lost.amount;
            prop_assert_eq!(change.after.amount, change.before.amount + more);
        }
    }

    #[test]
    fn any_order_is_sorted_and_nothing_is_lost_on_the_way_over_the_disk(
        findings in Just((0_u64..120).chain(0..10).map(synthetic::finding).collect::<Vec<_>>()).prop_shuffle(),
        memory_bytes in 0_usize..200_000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut expected = findings.clone();
        expected.sort_by(order);
        let findings = findings.into_iter().map(Ok::<_, Infallible>);
        let sorted = sorted(findings, memory_bytes, folder.path()).unwrap();
        let sorted: Vec<_> = sorted.map(Result::unwrap).collect();
        prop_assert!(sorted == expected);
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn what_cannot_be_sorted_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let broken = [
        Ok(finding("P1", 1)),
        Err(std::io::Error::other("file cut off")),
    ];
    let error = sorted(broken, 1, folder.path()).unwrap_err();
    assert_eq!(error.to_string(), "file cut off");
    let nowhere = folder.path().join("nowhere");
    let findings = [Ok::<_, Infallible>(finding("P1", 1))];
    let error = sorted(findings, 1, &nowhere).unwrap_err().to_string();
    assert!(
        error.starts_with("findings cannot be sorted on disk: "),
        "{error}"
    );
}
