//! What counts as gained, lost and altered; what asks for a person.

use std::collections::BTreeMap;

use rulepack_contract::answer::{Certainty, RowReference};
use rulepack_contract::data::{Data, DataBuilder};
use rulepack_protocol::digest::Digest;
use rulepack_protocol::pack::manifest::{Action, Behaviour};

use super::compare::{Comparison, Found};
use super::report::{Change, EngineUse, Kind, NoVerdicts, ReviewedPart, ShadowReport, Tally};
use super::*;
use crate::journal::HistoryState;
use crate::review::report::{ReportedFinding, ReportedRow, RuleReference};
use crate::settings::HostFolder;

/// A finding of a rule about orders of these keys.
fn finding(rule: &str, keys: &[&str], amount: i64, certainty: Certainty) -> ReportedFinding {
    let row = |key: &&str| ReportedRow {
        table: "orders",
        key: (*key).to_owned(),
        patient: Some("P1".to_owned()),
        encounter: Some("E1".to_owned()),
        institution: None,
        amount,
        at: RowReference { table: 0, row: 0 },
    };
    ReportedFinding {
        rule: RuleReference {
            pack: "37/limits/1.0.0.wasm".parse().unwrap(),
            rule: rule.to_owned(),
            title: "超限".to_owned(),
            kind: None,
            basis: "b".to_owned(),
            behaviour: Behaviour::Item,
        },
        certainty,
        action: Action::Review,
        softened: None,
        message: format!("{} 元", amount / 100),
        amount,
        offending: keys.iter().map(row).collect(),
        related: Vec::new(),
        retroactive: false,
        set: BTreeMap::new(),
    }
}

fn violation(rule: &str, keys: &[&str], amount: i64) -> ReportedFinding {
    finding(rule, keys, amount, Certainty::Violation)
}

fn found(findings: Vec<ReportedFinding>) -> Found {
    Found {
        findings,
        ..Found::default()
    }
}

fn data() -> Data {
    DataBuilder::new().finish().0
}

fn report() -> ShadowReport {
    ShadowReport {
        new: "37/limits/1.1.0.wasm".parse().unwrap(),
        digest: Digest::of(b"new"),
        old: Some("37/limits/1.0.0.wasm".parse().unwrap()),
        made: Moment::from_unix(0).unwrap(),
        history: HistoryState {
            seen: None,
            segments: 1,
            digest: Digest::of(b"history"),
        },
        reviewed: Some(ReviewedPart {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-03-31".parse().unwrap(),
            patients: 100,
            patients_in_all: 100,
            encounters: 200,
            institutions: 1,
            left_out: 0,
        }),
        all: Change::default(),
        rules: Vec::new(),
        departments: Vec::new(),
        old_engine: EngineUse::default(),
        new_engine: EngineUse::default(),
        no_verdict: NoVerdicts::default(),
        not_evaluable: Vec::new(),
        examples: Vec::new(),
    }
}

fn compared(old: Vec<ReportedFinding>, new: Vec<ReportedFinding>) -> ShadowReport {
    let folder = tempfile::tempdir().unwrap();
    let references = References::of(&HostFolder::at(folder.path())).unwrap();
    let mut comparison = Comparison::default();
    comparison.add(&found(old), &found(new), &data(), &references);
    let mut report = report();
    comparison.finish(&mut report);
    report
}

fn tally(findings: u64, amount: i64) -> Tally {
    Tally { findings, amount }
}

#[test]
fn the_same_rows_with_another_amount_or_certainty_are_altered_neither_gained_nor_lost() {
    let old = vec![
        violation("A", &["O1", "O2"], 500),
        violation("A", &["O3"], 100),
        violation("A", &["O4"], 100),
    ];
    let new = vec![
        // The order of rows says nothing.
        violation("A", &["O2", "O1"], 700),
        finding("A", &["O3"], 100, Certainty::LowSuspicion),
        violation("A", &["O4"], 100),
    ];
    let report = compared(old, new);
    assert_eq!(report.all.altered, tally(2, 200));
    assert_eq!(
        (report.all.gained, report.all.lost),
        (tally(0, 0), tally(0, 0))
    );
    assert_eq!(
        (report.all.before, report.all.after),
        (tally(3, 700), tally(3, 900))
    );
    assert_eq!(report.all.share(), 6_666);
}

