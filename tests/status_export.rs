//! T15 by the commands: a hospital whose rules found something writes its status, a person carries it to the
//! bureau, which learns what clinicians went on against, signs the head of the journal, and is not deceived.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::nation::{Host, Nation};
use common::packs::pack;
use common::serving::{EXAMPLE, Serving};
use common::{Ran, rulepack, today};
use serde_json::{Value, json};

/// A name and a number that stand in the requests, and nowhere else.
const NAME: &str = "欧阳金丝雀";
const NUMBER: &str = "370303196503081234";

struct Story {
    nation: Nation,
    host: Host,
}

impl Story {
    /// A hospital whose service answered seven requests, each with findings, of which clinicians overrode five.
    fn begin() -> Self {
        let nation = Nation::found();
        let registry = nation.serve();
        nation.publish(&[&pack("chronic-limits")], &registry);
        let host = nation.host("host", &registry);
        host.sync().done();
        let server = Serving::start(host.folder(), &[]);
        for place in 0..7 {
            let answer = server.ask(&request(place));
            let found = answer["output"]["result"].as_array().unwrap();
            assert!(!found.is_empty(), "{answer}");
            for finding in found {
                let way = if place < 5 { "1" } else { "2" };
                server.ask(&feedback(finding["jr_id"].as_str().unwrap(), way));
            }
        }
        // The service goes on while the status is written.
        let story = Story { nation, host };
        story.export("status.json").done();
        drop(server);
        story
    }

    fn path(&self, name: &str) -> PathBuf {
        self.nation.path(name)
    }

    fn export(&self, name: &str) -> Ran {
        self.export_of(self.host.folder(), name)
    }

    /// Writes the status of the host in a folder.
    fn export_of(&self, folder: &Path, name: &str) -> Ran {
        let out = self.path(name);
        rulepack([
            "host".as_ref(),
            "export-status".as_ref(),
            "--out".as_ref(),
            out.as_os_str(),
            "--dir".as_ref(),
            folder.as_os_str(),
        ])
    }

    /// The bureau reads a file, and signs the head of the journal.
    fn read(&self, name: &str, options: &str) -> Ran {
        let key = fs::read_to_string(self.path("status.json")).unwrap();
        let signed = rulepack_host::status_export::SignedStatus::parse(key.as_bytes()).unwrap();
        let hosts = format!("H37030000001 = \"{}\"\n", signed.key().id());
        fs::write(self.path("hosts.toml"), hosts).unwrap();
        self.nation.run(&format!(
            "{options} host read-status {{}}/{name} --hosts {{}}/hosts.toml --seen {{}}/seen \
             --acknowledge {{}}/keys/bureau-c.key --out {{}}/back"
        ))
    }
}

/// An order that lasts too long; each time of another patient.
fn request(place: u8) -> String {
    let mut request: Value = serde_json::from_str(EXAMPLE).unwrap();
    let patient = &mut request["input"]["data"]["patient_dtos"][0];
    patient["patn_id"] = format!("{NUMBER}{place}").into();
    patient["patn_name"] = NAME.into();
    let encounter = &mut patient["fsi_encounter_dtos"][0];
    let orders = encounter["fsi_order_dtos"].as_array_mut().unwrap();
    for (number, order) in orders.iter_mut().enumerate() {
        order["prd_days"] = "100".into();
        order["rx_id"] = format!("{NAME}{place}-{number}").into();
    }
    request.to_string()
}

fn feedback(id: &str, way: &str) -> String {
    let warning = json!({"warn_rslt_id": id, "dspo_way": way, "dspo_way_rea": NAME});
    let data = json!({"warn_type": "1", "warns": [warning]});
    json!({"infno": "3103", "msgid": "H37030000001202611220931000001", "input": {"data": data}})
        .to_string()
}

