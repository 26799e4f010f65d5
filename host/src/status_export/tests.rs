//! What a status says, what it never says, and how far it is believed.

mod host;

use std::collections::BTreeSet;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::key::SecretKey;
use rulepack_protocol::moment::Moment;
use serde_json::Value;

use super::*;
use crate::journal;
use host::{CANARY, NOW_MS, PACK, full, gathered, now, signed};

/// All texts of a value, names of fields too.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            texts(value, found);
        }),
        Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
        Value::String(text) => {
            found.insert(text.clone());
        }
        _ => {}
    }
}

#[test]
fn t15_a_status_tells_counts_and_codes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let status = gathered(&full(&folder), now());
    let told = serde_json::to_value(&status).unwrap();
    let rule = |rule: &str, findings: Value, amount: Value, continued: Value, changed: Value| {
        serde_json::json!({
            "pack": PACK, "rule": rule, "findings": findings, "amount": amount, "softened": findings,
            "continued": continued, "changed": changed, "not_evaluable": findings, "abstained": 0,
            "missing": ["orders.supply-days", "other"],
        })
    };
    let expected = serde_json::json!([
        rule("LIM-01", 6.into(), 73_800.into(), 5.into(), "<5".into()),
        rule("LIM-02", "<5".into(), Value::Null, 0.into(), 0.into()),
    ]);
    assert_eq!(told["rules"], expected);
    let expected = serde_json::json!([
        {"pack": PACK, "kind": "other", "patients": 7, "amount": 7 * 777},
    ]);
    assert_eq!(told["no_verdict"], expected);
    assert_eq!(told["reviewed"], serde_json::json!({"3101": 16}));
    assert_eq!(told["unreviewed"], serde_json::json!({"other": "<5"}));
    let states = status.versions.iter().map(|version| version.state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            ExportedState::InForce,
            ExportedState::Waiting,
            ExportedState::Held,
            ExportedState::Refused
        ]
    );
    let events = &status.events;
    assert_eq!((events.starts, events.fell_back), (1, 1));
    assert_eq!((events.clock_back, events.clock_back_most_ms), (1, 5_000));
    assert_eq!(status.journal.unwrap().head.count, 21);
}

#[test]
fn t15_no_text_of_a_person_and_nothing_of_a_vendor_is_in_a_status() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed(&full(&folder), now());
    let text = String::from_utf8(signed.to_bytes()).unwrap();
    assert!(text.is_ascii());
    for secret in ["37030319650308", "vendor", "acme", "V-01", "12300"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let mut all = BTreeSet::new();
    texts(&serde_json::from_str(&text).unwrap(), &mut all);
    // Digests, signatures and moments have a form; every other text is one of these.
    let is_formed = |text: &String| {
        let is_hex = text.len() >= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_hex || text.parse::<Moment>().is_ok()
    };
    let others: Vec<String> = all.into_iter().filter(|text| !is_formed(text)).collect();
    let expected = "0.1.0 2026-11 3101 37/limits 37/limits/1.0.0.wasm 37/limits/1.1.0.wasm \
                    37/limits/1.2.0.wasm 37/limits/1.3.0.wasm 370303 <5 H37030000001 LIM-01 LIM-02 \
                    abnormal_rates abstained acknowledged amount broken cannot_fall_back changed clock_back \
                    clock_back_most_ms continued count decisions_known digest division ed25519 ends_cut \
                    events far_rule_days fell_back findings format gaps hash head held holds host in-force \
                    institution interruptions journal key keytype keyval kind knowledge locks made \
                    mandatory_by missing month no_verdict not_evaluable orders.supply-days other pack path \
                    patients public refreshed refused release reviewed roles rule rulepack-status-1 rules \
                    scheme signature softened starts state status steps time unrecorded unreviewed \
                    valid_until versions waiting x-rulepack-person";
    assert_eq!(others.join(" "), expected);
}