#[test]
fn findings_of_one_rule_on_the_same_rows_are_paired_one_by_one() {
    let old = vec![violation("A", &["O1"], 100), violation("A", &["O1"], 200)];
    let new = vec![
        violation("A", &["O1"], 200),
        violation("A", &["O1"], 300),
        violation("A", &["O1"], 900),
    ];
    let all = compared(old, new).all;
    assert_eq!(
        (all.altered, all.gained, all.lost),
        (tally(1, 200), tally(1, 900), tally(0, 0))
    );
    // Another rule on the same rows is another finding.
    let all = compared(
        vec![violation("A", &["O1"], 1)],
        vec![violation("B", &["O1"], 1)],
    )
    .all;
    assert_eq!((all.gained, all.lost), (tally(1, 1), tally(1, 1)));
}

#[test]
fn of_many_findings_those_with_most_money_are_examples() {
    let keys: Vec<String> = (0..9).map(|number| format!("O{number}")).collect();
    let new = keys
        .iter()
        .zip(1..)
        .map(|(key, fen)| violation("A", &[key], fen));
    let report = compared(Vec::new(), new.collect());
    let amounts: Vec<i64> = report
        .examples
        .iter()
        .map(|example| example.amount)
        .collect();
    assert_eq!(amounts, [9, 8, 7, 6, 5]);
    assert!(
        report
            .examples
            .iter()
            .all(|example| example.kind == Kind::Gained)
    );
    assert_eq!(report.all.gained, tally(9, 45));
}

#[test]
fn each_threshold_asks_for_a_person_with_its_own_reason() {
    let settings = ShadowSettings::default();
    let asks = |change: fn(&mut ShadowReport)| {
        let mut report = report();
        report.all.before = tally(1_000, 0);
        report.old_engine.fuel = 1_000_000_000;
        report.new_engine.fuel = 1_000_000_000;
        change(&mut report);
        let asks = asks_for_a_person(&report, &settings)?.english;
        Some(
            asks.strip_prefix("the shadow run asks for a person: ")
                .unwrap()
                .to_owned(),
        )
    };
    assert_eq!(asks(|_| {}), None);
    assert_eq!(asks(|report| report.all.lost = tally(100, 0)), None);
    assert_eq!(
        asks(|report| report.all.lost = tally(101, 0)).unwrap(),
        "101 findings changed, 10.1 % of all (at most 10 %)"
    );
    assert_eq!(
        asks(|report| report.all.altered = tally(1, 5_000_001)).unwrap(),
        "findings of 50000.01 CNY changed (at most 50000 CNY)"
    );
    assert_eq!(
        asks(|report| report.new_engine.fuel = 2_010_000_000).unwrap(),
        "it uses 201 % of the engine's time of the old version (at most 200 %)"
    );
    assert_eq!(
        asks(|report| report.no_verdict.only_after = 1).unwrap(),
        "1 patients or institutions get no verdict from it alone (at most 0)"
    );
    let mut all = report();
    all.all.before = tally(1_000, 0);
    all.all.altered = tally(101, 5_000_001);
    all.no_verdict.only_after = 1;
    all.new_engine.fuel = 2_000_000_000;
    all.old_engine.fuel = 800_000_000;
    assert_eq!(
        asks_for_a_person(&all, &settings).unwrap().chinese,
        "影子运行结果须人工审批：仅新版本未得结论的参保人或机构 1 个（上限 0）；变动疑点 101 条，占全部 10.1 %（上限 10 %）；\
         变动疑点涉及 50000.01 元（上限 50000 元）；引擎计算量为现行版本的 250 %（上限 200 %）"
    );
    // Without an earlier version nothing changes; without history nothing is known.
    assert_eq!(
        asks(|report| {
            report.all.gained = tally(500, 9_000_000);
            report.old = None;
        }),
        None
    );
    assert_eq!(
        asks(|report| {
            report.no_verdict.only_after = 1;
            report.reviewed = None;
        }),
        None
    );
}

#[test]
fn a_page_holds_no_mark_up_of_a_pack_and_a_part_of_the_history_says_so() {
    let mut report = compared(Vec::new(), vec![violation("<b>", &["O1"], 100)]);
    report.reviewed = report.reviewed.map(|part| ReviewedPart {
        patients_in_all: 101,
        left_out: 2,
        ..part
    });
    let page = page(&report);
    assert!(
        page.contains("&lt;b&gt;") && !page.contains("<b>"),
        "{page}"
    );
    assert!(page.contains("100 / 101"), "{page}");
    assert!(page.contains("不能使用的历史行 · rows left out"), "{page}");
    report.reviewed = None;
    assert!(super::page(&report).contains("没有可比较的历史 · no history to compare"));
}