/// Statuses are told apart by the second in which they were made.
fn next_second() {
    let now = common::now();
    while common::now() == now {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn holds_canary(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap();
    text.contains(NAME) || text.contains(NUMBER) || !text.is_ascii()
}

#[test]
fn t15_a_bureau_learns_which_rule_is_overridden_and_of_nobody() {
    let story = Story::begin();
    assert!(!holds_canary(&story.path("status.json")));
    let told: Value = serde_json::from_str(&story.read("status.json", "--json").done()).unwrap();
    let rule = &told["rules"][0];
    assert_eq!(rule["pack"], "37/chronic-limits/1.0.0.wasm");
    assert_eq!(rule["rule"], "CHR-02");
    let exactly = |count: u64| json!({"least": count, "most": count});
    // Two orders a request: 5 of 7 requests overridden, 2 changed, which is too few to be told exactly.
    let per_request = rule["findings"]["least"].as_u64().unwrap() / 7;
    assert_eq!(rule["findings"], exactly(7 * per_request));
    assert_eq!(rule["continued"], exactly(5 * per_request));
    assert_eq!(rule["changed"], json!({"least": 1, "most": 4}));
    let version = &told["versions"][0];
    assert_eq!(version["states"], json!({"in-force": 1}));
    // Once more: it was seen. And in Chinese, by the same memory.
    let text = story.read("status.json", "").done();
    assert!(text.contains("  seen before\n"), "{text}");
    let month = &today().to_string()[..7];
    let begins = format!("{month} H37030000001 (370303), made ");
    assert!(text.starts_with(&begins), "{text}");
    let chinese = story
        .nation
        .run("host read-status {}/status.json --hosts {}/hosts.toml --seen {}/seen --lang zh");
    let chinese = chinese.done();
    assert!(chinese.contains("继续占比 "), "{chinese}");
}

#[test]
fn the_bureau_s_acknowledgement_comes_back_and_a_host_that_goes_back_is_found() {
    let story = Story::begin();
    fs::create_dir(story.path("old")).unwrap();
    common::packs::copy_files(story.host.folder(), &story.path("old"));
    story.read("status.json", "").done();
    let acknowledge = "journal acknowledge {}/back/H37030000001.seen.json \
                       --bureau {}/keys/bureau-c.pub --dir {}/host";
    // Once while the service runs, which takes it up, and once while nobody writes the journal.
    let server = Serving::start(story.host.folder(), &[]);
    for server in [Some(server), None] {
        let told = story.nation.run(acknowledge).done();
        assert!(
            told.contains(": the bureau acknowledged the first "),
            "{told}"
        );
        drop(server);
    }
    let verify = "journal verify --heads {}/seen/H37030000001/heads.json \
                  --bureau {}/keys/bureau-c.pub --dir {}/host";
    let verified = story.nation.run(verify).done();
    assert!(
        verified.contains("; 3 after them are unanchored"),
        "{verified}"
    );
    next_second();
    // The next status says so, and the bureau knows its own signature again.
    story.export("second.json").done();
    let told: Value = serde_json::from_str(&story.read("second.json", "--json").done()).unwrap();
    let read = &told["files"][0];
    assert_eq!(
        (&read["standing"], &read["acknowledged_here"]),
        (&"new".into(), &true.into())
    );

    // The first one again, a status of the folder as it was before, and one that was altered.
    let older = story.read("status.json", "").found_fault();
    assert!(
        older.contains("  OLDER: a status of this month was seen that was made at "),
        "{older}"
    );
    next_second();
    story.export_of(&story.path("old"), "third.json").done();
    let back = story.read("third.json", "").found_fault();
    assert!(
        back.contains("  THE JOURNAL WENT BACK: entries now and before "),
        "{back}"
    );
    refuses_what_is_altered_and_who_is_not_enrolled(&story);
}

/// Of the second status.
fn refuses_what_is_altered_and_who_is_not_enrolled(story: &Story) {
    let text = fs::read_to_string(story.path("second.json")).unwrap();
    fs::write(
        story.path("altered.json"),
        text.replacen("\"state\": \"in-force\"", "\"state\": \"ready\"", 1),
    )
    .unwrap();
    let altered = story.read("altered.json", "").found_fault();
    assert!(
        altered.contains("altered.json: REFUSED: the signature is not that of the key"),
        "{altered}"
    );
    let not_enrolled = "host read-status {}/second.json --hosts {}/none.toml --seen {}/seen";
    fs::write(story.path("none.toml"), "").unwrap();
    let told = story.nation.run(not_enrolled).found_fault();
    assert!(
        told.contains("REFUSED: no key is enrolled for `H37030000001`\n  hint: ask the hospital"),
        "{told}"
    );
}
