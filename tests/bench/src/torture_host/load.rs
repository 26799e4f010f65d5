//! Requests over several connections, each about an encounter of its own, and what was answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rulepack_bench::host::folder;
use rulepack_bench::host::load::{Asked, try_to_connect};
use serde_json::{Value, json};

use super::PATIENTS;
use super::look::Known;

/// A verdict that the caller has in hand.
#[derive(Debug, Clone)]
pub struct Told {
    pub receipt: String,
    pub patient: String,
    pub encounter: String,
    /// Ids of what was found.
    pub findings: Vec<String>,
}

/// Requests until the host is gone.
pub struct Load {
    address: SocketAddr,
    example: Value,
    first: u64,
    next: AtomicU64,
    unjudged: AtomicU64,
    is_answered: AtomicBool,
}

/// Lines of an encounter: half of them are just being written, the others are charged, and so are kept.
const LINES: usize = 6;
/// A host that starts may compile first.
const FIRST_ANSWER: Duration = Duration::from_secs(120);

impl Load {
    /// Goes on behind the requests that were sent before.
    pub fn of(address: SocketAddr, known: &Known) -> Self {
        Load {
            address,
            example: serde_json::from_str(&folder::request(0)).expect("a request of ours"),
            first: known.sent(),
            next: AtomicU64::new(known.sent()),
            unjudged: AtomicU64::new(0),
            is_answered: AtomicBool::new(false),
        }
    }

    /// Sends one after the other on a connection until one is not answered. Answers the verdicts.
    pub fn send_until_it_fails(&self) -> Vec<Told> {
        let mut told = Vec::new();
        let Ok(mut stream) = try_to_connect(self.address) else {
            return told;
        };
        loop {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let (patient, encounter) = (
                format!("P{:05}", number % u64::from(PATIENTS)),
                format!("T{number:07}"),
            );
            let body = self.request(&patient, &encounter);
            let Ok(answer) = Asked::call(self.address, &body).send(&mut stream) else {
                return told;
            };
            let answer = serde_json::from_slice(&answer).expect("an answer is JSON");
            match judged(&answer) {
                Some((receipt, findings)) => told.push(Told {
                    receipt,
                    patient,
                    encounter,
                    findings,
                }),
                None => _ = self.unjudged.fetch_add(1, Ordering::SeqCst),
            }
            self.is_answered.store(true, Ordering::SeqCst);
        }
    }

    pub fn wait_for_the_first_answer(&self) {
        let begun = Instant::now();
        while !self.is_answered.load(Ordering::SeqCst) {
            assert!(begun.elapsed() < FIRST_ANSWER, "nothing is answered");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn sent(&self) -> u64 {
        self.next.load(Ordering::SeqCst) - self.first
    }

    pub fn unjudged(&self) -> u64 {
        self.unjudged.load(Ordering::SeqCst)
    }

    fn request(&self, patient: &str, encounter: &str) -> String {
        let mut request = self.example.clone();
        let about = &mut request["input"]["data"]["patient_dtos"][0];
        about["patn_id"] = json!(patient);
        about["curr_mdtrt_id"] = json!(encounter);
        let visit = &mut about["fsi_encounter_dtos"][0];
        visit["mdtrt_id"] = json!(encounter);
        let lines = visit["fsi_order_dtos"].as_array_mut().expect("lines");
        lines.truncate(LINES);
        for (number, line) in lines.iter_mut().enumerate() {
            line["rx_id"] = json!(format!("{encounter}-{number}"));
            line["curr_drord_flag"] = json!(((number + 1) % 2).to_string());
        }
        request.to_string()
    }
}

/// The receipt and the findings of an answer with a verdict on which nothing was left out.
fn judged(answer: &Value) -> Option<(String, Vec<String>)> {
    let is_whole = answer["infcode"] == 0 && answer["err_msg"] == "";
    let receipt = answer["output"]["rulepack"]["receipt"].as_str();
    let receipt = receipt.filter(|_| is_whole)?.to_owned();
    let found = answer["output"]["result"].as_array()?.iter();
    let found = found.filter_map(|found| Some(found["jr_id"].as_str()?.to_owned()));
    Some((receipt, found.collect()))
}
