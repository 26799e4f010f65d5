//! Imports, look-ups and what a kill leaves.

use std::fs;
use std::path::Path;

use rulepack_contract::data::Data;

use super::*;

fn import(history: &mut History, files: &[(&str, &str)]) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    history.import(folder.path()).unwrap()
}

/// Changes the rows of the first import, as another release may have written them, or nobody.
pub(crate) fn rewrite(folder: &Path, change: impl Fn(String) -> String) {
    let secret = fs::read(folder.with_file_name("data.secret")).unwrap();
    let path = folder.join("000001.rows");
    let sealer = crate::sealer::Sealer::new(&path, &secret.try_into().unwrap());
    let text = fs::read_to_string(&path).unwrap();
    let mut changed = Vec::new();
    let mut rewritten = Vec::new();
    for (number, line) in (0..).zip(text.split_inclusive('\n')) {
        let entry = sealer.unseal(line.as_bytes(), number).unwrap();
        let entry = String::from_utf8(entry).unwrap();
        let new = change(entry.clone());
        changed.push(new != entry);
        rewritten.extend(sealer.seal(new.as_bytes(), number).unwrap());
    }
    assert!(changed.contains(&true));
    fs::write(&path, rewritten).unwrap();
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
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
    let imported = import(&mut history, &FILES);
    assert_eq!(imported.rows["orders"], 2);
    assert_eq!(imported.rejected.len(), 1);
    assert_eq!(
        imported.rejected[0].to_string(),
        "`enrolments.csv` line 3, column `patients`: `P9` is no row of `patients`"
    );
    let data = look_up(&History::open(&folder).unwrap(), "P1", &[]);
    assert_eq!(data.rows(ids::ORDERS), 1);
    assert_eq!(data.key(ids::ORDERS, 0), Some("O1"));
    assert_eq!(data.number(ids::ORDERS, "current", 0), Some(0));
    assert_eq!(data.number(ids::ORDERS, "supply-days", 0), Some(280_000));
    assert_eq!(data.number(ids::ENCOUNTERS, "current", 0), Some(0));
    assert_eq!(data.text(ids::INSTITUTIONS, "levels", 0), Some("02"));
    assert_eq!(data.text(ids::ENROLMENTS, "diseases", 0), Some("M03900"));
}

#[test]
fn a_patient_without_history_still_has_the_tables_recorded() {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
    import(&mut history, &FILES);
    let data = look_up(&history, "P7", &[]);
    assert_eq!(data.rows(ids::ENROLMENTS), 0);
    assert_eq!(data.coverage(ids::ENROLMENTS).presence, Presence::Complete);
    assert_eq!(data.coverage(ids::ACCUMULATORS).presence, Presence::Absent);
}

#[test]
fn a_later_import_replaces_rows_by_key() {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
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
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
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
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
    import(&mut history, &FILES);
    fs::write(folder.join(".new-x"), "{\"tab").unwrap();
    // Identities are written first: without their rows they are nobody's.
    fs::write(folder.join("000002.identities"), "00").unwrap();
    let data = look_up(&History::open(&folder).unwrap(), "P1", &[]);
    assert_eq!(data.rows(ids::ORDERS), 1);
    import(&mut history, &FILES[..2]);
    assert_eq!(History::open(&folder).unwrap().segments.len(), 2);
}

/// The host's folder, and that of its history with two imports.
fn with_two() -> (tempfile::TempDir, PathBuf) {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
    import(&mut history, &FILES);
    import(&mut history, &FILES[..2]);
    (host, folder)
}

#[test]
fn a_damaged_segment_is_named_with_its_line_and_no_patient() {
    let (_host, folder) = with_two();
    let path = folder.join("000001.rows");
    let whole = fs::read(&path).unwrap();
    let lines = whole.iter().filter(|byte| **byte == b'\n').count();
    let ends: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] == b'\n').collect();
    // Cut off within the last line, and after the last but one.
    for (length, line) in [(whole.len() - 20, lines), (ends[lines - 2] + 1, lines)] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = History::open(&folder).unwrap_err();
        let shown = path.display();
        let expected = format!(
            "the history `{shown}` is damaged at line {line}, or was written under another secret"
        );
        assert_eq!(error.to_string(), expected);
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("history/000001` (both its files) away and import again"),
            "{hint}"
        );
    }
    // A byte within a block: told when its patient comes.
    let mut spoilt = whole.clone();
    spoilt[ends[1] + 60] ^= 1;
    fs::write(&path, &spoilt).unwrap();
    let history = History::open(&folder).unwrap();
    let look = |patient: &str| {
        let mut builder = DataBuilder::new();
        history.add_patients(&[patient], &mut HashSet::new(), &mut builder)
    };
    let errors = ["P1", "P2"].map(|patient| look(patient).err());
    let damaged: Vec<_> = errors.iter().flatten().map(ToString::to_string).collect();
    let expected = "is damaged at line 3, or was written under another secret";
    assert_eq!(damaged.len(), 1);
    assert!(damaged[0].ends_with(expected), "{damaged:?}");
    for garbage in [&b""[..], b"{\"tables\":{}}\n", b"\xff\n"] {
        fs::write(&path, garbage).unwrap();
        let error = History::open(&folder).unwrap_err().to_string();
        assert!(
            error.contains("000001.rows` is damaged at line 1, or "),
            "{error}"
        );
    }
}

