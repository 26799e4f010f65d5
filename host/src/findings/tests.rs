//! The store over restarts, months and damage.

use rulepack_contract::answer::Certainty;
use rulepack_contract::review::Stage;
use rulepack_protocol::pack::manifest::Action;

use super::*;

/// 2026-11-22 09:31:00, China Standard Time.
const NOVEMBER: i64 = 1_795_339_860;
const DAY: i64 = 86_400;

fn finding(answer: u64, doctor: &str, at: i64) -> KeptFinding {
    KeptFinding {
        id: FindingId { answer, place: 0 },
        at,
        stage: Stage::Before,
        pack: "37/limits/1.0.0.wasm".parse().unwrap(),
        rule: "LIM-01".into(),
        certainty: Certainty::Violation,
        action: Action::Review,
        softened: None,
        message: "超量".into(),
        amount: 12_300,
        patient: Some("P1".into()),
        encounter: Some(format!("E{answer}")),
        department: Some("内科".into()),
        doctor: Some(doctor.into()),
    }
}

fn decision(answer: u64, way: Way, at: i64) -> Decision {
    Decision {
        finding: FindingId { answer, place: 0 },
        way,
        reason: "病情需要".into(),
        at,
    }
}

fn decide(findings: &Findings, decision: Decision) {
    let found = findings.get(decision.finding).unwrap().unwrap();
    findings.decide(vec![(found, decision)]).unwrap();
}

#[test]
fn the_last_decision_counts_over_restarts_and_months() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let december = NOVEMBER + 20 * DAY;
    let findings = Findings::open(&host).unwrap();
    for answer in 1..=4 {
        findings
            .keep(vec![finding(answer, "D1", NOVEMBER)])
            .unwrap();
    }
    findings.keep(Vec::new()).unwrap();
    decide(&findings, decision(1, Way::Continued, NOVEMBER));
    decide(&findings, decision(2, Way::Continued, december));
    decide(&findings, decision(2, Way::Changed, december));
    decide(&findings, decision(3, Way::Changed, december));
    decide(&findings, decision(3, Way::Changed, december));
    let expected = [Overrides {
        pack: "37/limits/1.0.0.wasm".parse().unwrap(),
        rule: "LIM-01".into(),
        findings: 4,
        continued: 1,
        changed: 2,
        share: Some(3_333),
    }];
    assert_eq!(findings.overrides(), expected);
    drop(findings);
    let names = fs::read_dir(host.findings()).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["2026-11.log", "2026-12.log"]);
    let findings = Findings::open(&host).unwrap();
    assert_eq!(findings.overrides(), expected);
    let unknown = FindingId {
        answer: 9,
        place: 0,
    };
    assert_eq!(findings.get(unknown).unwrap(), None);
}

#[test]
fn findings_are_found_by_what_they_belong_to_with_the_last_decision_on_each() {
    let folder = tempfile::tempdir().unwrap();
    let findings = Findings::open(&HostFolder::at(folder.path())).unwrap();
    findings.keep(vec![finding(1, "D1", NOVEMBER)]).unwrap();
    findings.keep(vec![finding(2, "D2", NOVEMBER)]).unwrap();
    findings
        .keep(vec![finding(3, "D1", NOVEMBER + 20 * DAY)])
        .unwrap();
    decide(&findings, decision(1, Way::Changed, NOVEMBER));
    let last = decision(1, Way::Continued, NOVEMBER + 20 * DAY);
    decide(&findings, last.clone());
    let all = Wanted {
        limit: 10,
        ..Wanted::default()
    };
    let found = |wanted: &Wanted| -> Vec<u64> {
        let found = findings.find(wanted).unwrap();
        found.iter().map(|(finding, _)| finding.id.answer).collect()
    };
    assert_eq!(found(&all), [3, 2, 1]);
    assert_eq!(
        found(&Wanted {
            limit: 2,
            ..all.clone()
        }),
        [3, 2]
    );
    let doctor = Some("D1".to_owned());
    let of_doctor = Wanted {
        doctor,
        ..all.clone()
    };
    assert_eq!(found(&of_doctor), [3, 1]);
    assert_eq!(findings.find(&of_doctor).unwrap()[1].1, Some(last));
    let rule = Some("LIM-02".to_owned());
    assert!(
        found(&Wanted {
            rule,
            ..all.clone()
        })
        .is_empty()
    );
    let encounter = Some("E2".to_owned());
    assert_eq!(found(&Wanted { encounter, ..all }), [2]);
}

