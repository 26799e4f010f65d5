//! What requests tell: what is kept of it, for how long, and what a stop or damage leaves.

mod damage;
mod full_disk;

use std::collections::HashSet;

use rulepack_contract::data::{Data, DataBuilder};
use rulepack_contract::review::Stage;
use rulepack_contract::schema::ids;

use super::*;
use crate::client::NoFailures;
use crate::data::BroughtRow;
use crate::history::History;

const DAY: &str = "2026-11-22";

/// A row as a request brings it.
fn row(table: rulepack_contract::schema::TableId, key: &str, cells: &[(&str, &str)]) -> BroughtRow {
    let cells = cells.iter().map(|(name, text)| {
        let column = table.table().column(name).unwrap();
        (column, (*text).to_owned())
    });
    BroughtRow {
        table,
        key: key.to_owned(),
        cells: cells.collect(),
    }
}

/// A patient `P1` of hospital `H1` with an encounter and its lines: key, quantity, `current`, `charged`.
fn request(encounter: &str, current: &str, lines: &[(&str, &str, &str, &str)]) -> Vec<BroughtRow> {
    let mut rows = vec![
        row(ids::PATIENTS, "P1", &[("genders", "1")]),
        row(ids::INSTITUTIONS, "H1", &[("levels", "02")]),
        row(
            ids::ENCOUNTERS,
            encounter,
            &[
                ("patients", "P1"),
                ("institutions", "H1"),
                ("current", current),
            ],
        ),
        row(
            ids::DIAGNOSES,
            "",
            &[("encounters", encounter), ("codes", "I10.x00")],
        ),
    ];
    rows.extend(lines.iter().map(|(key, quantity, current, charged)| {
        row(
            ids::ORDERS,
            key,
            &[
                ("encounters", encounter),
                ("current", current),
                ("charged", charged),
                ("items", "X1"),
                ("quantities", quantity),
            ],
        )
    }));
    rows
}

fn charged(encounter: &str, lines: &[&str]) -> Vec<ToldVisit> {
    let lines: Vec<_> = lines.iter().map(|key| (*key, "2", "1", "1")).collect();
    told(&request(encounter, "1", &lines), Stage::During)
}

/// A host's history that is served.
struct Host {
    root: tempfile::TempDir,
    settings: HistorySettings,
}

impl Host {
    fn new() -> Self {
        Host {
            root: tempfile::tempdir().unwrap(),
            settings: HistorySettings::default(),
        }
    }

    fn history(&self) -> PathBuf {
        self.root.path().join("history")
    }

    fn seen(&self) -> PathBuf {
        self.history().join("seen")
    }

    fn serve(&self) -> (History, Arc<Seen>) {
        History::open_to_serve(&self.history(), self.settings, Arc::new(NoFailures)).unwrap()
    }

    fn tell(&self, seen: &Seen, visits: &[ToldVisit], on: &str) {
        let (day, imports) = (day(on), self.imports());
        let turn = seen.tell(visits, day, imports).unwrap();
        seen.sync(turn).unwrap();
    }

    fn imports(&self) -> u64 {
        History::imports(&self.history()).unwrap().imports_now()
    }