#[test]
fn identities_of_another_import_are_refused() {
    let (_host, folder) = with_two();
    let (one, other) = (
        folder.join("000001.identities"),
        folder.join("000002.identities"),
    );
    fs::copy(&other, &one).unwrap();
    let error = History::open(&folder).unwrap_err();
    let expected = format!(
        "the history `{}` does not belong to the rows beside it",
        one.display()
    );
    assert_eq!(error.to_string(), expected);
    fs::remove_file(&one).unwrap();
    let error = History::open(&folder).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the history `{}` cannot be used", one.display())
    );
    // Moved as a whole, they are still lines of another file.
    fs::rename(folder.join("000002.rows"), folder.join("000001.rows")).unwrap();
    fs::rename(&other, &one).unwrap();
    let error = History::open(&folder).unwrap_err().to_string();
    assert!(
        error.contains("000001.rows` is damaged at line 1, or "),
        "{error}"
    );
}

#[test]
fn without_either_secret_nothing_is_read_or_overwritten() {
    for name in ["data.secret", "identity.secret"] {
        let (host, folder) = with_two();
        let secret = host.path().join(name);
        fs::remove_file(&secret).unwrap();
        let error = History::open(&folder).unwrap_err();
        let shown = secret.display();
        let expected =
            format!("`{shown}` is missing, and the history of patients cannot be read without it");
        assert_eq!(error.to_string(), expected);
        assert!(
            error
                .hint()
                .unwrap()
                .starts_with("restore it from a backup")
        );
        assert!(!secret.exists());
        fs::write(&secret, [7; 32]).unwrap();
        let error = History::open(&folder).unwrap_err().to_string();
        assert!(
            error.ends_with("is damaged at line 1, or was written under another secret"),
            "{error}"
        );
    }
}

#[test]
fn what_an_earlier_release_kept_in_the_open_is_told() {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("000001.jsonl");
    fs::write(&path, "{}\n").unwrap();
    let error = History::open(&folder).unwrap_err();
    let shown = path.display();
    assert_eq!(
        error.to_string(),
        format!("the history `{shown}` was written by an earlier release and is not encrypted")
    );
    assert!(error.hint().unwrap().contains("delete it and import again"));
}

#[test]
fn imports_at_the_same_time_get_numbers_of_their_own() {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut open: Vec<History> = (0..4).map(|_| History::open(&folder).unwrap()).collect();
    std::thread::scope(|scope| {
        for history in &mut open {
            scope.spawn(|| import(history, &FILES));
        }
    });
    assert_eq!(History::open(&folder).unwrap().segments.len(), 4);
}

#[test]
fn t15_whose_the_rows_are_stands_apart_from_them() {
    let (host, folder) = with_two();
    let open = |name: &str, secret: &str| {
        let path = folder.join(name);
        let secret = fs::read(host.path().join(secret))
            .unwrap()
            .try_into()
            .unwrap();
        let sealer = crate::sealer::Sealer::new(&path, &secret);
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.split_inclusive('\n');
        let entries = (0..)
            .zip(lines)
            .map(|(number, line)| sealer.unseal(line.as_bytes(), number));
        let entries: Option<Vec<_>> = entries.collect();
        entries.map(|entries| String::from_utf8(entries.concat()).unwrap())
    };
    let rows = open("000001.rows", "data.secret").unwrap();
    assert!(rows.contains("M03900") && rows.contains("O1"));
    assert!(!rows.contains("P1") && !rows.contains("P2"), "{rows}");
    let identities = open("000001.identities", "identity.secret").unwrap();
    assert!(identities.contains("P1") && !identities.contains("M03900"));
    assert_eq!(open("000001.identities", "data.secret"), None);
    assert_eq!(open("000001.rows", "identity.secret"), None);
}

#[test]
fn all_of_it_is_reviewed_with_the_encounters_of_a_period_under_review() {
    let host = tempfile::tempdir().unwrap();
    let folder = host.path().join("history");
    let mut history = History::open(&folder).unwrap();
    let encounters = "encounter,patients,institutions,current,admission-days,settlement-days\n\
                      E1,P1,H1,1,2025-12-30,2026-01-02\nE2,P2,H1,1,2025-12-30,2025-12-31\n";
    let orders = "order,encounters,current,amounts\nO1,E1,0,1.00\nO2,E2,1,2.00\n";
    let files = [
        FILES[0],
        FILES[1],
        ("encounters.csv", encounters),
        ("orders.csv", orders),
    ];
    import(&mut history, &files);
    let mut builder = DataBuilder::new();
    let day = |text: &str| units::parse_day(text).unwrap();
    let period = (day("2026-01-01"), day("2026-01-31"));
    history.add_all(period, &mut builder).unwrap();
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    for table in [ids::ENCOUNTERS, ids::ORDERS] {
        let current = [0, 1].map(|row| data.number(table, "current", row));
        assert_eq!(current, [Some(1), Some(0)]);
    }
    assert_eq!(data.rows(ids::INSTITUTIONS), 1);
    assert_eq!(data.coverage(ids::ENCOUNTERS).presence, Presence::Complete);
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
