//! Two visits over the real service: the second breaks a rule because of the first, which no later request repeats.
//! What a request tells is kept, counted once, found again after a kill at any point, and not needed whole for
//! the service to start.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![cfg(all(unix, debug_assertions))]

mod common;
mod plugins;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use common::bare_host::{BareHost, Days};
use common::serving::{EXAMPLE, Serving, eventually};
use common::today;
use plugins::plugin;
use rulepack_host::client::FailurePoint;
use rulepack_protocol::moment::Day;

/// A 慢特病 medicine.
const MEDICINE: &str = "XC08CAA112A001010100001";
const OTHER: &str = "XC10AAA100A001010100008";

/// What is prescribed at an outpatient visit.
#[derive(Clone, Copy)]
struct Visit<'a> {
    infno: &'a str,
    patient: &'a str,
    encounter: &'a str,
    item: &'a str,
    days_ago: i32,
}

fn visit<'a>(infno: &'a str, patient: &'a str, encounter: &'a str) -> Visit<'a> {
    Visit {
        infno,
        patient,
        encounter,
        item: MEDICINE,
        days_ago: 0,
    }
}

/// A visit of which 18 days of supply are left.
fn earlier<'a>(patient: &'a str, encounter: &'a str) -> Visit<'a> {
    Visit {
        days_ago: 10,
        ..visit("3102", patient, encounter)
    }
}

fn days_ago(days: i32) -> Day {
    Day::from_number(today().number() - days).unwrap()
}

impl Visit<'_> {
    /// 28 days of one medicine, just being written.
    fn request(&self) -> String {
        let mut request: Value = serde_json::from_str(EXAMPLE).unwrap();
        let day = days_ago(self.days_ago);
        request["infno"] = json!(self.infno);
        request["inf_time"] = json!(format!("{day} 09:30:00"));
        let patient = &mut request["input"]["data"]["patient_dtos"][0];
        patient["patn_id"] = json!(self.patient);
        patient["curr_mdtrt_id"] = json!(self.encounter);
        let encounter = &mut patient["fsi_encounter_dtos"][0];
        encounter["mdtrt_id"] = json!(self.encounter);
        encounter["med_type"] = json!("140104");
        encounter["adm_date"] = json!(format!("{day} 09:10:00"));
        let mut order = encounter["fsi_order_dtos"][0].clone();
        order["rx_id"] = json!(format!("{}-1", self.encounter));
        order["hilist_code"] = json!(self.item);
        order["prd_days"] = json!("28");
        order["drord_begn_date"] = json!(format!("{day} 09:29:00"));
        encounter["fsi_order_dtos"] = json!([order]);
        request.to_string()
    }
}

/// How often a rule is among the findings of an answer.
fn found(answer: &Value, rule: &str) -> usize {
    let summary = answer["err_msg"].as_str().unwrap();
    assert!(!summary.contains("nothing was judged"), "{summary}");
    let result = answer["output"]["result"].as_array().unwrap().iter();
    result.filter(|found| found["rule_id"] == rule).count()
}