    fn import(&self, files: &[(&str, &str)]) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut history = History::open(&self.history()).unwrap();
        let imported = history.import(folder.path()).unwrap();
        assert!(imported.rejected.is_empty(), "{:?}", imported.rejected);
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn recalled(history: &History, view: &View) -> Data {
    let (mut builder, mut known) = (DataBuilder::new(), HashSet::new());
    let recalled = history.recall(Some(view), &["P1"], &mut known, &mut builder);
    assert!(recalled.faults.is_empty(), "{:?}", recalled.faults);
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    data
}

/// The keys of the lines that a request of a day sees of `P1`.
fn lines(host: &Host, seen: &Arc<Seen>, on: &str) -> Vec<String> {
    let history = History::imports(&host.history()).unwrap();
    keys(&recalled(&history, &seen.view(day(on))))
}

fn keys(data: &Data) -> Vec<String> {
    let rows = 0..data.rows(ids::ORDERS);
    let mut keys: Vec<String> = rows
        .map(|row| data.key(ids::ORDERS, row).unwrap().to_owned())
        .collect();
    keys.sort();
    keys
}

#[test]
fn what_is_asked_and_not_charged_is_not_kept() {
    let asked = [("O1", "2", "1", "0")];
    assert!(told(&request("E1", "1", &asked), Stage::Before).is_empty());
    let both = [("O1", "2", "1", "0"), ("O2", "2", "0", "1")];
    let kept = told(&request("E1", "1", &both), Stage::Before);
    assert_eq!(kept[0].rows["orders"].len(), 1);
    assert_eq!(kept[0].rows["orders"][0]["order"], "O2");
    // 就诊 settled without a line is a visit all the same, and so is one that is told beside the current one.
    assert_eq!(told(&request("E1", "1", &[]), Stage::During).len(), 1);
    assert_eq!(told(&request("E1", "0", &[]), Stage::Before).len(), 1);
    // An order that is not charged yet counts for nobody later, whatever the stage.
    let kept = told(&request("E1", "1", &asked), Stage::During);
    assert!(!kept[0].rows.contains_key("orders"));
    assert!(told(&request("E1", "1", &both), Stage::After).is_empty());
}

#[test]
fn a_native_line_that_does_not_say_whether_it_is_charged_is_asked_before_care() {
    let mut rows = request("E1", "1", &[("O1", "2", "1", "1"), ("O2", "2", "0", "1")]);
    let charged = ids::ORDERS.table().column("charged").unwrap();
    for row in &mut rows {
        row.cells
            .retain(|(column, _)| row.table != ids::ORDERS || *column != charged);
    }
    let lines = |stage| told(&rows, stage)[0].rows["orders"].len();
    assert_eq!((lines(Stage::Before), lines(Stage::During)), (1, 2));
}

#[test]
fn a_refund_takes_back_the_last_line_of_its_item_that_has_as_much() {
    let lines = [
        ("O1", "3", "0", "1"),
        ("O2", "1", "0", "1"),
        ("R1", "-2", "0", "1"),
        ("R2", "-1", "0", "1"),
        ("R3", "-5", "0", "1"),
    ];
    let kept = told(&request("E1", "1", &lines), Stage::During);
    let reverses: Vec<_> = kept[0].rows["orders"]
        .iter()
        .map(|line| line.get("reverses").map(String::as_str))
        .collect();
    assert_eq!(reverses, [None, None, Some("O1"), Some("O2"), None]);
}

#[test]
fn what_is_told_is_seen_by_the_next_request_and_after_a_start() {
    let host = Host::new();
    let (history, seen) = host.serve();
    let before = seen.view(day(DAY));
    let turn = seen.tell(&charged("E1", &["O1"]), day(DAY), 0).unwrap();
    // Written, and not on the disk: nobody rests on it.
    assert!(keys(&recalled(&history, &seen.view(day(DAY)))).is_empty());
    seen.sync(turn).unwrap();
    let data = recalled(&history, &seen.view(day(DAY)));
    assert_eq!(keys(&data), ["O1"]);
    assert_eq!(data.number(ids::ORDERS, "current", 0), Some(0));
    assert_eq!(data.number(ids::ENCOUNTERS, "current", 0), Some(0));
    assert_eq!(data.text(ids::DIAGNOSES, "codes", 0), Some("I10.x00"));
    assert_eq!(data.text(ids::INSTITUTIONS, "levels", 0), Some("02"));
    // Who began earlier sees what was there then.
    assert!(keys(&recalled(&history, &before)).is_empty());
    drop((history, seen, before));
    let (_, seen) = host.serve();
    assert_eq!(lines(&host, &seen, DAY), ["O1"]);
}

#[test]
fn a_later_request_replaces_an_encounter_whole_and_the_same_is_not_written_again() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1", "O2"]), DAY);
    host.tell(&seen, &charged("E2", &["O3"]), DAY);
    host.tell(&seen, &charged("E1", &["O2"]), DAY);
    assert_eq!(lines(&host, &seen, DAY), ["O2", "O3"]);
    let length = || fs::metadata(host.seen().join("000001.rows")).unwrap().len();
    let before = length();
    host.tell(&seen, &charged("E1", &["O2"]), "2026-11-23");
    assert_eq!(length(), before);
    // What is only asked about an encounter changes nothing of it.
    let asked = told(&request("E1", "1", &[("O9", "2", "1", "0")]), Stage::Before);
    host.tell(&seen, &asked, DAY);
    assert_eq!(lines(&host, &seen, DAY), ["O2", "O3"]);
}

