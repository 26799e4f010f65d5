//! Imports, look-ups and what a kill leaves.

use std::fs;

use rulepack_contract::data::Data;

use super::*;

fn import(history: &mut History, files: &[(&str, &str)]) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    history.import(folder.path()).unwrap()
}

const FILES: [(&str, &str); 5] = [
    ("institutions.csv", "institution,levels\nH1,02\n"),
    ("patients.csv", "patient,genders\nP1,1\nP2,2\n"),
    (
        "enrolments.csv",
        "patients,diseases,starts,ends\nP1,M03900,2026-01-01,2026-12-31\nP9,M1,,\n",
    ),
    (
        "encounters.csv",
        "encounter,patients,institutions,current\nE1,P1,H1,1\nE2,P2,H1,1\n",
    ),
    (
        "orders.csv",
        "order,encounters,current,supply-days\nO1,E1,1,28\nO2,E2,1,7\n",
    ),
];

fn look_up(history: &History, patient: &str, known: &[(TableId, &str)]) -> Data {
    let mut builder = DataBuilder::new();
    let mut known = known
        .iter()
        .map(|(table, key)| (*table, (*key).to_owned()))
        .collect();
    history
        .add_patients(&[patient], &mut known, &mut builder)
        .unwrap();
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    data
}

#[test]
fn a_patient_is_found_again_after_opening_and_is_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    let imported = import(&mut history, &FILES);
    assert_eq!(imported.rows["orders"], 2);
    assert_eq!(imported.rejected.len(), 1);
    assert_eq!(
        imported.rejected[0].to_string(),
        "`enrolments.csv` line 3, column `patients`: `P9` is no row of `patients`"
    );
    let data = look_up(&History::open(folder.path()).unwrap(), "P1", &[]);
    assert_eq!(data.rows(ids::ORDERS), 1);
    assert_eq!(data.key(ids::ORDERS, 0), Some("O1"));
    assert_eq!(data.number(ids::ORDERS, "current", 0), Some(0));
    assert_eq!(data.number(ids::ORDERS, "supply-days", 0), Some(280_000));
    assert_eq!(data.number(ids::ENCOUNTERS, "current", 0), Some(0));
    assert_eq!(data.code(ids::INSTITUTIONS, "levels", 0), Some("02"));
    assert_eq!(data.code(ids::ENROLMENTS, "diseases", 0), Some("M03900"));
}

#[test]
fn a_patient_without_history_still_has_the_tables_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    import(&mut history, &FILES);
    let data = look_up(&history, "P7", &[]);
    assert_eq!(data.rows(ids::ENROLMENTS), 0);
    assert_eq!(data.coverage(ids::ENROLMENTS).presence, Presence::Complete);
    assert_eq!(data.coverage(ids::ACCUMULATORS).presence, Presence::Absent);
}

#[test]
fn a_later_import_replaces_rows_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    import(&mut history, &FILES);
    import(
        &mut history,
        &[
            FILES[0],
            FILES[1],
            FILES[3],
            (
                "orders.csv",
                "order,encounters,supply-days\nO1,E1,14\nO3,E1,7\n",
            ),
            (
                "enrolments.csv",
                "patients,diseases,starts,ends\nP1,M03900,2026-01-01,2026-06-30\n",
            ),
        ],
    );
    let data = look_up(&history, "P1", &[]);
    assert_eq!(data.rows(ids::ORDERS), 2);
    assert_eq!(data.number(ids::ORDERS, "supply-days", 0), Some(140_000));
    assert_eq!(data.rows(ids::ENROLMENTS), 1);
    let end = units::parse_day("2026-06-30").unwrap();
    assert_eq!(
        data.number(ids::ENROLMENTS, "ends", 0),
        Some(i64::from(end))
    );
}

#[test]
fn what_the_request_brings_itself_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    import(&mut history, &FILES);
    let data = look_up(
        &history,
        "P2",
        &[(ids::ENCOUNTERS, "E2"), (ids::INSTITUTIONS, "H1")],
    );
    assert_eq!(data.rows(ids::ENCOUNTERS), 0);
    assert_eq!(data.rows(ids::ORDERS), 0);
}

#[test]
fn an_import_killed_before_the_rename_leaves_the_old_state() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    import(&mut history, &FILES);
    fs::write(folder.path().join(".new-x"), "{\"tab").unwrap();
    let data = look_up(&History::open(folder.path()).unwrap(), "P1", &[]);
    assert_eq!(data.rows(ids::ORDERS), 1);
}

#[test]
fn a_damaged_segment_is_named_with_its_line_and_no_patient() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    import(&mut history, &FILES);
    let path = folder.path().join("000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, &text[..text.len() - 20]).unwrap();
    let error = History::open(folder.path()).unwrap_err();
    let lines = text.lines().count();
    let expected = format!(
        "the history `{}` is damaged at line {lines}",
        path.display()
    );
    assert_eq!(error.to_string(), expected);
    let hint = "restore the file from a backup, or remove it and import again";
    assert_eq!(error.hint().unwrap(), hint);
}

#[test]
fn the_latest_days_are_under_review_and_all_before_them_is_history() {
    let folder = tempfile::tempdir().unwrap();
    let mut history = History::open(folder.path()).unwrap();
    let files = [
        FILES[0],
        FILES[1],
        (
            "encounters.csv",
            "encounter,patients,institutions,current,settlement-days\n\
             E1,P1,H1,0,2026-03-01\nE2,P1,H1,0,2026-01-01\nE3,P2,H1,0,2025-12-31\nE9,P2,H1,0,2027-01-01\n",
        ),
        (
            "orders.csv",
            "order,encounters,current\nO1,E1,0\nO2,E2,1\nO3,E3,1\n",
        ),
    ];
    import(&mut history, &files);
    let day = |text: &str| text.parse().unwrap();
    let today = day("2026-06-01");
    // The last day that the history has, and not one to come.
    let recent = history.recent(60, today).unwrap().unwrap();
    assert_eq!(
        (recent.from, recent.to),
        (day("2026-01-01"), day("2026-03-01"))
    );
    assert_eq!(recent.patients, ["P1"]);
    let one = history.recent(1, today).unwrap().unwrap();
    assert_eq!((one.from, one.patients.len()), (day("2026-03-01"), 1));
    let all = history.recent(u16::MAX, today).unwrap().unwrap();
    assert_eq!(all.patients, ["P1", "P2"]);
    assert_eq!(history.recent(0, today).unwrap(), None);
    assert_eq!(history.recent(60, day("2020-01-01")).unwrap(), None);

    let mut builder = DataBuilder::new();
    let days = (day("2026-02-01"), recent.to);
    let under_review = history.add_for_review(&recent.patients, days, &mut builder);
    assert_eq!(under_review.unwrap(), 1);
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    for (table, keys) in [(ids::ENCOUNTERS, ["E1", "E2"]), (ids::ORDERS, ["O1", "O2"])] {
        for row in 0..2 {
            let is_first = data.key(table, row) == Some(keys[0]);
            assert!(is_first || data.key(table, row) == Some(keys[1]));
            assert_eq!(
                data.number(table, "current", row),
                Some(i64::from(is_first))
            );
        }
    }
}