#[test]
fn findings_are_found_by_what_they_are_and_what_was_decided_on_them() {
    let folder = tempfile::tempdir().unwrap();
    let findings = Findings::open(&HostFolder::at(folder.path())).unwrap();
    let december = NOVEMBER + 20 * DAY;
    findings.keep(vec![finding(1, "D1", NOVEMBER)]).unwrap();
    let other = KeptFinding {
        pack: "3703/limits/1.1.0.wasm".parse().unwrap(),
        stage: Stage::During,
        certainty: Certainty::HighSuspicion,
        action: Action::Remind,
        ..finding(2, "D1", NOVEMBER + DAY)
    };
    findings.keep(vec![other]).unwrap();
    findings.keep(vec![finding(3, "D1", december)]).unwrap();
    decide(&findings, decision(1, Way::Continued, december));
    decide(&findings, decision(2, Way::Changed, december));
    let found = |change: &dyn Fn(&mut Wanted)| -> Vec<u64> {
        let mut wanted = Wanted {
            limit: 10,
            ..Wanted::default()
        };
        change(&mut wanted);
        let found = findings.find(&wanted).unwrap();
        found.iter().map(|(finding, _)| finding.id.answer).collect()
    };
    let day = |at| Some(units::day_of(at));
    assert_eq!(found(&|w| w.pack = "37/limits".parse().ok()), [3, 1]);
    assert_eq!(found(&|w| w.version = "1.1.0".parse().ok()), [2]);
    assert_eq!(found(&|w| w.stage = Some(Stage::Before)), [3, 1]);
    assert_eq!(
        found(&|w| w.certainty = Some(Certainty::HighSuspicion)),
        [2]
    );
    assert_eq!(found(&|w| w.action = Some(Action::Review)), [3, 1]);
    assert_eq!(found(&|w| w.from = day(NOVEMBER + DAY)), [3, 2]);
    assert_eq!(found(&|w| w.to = day(NOVEMBER)), [1]);
    assert_eq!(
        found(&|w| w.before = Some(FindingId {
            answer: 3,
            place: 0
        })),
        [2, 1]
    );
    assert_eq!(found(&|w| w.decided = Some(Decided::Nothing)), [3]);
    let continued = Some(Decided::Way(Way::Continued));
    assert_eq!(found(&|w| w.decided = continued), [1]);
    // What comes before a limit in a month is not lost to those that are decided otherwise.
    assert_eq!(found(&|w| (w.decided, w.limit) = (continued, 1)), [1]);
}

#[test]
fn findings_without_their_secret_are_told_and_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let findings = Findings::open(&host).unwrap();
    findings.keep(vec![finding(1, "D1", NOVEMBER)]).unwrap();
    drop(findings);
    fs::remove_file(host.data_secret()).unwrap();
    let error = Findings::open(&host).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is missing, and what is kept of patients cannot be read without it",
            host.data_secret().display()
        )
    );
    assert!(error.hint().unwrap().contains("restore `data.secret`"));
    assert!(!host.data_secret().exists());
}

#[test]
fn every_finding_is_found_among_many_in_whatever_order_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let findings = Findings::open(&host).unwrap();
    // As of callers at the same time, and after a clock that went back.
    let answers: Vec<u64> = (1_000..1_300)
        .map(|number| number ^ 3)
        .chain(10..90)
        .collect();
    for answer in &answers {
        findings
            .keep(vec![finding(*answer, "D1", NOVEMBER)])
            .unwrap();
    }
    decide(
        &findings,
        decision(1_299, Way::Continued, NOVEMBER + 20 * DAY),
    );
    let look = |findings: &Findings| {
        for answer in &answers {
            let id = |place| FindingId {
                answer: *answer,
                place,
            };
            let found = findings.get(id(0)).unwrap().unwrap();
            assert_eq!(found.encounter, Some(format!("E{answer}")));
            assert_eq!(findings.get(id(1)).unwrap(), None);
        }
        assert_eq!(findings.overrides()[0].findings, 380);
        assert_eq!(findings.overrides()[0].continued, 1);
    };
    look(&findings);
    drop(findings);
    look(&Findings::open(&host).unwrap());
}

#[test]
fn what_was_found_for_an_answer_that_was_never_given_is_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let findings = Findings::open(&host).unwrap();
    for answer in 1..=3 {
        let found = finding(answer, "D1", NOVEMBER);
        findings.keep(vec![found]).unwrap();
    }
    // The month may be over by then.
    findings.withdraw(2, NOVEMBER + 20 * DAY).unwrap();
    findings.withdraw(9, NOVEMBER).unwrap();
    let look = |findings: &Findings| {
        let id = |answer| FindingId { answer, place: 0 };
        assert_eq!(findings.get(id(2)).unwrap(), None);
        assert!(findings.get(id(3)).unwrap().is_some());
        assert_eq!(findings.overrides()[0].findings, 2);
        let wanted = Wanted {
            limit: 2,
            ..Wanted::default()
        };
        let found = findings.find(&wanted).unwrap();
        let answers: Vec<u64> = found.iter().map(|(one, _)| one.id.answer).collect();
        assert_eq!(answers, [3, 1]);
    };
    look(&findings);
    drop(findings);
    look(&Findings::open(&host).unwrap());
}

#[test]
fn under_another_secret_the_store_refuses_and_nothing_is_written_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let findings = Findings::open(&host).unwrap();
    for answer in 1..4 {
        findings
            .keep(vec![finding(answer, "D1", NOVEMBER)])
            .unwrap();
    }
    drop(findings);
    let good = fs::read(host.data_secret()).unwrap();
    crate::files::replace(&host.data_secret(), &[7; 32]).unwrap();
    let error = Findings::open(&host).unwrap_err().to_string();
    let expected = "2026-11.log` is damaged at line 1, or was written under another secret";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(kept_aside(&host), Vec::<String>::new());
    crate::files::replace(&host.data_secret(), &good).unwrap();
    assert_eq!(
        Findings::open(&host).unwrap().damage(),
        Vec::<String>::new()
    );
}

#[test]
fn damage_that_appears_while_the_store_is_open_is_told_once_somebody_looks_there() {
    let folder = tempfile::tempdir().unwrap();
    let host = HostFolder::at(folder.path());
    let findings = Findings::open(&host).unwrap();
    findings.keep(vec![finding(1, "D1", NOVEMBER)]).unwrap();
    let path = host.findings().join("2026-11.log");
    let mut bytes = fs::read(&path).unwrap();
    bytes[10] = b'-';
    fs::write(&path, bytes).unwrap();
    assert_eq!(findings.damage(), Vec::<String>::new());
    let id = FindingId {
        answer: 1,
        place: 0,
    };
    assert_eq!(findings.get(id).unwrap(), None);
    let told = "`findings/2026-11.log` has 1 damaged lines, the first is line 1";
    assert_eq!(findings.damage(), [told]);
}