const IMPORT: [(&str, &str); 4] = [
    ("institutions.csv", "institution,levels\nH1,02\n"),
    ("patients.csv", "patient,genders\nP1,1\n"),
    (
        "encounters.csv",
        "encounter,patients,institutions\nE1,P1,H1\n",
    ),
    (
        "orders.csv",
        "order,encounters,quantities\nI1,E1,2\nO1,E1,2\n",
    ),
];

#[test]
fn an_encounter_that_is_imported_and_told_counts_once_as_it_came_last() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1", "O2"]), DAY);
    host.tell(&seen, &charged("E2", &["O3"]), DAY);
    host.import(&IMPORT);
    assert_eq!(lines(&host, &seen, DAY), ["I1", "O1", "O3"]);
    // Told beside another one, it replaces no import; told for itself, it does.
    let beside = told(&request("E1", "0", &[("O4", "2", "0", "1")]), Stage::Before);
    host.tell(&seen, &beside, DAY);
    assert_eq!(lines(&host, &seen, DAY), ["I1", "O1", "O3"]);
    host.tell(&seen, &charged("E1", &["O2"]), DAY);
    assert_eq!(lines(&host, &seen, DAY), ["O2", "O3"]);
    host.import(&IMPORT);
    assert_eq!(lines(&host, &seen, DAY), ["I1", "O1", "O3"]);
}

#[test]
fn a_line_under_the_id_of_another_encounter_is_left_out_and_told() {
    let host = Host::new();
    let (history, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["1"]), DAY);
    host.tell(&seen, &charged("E2", &["1"]), DAY);
    let (mut builder, mut known) = (DataBuilder::new(), HashSet::new());
    let view = seen.view(day(DAY));
    history.recall(Some(&view), &["P1"], &mut known, &mut builder);
    let (data, rejections) = builder.finish();
    assert_eq!((data.rows(ids::ORDERS), rejections.len()), (1, 1));
    assert_eq!(
        rejections[0].reason(),
        "`1` is the key of an earlier row too"
    );
}

#[test]
fn after_its_days_an_encounter_counts_no_more_and_its_file_goes_while_the_service_runs() {
    let mut host = Host::new();
    host.settings = HistorySettings {
        days: 30,
        replay_days: 60,
    };
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), "2026-01-10");
    assert_eq!(lines(&host, &seen, "2026-02-09"), ["O1"]);
    assert!(lines(&host, &seen, "2026-02-10").is_empty());
    let view = seen.view(day("2026-02-09"));
    host.tell(&seen, &charged("E2", &["O2"]), "2026-02-10");
    // It is there still for receipts of the time when it counted.
    let history = History::imports(&host.history()).unwrap();
    assert_eq!(keys(&recalled(&history, &view)), ["O1"]);
    host.tell(&seen, &charged("E3", &["O3"]), "2026-04-11");
    assert!(keys(&recalled(&history, &view)).is_empty());
    assert!(!host.seen().join("000001.rows").exists());
    assert!(!host.seen().join("000001.identities").exists());
    assert_eq!(lines(&host, &seen, "2026-04-11"), ["O3"]);
    assert_eq!(
        seen.view(day("2026-03-01")).count(),
        (2, Some(day("2026-02-10")))
    );
    drop((seen, view));
    let (_, seen) = host.serve();
    assert_eq!(
        seen.view(day("2026-03-01")).count(),
        (2, Some(day("2026-02-10")))
    );
}

