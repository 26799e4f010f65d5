//! What a host must still have after a kill.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use rulepack_bench::host::load::{Asked, connect};
use rulepack_contract::data::DataBuilder;
use rulepack_contract::schema::ids;
use rulepack_host::history::History;
use rulepack_host::journal::{self, Event};
use rulepack_host::settings::HostFolder;
use serde_json::{Value, json};

use super::load::Told;
use crate::chance::Chance;

/// What callers know of one host.
#[derive(Default)]
pub struct Known {
    sent: u64,
    /// Numbers of all verdicts that were ever answered.
    receipts: BTreeSet<String>,
    /// Verdicts in the journal that were counted as never answered.
    recorded_only: u64,
    /// Answered since it was looked last.
    fresh: Vec<Told>,
}

impl Known {
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Takes up what was answered, of so many requests.
    pub fn take(&mut self, told: Vec<Told>, sent: u64) {
        self.sent += sent;
        for one in &told {
            let is_new = self.receipts.insert(one.receipt.clone());
            assert!(is_new, "two answers have the number `{}`", one.receipt);
        }
        self.fresh.extend(told);
    }

    /// Every answered verdict is in the journal, once. Answers how many more there are than before that nobody was
    /// answered on the ground of.
    pub fn assert_recorded(&mut self, folder: &Path) -> u64 {
        let mut recorded: BTreeMap<String, u32> = BTreeMap::new();
        let journal = HostFolder::at(folder).journal();
        let read = journal::entries_in(&journal, i64::MIN..i64::MAX, |entry| {
            if let Event::Verdict(verdict) = &entry.event {
                *recorded.entry(verdict.answer.clone()).or_default() += 1;
            }
        });
        read.expect("the journal can be read");
        for receipt in &self.receipts {
            assert_eq!(
                recorded.get(receipt),
                Some(&1),
                "answer `{receipt}` is not in the journal once"
            );
        }
        let before = self.recorded_only;
        self.recorded_only = (recorded.len() - self.receipts.len()) as u64;
        self.recorded_only - before
    }

    /// The encounter of every verdict that was answered last is in the history of its patient.
    pub fn assert_remembered(&self, folder: &Path) {
        let history = History::open(&HostFolder::at(folder).history());
        let history = history.expect("the history can be read");
        let patients: BTreeSet<&str> = self.fresh.iter().map(|told| &*told.patient).collect();
        for patient in patients {
            let (mut builder, mut none) = (DataBuilder::new(), HashSet::new());
            let added = history.add_patients(&[patient], &mut none, &mut builder);
            added.expect("the rows of a patient can be read");
            let (data, _) = builder.finish();
            let rows = 0..data.rows(ids::ENCOUNTERS);
            let seen: BTreeSet<&str> = rows
                .filter_map(|row| data.key(ids::ENCOUNTERS, row))
                .collect();
            for told in self.fresh.iter().filter(|told| told.patient == patient) {
                let (encounter, receipt) = (&*told.encounter, &told.receipt);
                assert!(
                    seen.contains(encounter),
                    "encounter `{encounter}` of answer `{receipt}` is not in the history"
                );
            }
        }
    }

    /// One of those that were answered last.
    pub fn any(&self, chance: &mut Chance) -> Option<&Told> {
        let count = (self.fresh.len() as u64).max(1);
        let place = usize::try_from(chance.below(count)).unwrap_or(0);
        self.fresh.get(place)
    }

    pub fn forget_looked_at(&mut self) {
        self.fresh.clear();
    }
}

/// The chain verifies, every seal too.
pub fn assert_valid(program: &Path, folder: &Path) {
    let mut command = Command::new(program);
    command.args(["journal", "verify", "--dir"]).arg(folder);
    assert_done(&mut command);
}

/// The receipt of an answer is there, and the host signed it.
pub fn assert_receipt(program: &Path, (address, folder): (SocketAddr, &Path), told: &Told) {
    let asked = Asked::get(address, &format!("/api/v1/receipts/{}", told.receipt));
    let receipt = asked.send(&mut connect(address));
    let file = folder.join("torture-receipt.json");
    fs::write(&file, receipt.expect("a receipt")).expect("a folder of ours");
    let mut command = Command::new(program);
    assert_done(command.args(["receipt", "verify"]).arg(&file));
}

/// A decision on a finding that was answered is taken. Answers how many were tried.
pub fn assert_decidable(address: SocketAddr, told: &Told) -> u32 {
    let Some(id) = told.findings.first() else {
        return 0;
    };
    let warning = json!({"warn_rslt_id": id, "dspo_way": "1", "dspo_way_rea": "病情需要"});
    let data = json!({"warn_type": "1", "warns": [warning]});
    let body = json!({"infno": "3103", "msgid": "H37030000001202611220931000001", "input": {"data": data}});
    let answer = Asked::call(address, &body.to_string()).send(&mut connect(address));
    let answer: Value = serde_json::from_slice(&answer.expect("an answer")).expect("JSON");
    assert_eq!(answer["infcode"], 0, "finding `{id}` is gone: {answer}");
    1
}

fn assert_done(command: &mut Command) {
    let output = command.output().expect("the program can be started");
    let (told, failed) = (output.stdout, output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&told),
        String::from_utf8_lossy(&failed)
    );
}