/// A host with the packs of these names in force.
fn host(packs: &[&'static str]) -> BareHost {
    let host = BareHost::begin();
    for name in packs {
        let path = format!("37/{name}/1.0.0.wasm");
        let days = Days("2020-01-01", "2020-01-01");
        host.install(&path, &plugin(name).path, &days);
    }
    host
}

fn folder(host: &BareHost) -> PathBuf {
    host.host().root().to_owned()
}

/// A service whose packs are loaded: a machine under load may take longer for that than a HIS waits.
fn serve(folder: &Path, failure: &str) -> Serving {
    let server = Serving::start_failing(folder, failure);
    eventually("the packs are loaded", || {
        server.get("/api/v1/status")["ready"] == true
    });
    server
}

#[test]
fn a_second_visit_overlaps_the_first_which_it_does_not_tell() {
    let host = host(&["chronic-limits"]);
    let server = serve(&folder(&host), "");
    let first = earlier("P1", "M1");
    let second = visit("3101", "P1", "M2");
    let overlaps = |request: Visit| found(&server.send(&request.request()), "CHR-03");
    // What is only asked, however often, is supplied to nobody.
    assert_eq!(overlaps(second), 0);
    assert_eq!(overlaps(visit("3101", "P1", "M3")), 0);
    // Told, and told again: no visit overlaps itself.
    assert_eq!((overlaps(first), overlaps(first)), (0, 0));
    let answer = server.send(&second.request());
    assert_eq!(found(&answer, "CHR-03"), 1, "{answer}");
    assert_eq!(overlaps(visit("3101", "P2", "M4")), 0);
    let text = host.run(&["host", "status"]).ended(3).0;
    let expected = format!(
        "history   0 imports, 1 encounters of requests since {}",
        today()
    );
    assert!(text.contains(&expected), "{text}");

    // The visit is changed: what it was is not counted beside what it is.
    let changed = Visit {
        item: OTHER,
        ..first
    };
    assert_eq!(overlaps(changed), 0);
    assert_eq!(overlaps(second), 0);
    // The verdict of before is executed anew on what was known then.
    replay(&host, &server, &answer, &second.request());
    import_first_visit(&host);
    drop(server);
    let server = serve(&folder(&host), "");
    let answer = server.send(&second.request());
    assert_eq!(found(&answer, "CHR-03"), 1, "{answer}");
}

/// The receipt of an answer gives identical bytes.
fn replay(host: &BareHost, server: &Serving, answer: &Value, request: &str) {
    let id = answer["output"]["rulepack"]["receipt"].as_str().unwrap();
    let receipt = server.get(&format!("/api/v1/receipts/{id}"));
    let recalled = &receipt["journal"]["entry"]["event"]["verdict"]["recalled"];
    // Encounter, diagnosis and line.
    assert_eq!(recalled["rows"], 3, "{receipt}");
    let (kept, input) = (host.path("receipt.json"), host.path("input.json"));
    fs::write(&kept, receipt.to_string()).unwrap();
    fs::write(&input, request).unwrap();
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let (kept, input) = (text(&kept), text(&input));
    let told = host.run(&["replay", &kept, "--input", &input]).done();
    assert!(told.contains("identical"), "{told}");
}

/// The first visit from the books, with the medicine that it began with.
fn import_first_visit(host: &BareHost) {
    let folder = host.path("import");
    fs::create_dir(&folder).unwrap();
    let day = days_ago(10);
    for (name, text) in [
        ("institutions.csv", "institution\nH37030000001\n".to_owned()),
        ("patients.csv", "patient\nP1\n".to_owned()),
        (
            "encounters.csv",
            format!(
                "encounter,patients,institutions,care-types,admission-days\nM1,P1,H37030000001,140104,{day}\n"
            ),
        ),
        (
            "orders.csv",
            format!(
                "order,encounters,items,quantities,counted,days,supply-days,diseases\n\
                 B1,M1,{MEDICINE},2,1,{day},28,M03900\n"
            ),
        ),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    host.run(&["import", folder.to_str().unwrap()]).done();
}

#[test]
fn a_stay_soon_after_another_is_found_though_the_request_tells_one() {
    let host = host(&["national-library"]);
    let server = serve(&folder(&host), "");
    let stay = |encounter: &str, admitted: i32, discharged: i32| {
        let mut request: Value =
            serde_json::from_str(&visit("3102", "P1", encounter).request()).unwrap();
        request["input"]["data"]["trig_scen"] = json!("8");
        let stay = &mut request["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0];
        stay["med_mdtrt_type"] = json!("2");
        stay["med_type"] = json!("21");
        stay["adm_date"] = json!(format!("{} 09:00:00", days_ago(admitted)));
        stay["dscg_date"] = json!(format!("{} 09:00:00", days_ago(discharged)));
        stay["fsi_order_dtos"] = json!([]);
        request.to_string()
    };
    // 分解住院: three days between.
    assert_eq!(found(&server.send(&stay("S1", 20, 8)), "NL-49"), 0);
    assert_eq!(found(&server.send(&stay("S1", 20, 8)), "NL-49"), 0);
    let answer = server.send(&stay("S2", 5, 0));
    assert_eq!(found(&answer, "NL-49"), 1, "{answer}");
}

/// Each point, and whether the visit that meets it is there after the next start.
const POINTS: [(FailurePoint, &str, bool); 6] = [
    (FailurePoint::SeenFile, "1", false),
    (FailurePoint::SeenRows, "3", false),
    (FailurePoint::SeenWritten, "3", true),
    (FailurePoint::SeenSynced, "3", true),
    (FailurePoint::JournalWritten, "4", true),
    (FailurePoint::JournalSynced, "4", true),
];

#[test]
fn a_host_killed_at_any_point_remembers_every_visit_that_it_answered() {
    let host = host(&["chronic-limits"]);
    let folder = folder(&host);
    for (point, count, is_kept) in POINTS {
        let server = serve(&folder, &format!("kill {point:?} {count}"));
        let names = (0..9).map(|number| format!("{point:?}-{number}"));
        let names: Vec<String> = names.collect();
        let mut answered = Vec::new();
        for patient in &names {
            let encounter = format!("M-{patient}");
            if server
                .try_send(&earlier(patient, &encounter).request())
                .is_none()
            {
                break;
            }
            answered.push(patient);
        }
        server.killed();
        assert!(answered.len() < 4, "{point:?}");

        let server = serve(&folder, "");
        let overlaps = |patient: &str| {
            let second = visit("3101", patient, "M-second");
            found(&server.send(&second.request()), "CHR-03")
        };
        for patient in &answered {
            assert_eq!(overlaps(patient), 1, "{point:?} {patient}");
        }
        // Where the journal goes first, what is told may have come before it or not: both are kept promises.
        let is_of_journal = format!("{point:?}").starts_with("Journal");
        if !is_of_journal {
            let unanswered = &names[answered.len()];
            assert_eq!(overlaps(unanswered), usize::from(is_kept), "{point:?}");
        }
        assert_eq!(overlaps(&names[8]), 0);
    }
}

#[test]
fn a_damaged_history_is_set_aside_told_and_stops_nothing() {
    let host = host(&["chronic-limits"]);
    let folder = folder(&host);
    import_first_visit(&host);
    let server = serve(&folder, "");
    for patient in ["P2", "P3"] {
        let encounter = format!("M-{patient}");
        server.send(&earlier(patient, &encounter).request());
    }
    drop(server);
    // The import is cut off, and a line of what was told is spoilt.
    let rows = folder.join("history/000001.rows");
    let bytes = fs::read(&rows).unwrap();
    fs::write(&rows, &bytes[..bytes.len() - 9]).unwrap();
    let identities = folder.join("history/seen/000001.identities");
    let mut bytes = fs::read(&identities).unwrap();
    bytes[60] ^= 1;
    fs::write(&identities, bytes).unwrap();

    let server = serve(&folder, "");
    let answer = server.send(&visit("3101", "P3", "M-second").request());
    assert_eq!(found(&answer, "CHR-03"), 1, "{answer}");
    let expected = "history not whole: 4 damaged files set aside, 0 parts unreadable";
    let told = answer["err_msg"].as_str().unwrap();
    assert!(told.contains(expected), "{told}");
    let names = [
        "000001.identities.damaged",
        "000001.rows.damaged",
        "seen/000001.identities.damaged",
        "seen/000001.rows.damaged",
    ];
    let history = &answer["output"]["rulepack"]["history"];
    assert_eq!(*history, json!({"set_aside": names, "unreadable": 0}));
    let lost = server.send(&visit("3101", "P2", "M-second").request());
    assert_eq!(found(&lost, "CHR-03"), 0);
    let status = server.get("/api/v1/status");
    assert_eq!(status["history"]["set_aside"], json!(names));
    let text = host.run(&["host", "status"]).found_fault();
    let expected = "warning   a damaged file of the history was set aside: `000001.rows.damaged`";
    assert!(text.contains(expected), "{text}");
    // What is brought again counts again.
    fs::remove_dir_all(host.path("import")).unwrap();
    import_first_visit(&host);
    drop(server);
    let server = serve(&folder, "");
    let answer = server.send(&visit("3101", "P1", "M-second").request());
    assert_eq!(found(&answer, "CHR-03"), 1, "{answer}");
}