#[test]
fn nothing_is_kept_where_the_span_is_no_day() {
    let mut host = Host::new();
    host.settings.days = 0;
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), DAY);
    assert_eq!(seen.view(day(DAY)).state(), None);
    assert!(!host.seen().join("000001.rows").exists());
}

#[test]
fn a_verdict_finds_what_it_saw_though_more_was_told_since() {
    let host = Host::new();
    let (history, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["O1"]), DAY);
    let view = seen.view(day(DAY));
    let state = history.state_in(Some(&view));
    host.tell(&seen, &charged("E1", &["O2"]), DAY);
    host.tell(&seen, &charged("E2", &["O3"]), "2026-12-01");
    let then = History::open_as_of(&host.history(), &state).unwrap();
    assert_eq!(keys(&recalled(&then, then.view().unwrap())), ["O1"]);
    assert_eq!(then.state(), state);
    let now = History::open(&host.history()).unwrap();
    assert_eq!(keys(&recalled(&now, now.view().unwrap())), ["O2", "O3"]);
}

#[test]
fn neither_file_tells_a_patient_or_a_drug_and_one_secret_does_not_tell_both() {
    let host = Host::new();
    let (_, seen) = host.serve();
    host.tell(&seen, &charged("E1", &["ORDER-1"]), DAY);
    drop(seen);
    let secret = |name: &str| fs::read(host.root.path().join(name)).unwrap();
    let opened = |file: &str, name: &str| {
        let path = host.seen().join(file);
        let sealer = crate::sealer::Sealer::new(&path, &secret(name).try_into().unwrap());
        let line = fs::read(path).unwrap();
        let entry = sealer.unseal(&line, 0);
        entry.map(|entry| String::from_utf8(entry).unwrap())
    };
    let rows = opened("000001.rows", "data.secret").unwrap();
    assert!(rows.contains("ORDER-1") && !rows.contains("P1"), "{rows}");
    let whose = opened("000001.identities", "identity.secret").unwrap();
    assert!(
        whose.contains("P1") && !whose.contains("ORDER-1"),
        "{whose}"
    );
    assert_eq!(opened("000001.rows", "identity.secret"), None);
    assert_eq!(opened("000001.identities", "data.secret"), None);
}

#[test]
fn shadow_runs_and_audits_see_what_requests_told() {
    let host = Host::new();
    let (_, seen) = host.serve();
    let mut rows = request("E1", "1", &[("O1", "2", "1", "1")]);
    let admitted = ids::ENCOUNTERS.table().column("admission-days").unwrap();
    for row in rows.iter_mut().filter(|row| row.table == ids::ENCOUNTERS) {
        row.cells.push((admitted, "2026-11-20".to_owned()));
    }
    host.tell(&seen, &told(&rows, Stage::During), DAY);
    let history = History::open(&host.history()).unwrap();
    let recent = history.recent(90, day(DAY)).unwrap().unwrap();
    assert_eq!(recent.patients, ["P1"]);
    let mut builder = DataBuilder::new();
    let days = (recent.from, recent.to);
    let reviewed = history.add_for_review(&recent.patients, days, &mut builder);
    assert_eq!(reviewed.unwrap(), 1);
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    assert_eq!(data.number(ids::ORDERS, "current", 0), Some(1));
    // A hospital of which all was imported, and told by requests too, is one hospital.
    host.import(&IMPORT[..2]);
    let history = History::open(&host.history()).unwrap();
    let mut builder = DataBuilder::new();
    let days = (day("2026-11-01").number(), day("2026-11-30").number());
    history.add_all(days, &mut builder).unwrap();
    let (data, rejections) = builder.finish();
    assert!(rejections.is_empty(), "{rejections:?}");
    assert_eq!(data.rows(ids::INSTITUTIONS), 1);
    assert_eq!(data.number(ids::ENCOUNTERS, "current", 0), Some(1));
    let start = data.coverage(ids::ORDERS).history_start;
    assert_eq!(start, day(DAY).number());
    // What was told long ago is left out where nobody would count it.
    let late = history.since(day("2026-11-23"));
    assert!(late.recent(90, day("2026-11-23")).unwrap().is_none());
}
