//! What the service records and gives receipts of, and how a receipt is verified and executed anew.

use super::*;
use crate::journal::{self, Event, verify};
use crate::receipt::replay::{Ground, replay};
use crate::receipt::{Receipt, ReceiptError};
use rulepack_protocol::key::SecretKey;
use rulepack_protocol::moment::Moment;

/// The receipt of an answer to the example.
fn receipt(server: &Server) -> (String, Vec<u8>) {
    let json = server.call(EXAMPLE.as_bytes()).json();
    let id = json["output"]["rulepack"]["receipt"].as_str().unwrap();
    let answer = server.get(&format!("/api/v1/receipts/{id}"));
    assert_eq!(answer.status, 200);
    (id.to_owned(), answer.body)
}

#[test]
fn an_answer_has_a_receipt_that_verifies_and_names_what_it_rested_on() {
    let server = Server::start();
    let (id, bytes) = receipt(&server);
    let key = server.service.journal.key().id();
    let receipt = Receipt::parse(&bytes, Some(&key)).unwrap();
    let verdict = receipt.verdict().unwrap();
    assert_eq!(
        (verdict.answer.as_str(), verdict.infno.as_str()),
        (&*id, "3101")
    );
    assert_eq!(verdict.lock, Lock::default().digest());
    assert_eq!(verdict.history.segments, 0);
    assert_eq!(verdict.jurisdiction, "370303");
    // By a finding's id too; by nothing else.
    let finding = server.get(&format!("/api/v1/receipts/{id}0000"));
    assert_eq!(finding.body, bytes);
    for other in ["1", "99999999999999", "..%2f", "abcdefghijklmnop"] {
        assert_eq!(server.get(&format!("/api/v1/receipts/{other}")).status, 404);
    }
}

#[test]
fn a_receipt_altered_anywhere_or_of_another_host_proves_nothing() {
    let server = Server::start();
    let (_, bytes) = receipt(&server);
    let good = Receipt::parse(&bytes, None).unwrap();
    let refusal = |receipt: &Receipt| {
        let bytes = serde_json::to_vec(receipt).unwrap();
        Receipt::parse(&bytes, None).unwrap_err().to_string()
    };
    let mut other = good.clone();
    if let Event::Verdict(verdict) = &mut other.journal.entry.event {
        verdict.notices += 1;
    }
    assert_eq!(
        refusal(&other),
        "the receipt proves nothing: the entry does not lead to the seal: it was altered"
    );
    let mut other = good.clone();
    other.journal.seal.time += 1;
    assert_eq!(
        refusal(&other),
        "the receipt proves nothing: the signature is not that of the host's key"
    );
    let mut other = good.clone();
    other.format = "rulepack-receipt-9".into();
    assert_eq!(
        refusal(&other),
        "the format `rulepack-receipt-9` is not known, expected `rulepack-receipt-1`"
    );
    let enrolled = Server::start().service.journal.key().id();
    let error = Receipt::parse(&bytes, Some(&enrolled)).unwrap_err();
    assert!(matches!(error, ReceiptError::Key { expected, .. } if expected == enrolled));
}

#[test]
fn a_verdict_is_executed_anew_on_its_own_input_alone() {
    let server = Server::start();
    let (_, bytes) = receipt(&server);
    let receipt = Receipt::parse(&bytes, None).unwrap();
    let run = |input: &[u8], threads| {
        let ground = Ground {
            region: None,
            folder: server.service.folder(),
            packs: server.service.packs(),
            threads,
        };
        replay(&receipt, input, ground)
    };
    for threads in [1, 4] {
        let replayed = run(EXAMPLE.as_bytes(), threads).unwrap();
        assert_eq!(replayed.differences, Vec::<String>::new());
    }
    let other = EXAMPLE.replacen("3101", "3102", 1);
    let error = run(other.as_bytes(), 1).unwrap_err().to_string();
    assert!(
        error.starts_with("the input is not the one of this receipt"),
        "{error}"
    );
}

#[test]
fn refusals_and_changes_of_the_lock_are_recorded_and_patients_are_not() {
    let server = Server::start();
    server.call(EXAMPLE.as_bytes());
    server.call(EXAMPLE.replacen("brdy", "x", 1).as_bytes());
    let reason = "does not fit".to_owned();
    lock_with("1.0.0", State::Held { reason })
        .write(server.service.folder(), &NoFailures)
        .unwrap();
    assert!(server.service.reload().unwrap());
    let folder = server.service.folder().journal();
    let text = std::fs::read_to_string(folder.join("000001.jsonl")).unwrap();
    assert!(
        text.contains(r#""reason":"`input.data.patient_dtos[0]"#),
        "{text}"
    );
    assert!(
        text.contains(r#"{"pack":"37/limits/1.0.0.wasm","state":"held"}"#),
        "{text}"
    );
    let verified = verify(&folder, None).unwrap().unwrap();
    // The start, a verdict, a refusal, a lock.
    assert_eq!((verified.head.count, verified.verdicts), (4, 1));
    let request: serde_json::Value = serde_json::from_str(EXAMPLE).unwrap();
    let patient = &request["input"]["data"]["patient_dtos"][0];
    for field in ["patn_id", "patn_name"] {
        if let Some(value) = patient[field].as_str() {
            assert!(!text.contains(value), "{field}");
        }
    }
    assert!(patient["patn_id"].is_string());
}

#[test]
fn what_the_bureau_acknowledges_is_recorded_while_the_service_runs_and_of_this_host_alone() {
    let server = Server::start();
    receipt(&server);
    let folder = server.service.folder().journal();
    let head = journal::head(&folder).unwrap().unwrap();
    let bureau = SecretKey::from_seed([7; 32], "bureau".parse().unwrap());
    let seen = Moment::from_unix(1_795_311_060).unwrap();
    let good = head.acknowledge(seen, &bureau).unwrap();
    let mut foreign = good.clone();
    foreign.head.count += 1;
    for one in [&good, &foreign] {
        let file = journal::hand_over(&folder, one).unwrap();
        let begun = std::time::Instant::now();
        while file.exists() {
            assert!(begun.elapsed().as_secs() < 60, "it is not taken up");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
    assert_eq!(journal::last_acknowledged(&folder).unwrap(), Some(good));
    let count = head.seal.count + 1;
    let refused = folder.join(format!("acknowledged-{count}.refused"));
    assert!(refused.exists());
}