#[test]
fn t15_few_are_hidden_in_sums_over_hospitals_too() {
    let folder = tempfile::tempdir().unwrap();
    let one = gathered(&full(&folder), now());
    let other = ExportedStatus {
        institution: "H37030000002".to_owned().try_into().unwrap(),
        ..one.clone()
    };
    let sums = Sums::of([&one, &other]);
    let rule = &sums.rules[0];
    assert_eq!(
        (rule.rule.to_string(), rule.hospitals),
        ("LIM-01".into(), 2)
    );
    assert_eq!(rule.findings.to_string(), "12");
    assert_eq!(rule.continued.to_string(), "10");
    assert_eq!(rule.changed.to_string(), "2-8");
    // Ten of eighteen to ten of twelve.
    let share = rule.share.unwrap();
    assert_eq!((share.least, share.most), (5_555, 8_333));
    assert_eq!(sums.rules[1].findings.to_string(), "2-8");
    assert_eq!((sums.rules[1].amount, sums.rules[1].share), (0, None));
    let in_force = &sums.versions[0];
    assert_eq!(in_force.states[&ExportedState::InForce], 2);
    assert_eq!(in_force.digests.len(), 1);
}

#[test]
fn no_altered_byte_of_a_status_is_believed() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed(&full(&folder), now());
    let bytes = signed.to_bytes();
    assert_eq!(SignedStatus::parse(&bytes).unwrap(), signed);
    for place in 0..bytes.len() {
        for other in [bytes[place] ^ 1, b'0', b'"'] {
            let mut altered = bytes.clone();
            altered[place] = other;
            if let Ok(read) = SignedStatus::parse(&altered) {
                // White space says nothing.
                assert_eq!(read, signed, "at {place}");
            }
        }
    }
    let mut told: Value = serde_json::from_slice(&bytes).unwrap();
    told["status"]["rules"][0]["findings"] = 9.into();
    let error = SignedStatus::parse(told.to_string().as_bytes()).unwrap_err();
    let key = signed.key().id();
    assert_eq!(
        error.to_string(),
        format!("the signature is not that of the key `{key}` that the file names: it was altered")
    );
    told["status"]["patient"] = CANARY.into();
    let error = SignedStatus::parse(told.to_string().as_bytes()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("not the status of a host: unknown field `patient`"),
        "{text}"
    );
    let long = vec![b' '; STATUS_BYTES_MAX + 1];
    assert_eq!(
        SignedStatus::parse(&long).unwrap_err().to_string(),
        "the file has 16777217 bytes, expected at most 16777216"
    );
}

#[test]
fn a_head_of_another_host_in_a_status_is_refused() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, other] = folders.each_ref().map(full);
    let mut status = gathered(&one, now());
    status.journal = gathered(&other, now()).journal;
    let signed = SignedStatus::sign(status, &journal::read_key(&one).unwrap());
    let error = SignedStatus::parse(&signed.to_bytes()).unwrap_err();
    let key = signed.key().id();
    assert_eq!(
        error.to_string(),
        format!("the head of the journal is not signed by the key `{key}` that the file names")
    );
}

#[test]
fn a_key_counts_for_the_hospital_that_enrolled_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed(&full(&folder), now());
    let key = signed.key().id();
    let other = SecretKey::from_seed([3; 32], "host".parse().unwrap());
    let other = other.public_key().id();
    let check = |text: String| Enrolled::parse(&text).unwrap().check(&signed);
    check(format!("H37030000001 = \"{key}\"")).unwrap();
    let errors = [
        check(format!("H37030000002 = \"{key}\"")).unwrap_err(),
        check(format!("H37030000001 = \"{other}\"")).unwrap_err(),
        Enrolled::parse(&format!("H1 = \"{key}\"\nH2 = \"{key}\"")).unwrap_err(),
    ];
    assert_eq!(
        errors.map(|error| error.to_string()),
        [
            "no key is enrolled for `H37030000001`".to_owned(),
            format!(
                "the status of `H37030000001` is signed by the key `{key}`, expected `{other}`"
            ),
            "`H1` and `H2` have the same key".to_owned(),
        ]
    );
    let wrong = Enrolled::parse("H1 = 7").unwrap_err();
    assert!(wrong.to_string().starts_with("not a list of hosts: "));
    assert!(wrong.hint().unwrap().contains("H37030000001 = "));
}

#[test]
fn a_hospital_cannot_go_back_behind_what_the_bureau_has_seen() {
    let folder = tempfile::tempdir().unwrap();
    let host = full(&folder);
    let bureau = tempfile::tempdir().unwrap();
    let seen = Seen::at(bureau.path());
    let later = |seconds: i64| Moment::from_unix(now().unix() + seconds).unwrap();
    let first = signed(&host, now());
    let judged = |status: &SignedStatus| seen.judge(status).unwrap();
    assert_eq!(judged(&first), Standing::New);
    seen.keep(&first).unwrap();
    assert_eq!(judged(&first), Standing::Known);

    // A copy of the host from before goes on otherwise: as many entries, and fewer.
    let key = journal::read_key(&host).unwrap();
    let with_head = |count: u64, word: &[u8], made: Moment| {
        let mut status = gathered(&host, made);
        let hash = Digest::of(word);
        let head = journal::Seal::new(journal::Head { count, hash }, NOW_MS, &key);
        status.journal.as_mut().unwrap().head = head;
        SignedStatus::sign(status, &key)
    };
    let rewritten = with_head(21, b"other", later(60));
    assert_eq!(judged(&rewritten), Standing::Rewritten { count: 21 });
    let short = with_head(20, b"other", later(60));
    let went_back = |count, seen| Standing::WentBack { count, seen };
    assert_eq!(judged(&short), went_back(20, 21));

    let second = signed(&host, later(60));
    assert_eq!(judged(&second), Standing::New);
    seen.keep(&second).unwrap();
    assert_eq!(judged(&first), Standing::Older { seen: later(60) });

    // What was acknowledged counts as seen, whatever became of the statuses.
    let acknowledged = with_head(30, b"far", later(70)).head().unwrap();
    let bureau_key = SecretKey::from_seed([9; 32], "bureau-archive".parse().unwrap());
    let acknowledged = acknowledged.acknowledge(later(80), &bureau_key).unwrap();
    let institution = &first.status().institution;
    seen.keep_head(institution, &acknowledged).unwrap();
    assert_eq!(judged(&with_head(29, b"x", later(90))), went_back(29, 30));
    assert_eq!(judged(&with_head(30, b"far", later(90))), Standing::New);
    assert!(seen.acknowledged(&first, &acknowledged.head).unwrap());
    assert!(!seen.acknowledged(&first, &journal::Head::start()).unwrap());
}

#[test]
fn a_memory_that_was_altered_is_told_and_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let signed = signed(&full(&folder), now());
    let bureau = tempfile::tempdir().unwrap();
    let seen = Seen::at(bureau.path());
    seen.keep(&signed).unwrap();
    let path = bureau.path().join("H37030000001/2026-11.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"findings\": 6", "\"findings\": 7")).unwrap();
    let error = seen.judge(&signed).unwrap_err().to_string();
    let expected = format!("`{}` was altered: the signature is not", path.display());
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn only_the_month_is_counted_and_what_cannot_be_read_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let host = full(&folder);
    let today = "2026-11-22".parse().unwrap();
    let other: Month = "2026-10".parse().unwrap();
    let october = ExportedStatus::gather(&host, other, (now(), today)).unwrap();
    assert_eq!((october.rules.len(), october.reviewed.len()), (0, 0));
    assert_eq!(october.journal, gathered(&host, now()).journal);
    assert!(october.decisions_known);
    std::fs::remove_file(host.data_secret()).unwrap();
    let blind = gathered(&host, now());
    assert!(!blind.decisions_known);
    assert_eq!(blind.rules[0].findings, Count::of(6));
    assert_eq!(blind.rules[0].continued, Count::of(0));
    // A line of the journal that was altered stops the export.
    let path = host.journal().join("000001.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("12300", "12301", 1)).unwrap();
    let month = "2026-11".parse().unwrap();
    let error = ExportedStatus::gather(&host, month, (now(), today)).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("is damaged at line 3: "), "{text}");
    assert!(
        error
            .hint()
            .unwrap()
            .starts_with("restore the folder from a backup")
    );
}
