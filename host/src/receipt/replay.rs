//! A verdict executed anew, from the receipt, the kept request and the files of a host: to identical bytes,
//! on any machine and with any number of threads.

use std::sync::Arc;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Division, DivisionError, TargetPath};
use rulepack_protocol::tuf::Status;
use serde::Serialize;

use super::{Basis, Receipt, ReceiptError};
use crate::data::national::{BodyError, Region, decode};
use crate::data::{RequestError, parse_call};
use crate::history::{History, HistoryError};
use crate::journal::{Verdict, salted};
use crate::lock::{Lock, LockError};
use crate::packs::Packs;
use crate::review::InForce;
use crate::service::judge;
use crate::settings::HostFolder;

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Replayed {
    /// Number of the answer.
    pub answer: String,
    /// How many findings it has.
    pub findings: usize,
    /// What ran, with the fuel that it used now.
    pub packs: Vec<(TargetPath, u64)>,
    /// Of these, what its bureau has withdrawn since.
    pub withdrawn: Vec<TargetPath>,
    /// What differs; none where every byte is the same.
    pub differences: Vec<String>,
}

/// Why a verdict cannot be executed anew.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The receipt is of something else.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// The input is not what was answered.
    #[error(
        "the input is not the one of this receipt: its salted digest is `{found}`, expected `{expected}`"
    )]
    Input {
        /// Of the given bytes.
        found: Digest,
        /// Of the receipt.
        expected: Digest,
    },
    /// The input cannot be decoded.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The input is no request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The input cannot be reviewed.
    #[error("the input cannot be reviewed")]
    Call(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The lock of that time is not there.
    #[error("the host keeps no lock with the digest `{0}`")]
    NoLock(Digest),
    /// A lock cannot be read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The place of the receipt.
    #[error(transparent)]
    Division(#[from] DivisionError),
    /// The day of the receipt.
    #[error("`{0}` is no day of the calendar")]
    Day(i32),
}

/// Where packs, locks and history lie, and how many threads evaluate.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The host's folder, or a copy of it.
    pub folder: &'a HostFolder,
    /// Its packs.
    pub packs: &'a Packs,
    /// How requests were written.
    pub region: &'a Region,
    /// Any number gives the same bytes.
    pub threads: usize,
}

/// Executes the verdict of a receipt anew on the bytes of the request that it answered.
///
/// # Errors
/// [`ReplayError`] where it cannot be executed; what comes out differently is told in
/// [`Replayed::differences`].
pub fn replay(receipt: &Receipt, body: &[u8], ground: Ground<'_>) -> Result<Replayed, ReplayError> {
    let old = receipt.verdict()?;
    let found = salted(&receipt.salt, body);
    if found != old.data {
        return Err(ReplayError::Input {
            found,
            expected: old.data,
        });
    }
    let mut new = again(receipt, old, body, ground)?;
    // Policy of the hospital at that time, and no part of the verdict of the packs.
    new.softened.clone_from(&old.softened);
    let current = Lock::read(ground.folder)?;
    let withdrawn = new.packs.iter().map(|run| &run.pack).filter(|pack| {
        let version = current.version(pack);
        version.is_some_and(|version| version.status == Status::Yanked)
    });
    Ok(Replayed {
        answer: old.answer.clone(),
        findings: new.findings.len(),
        withdrawn: withdrawn.cloned().collect(),
        differences: differences(old, &new),
        packs: new
            .packs
            .into_iter()
            .map(|run| (run.pack, run.fuel))
            .collect(),
    })
}

/// The verdict as it comes out now.
fn again(
    receipt: &Receipt,
    old: &Verdict,
    body: &[u8],
    ground: Ground<'_>,
) -> Result<Verdict, ReplayError> {
    let (text, _) = decode(body, None)?;
    let call = parse_call(&old.infno, &text, ground.region)?;
    // It names packs and overlays by digest, and the tables that were imported: what holds today is of no
    // account.
    let lock = Lock::with_digest(ground.folder, &old.lock)?.ok_or(ReplayError::NoLock(old.lock))?;
    let history = History::open_as_of(&ground.folder.history(), &old.history)?;
    let rows = judge::rows((&history, history.view()), call.as_ref())
        .map_err(|error| ReplayError::Call(error.into()))?;
    let left_out = rows.left_out();
    let division: Division = old.jurisdiction.parse()?;
    let today = Day::from_number(old.today).ok_or(ReplayError::Day(old.today))?;
    let mut circumstances = judge::circumstances(call.as_ref(), &division, today);
    circumstances.batches.threads = ground.threads;
    let in_force = InForce {
        packs: ground.packs,
        lock: &lock,
        division: &division,
    };
    let reviewed = in_force.review(&Arc::new(rows.data), &circumstances);
    let basis = Basis {
        answer: old.answer.clone(),
        infno: call.infno(),
        circumstances: &circumstances,
        engine: ground.packs.engine().id(),
        lock: lock.digest(),
        history: history.state(),
        recalled: rows.recalled,
        body,
        left_out,
    };
    Ok(basis.verdict(&reviewed, &receipt.salt))
}

/// What differs, the causes before the consequences.
fn differences(old: &Verdict, new: &Verdict) -> Vec<String> {
    let mut told = Vec::new();
    let mut differ = |what: &str, old: &dyn std::fmt::Display, new: &dyn std::fmt::Display| {
        let (old, new) = (old.to_string(), new.to_string());
        if old != new {
            told.push(format!("{what}: receipt `{old}`, now `{new}`"));
        }
    };
    differ("engine", &old.engine, &new.engine);
    differ("history", &old.history.digest, &new.history.digest);
    let recalled = |verdict: &Verdict| {
        let told = verdict.recalled.map(|told| (told.rows, told.digest));
        told.map_or("none".to_owned(), |(rows, digest)| {
            format!("{rows} {digest}")
        })
    };
    let what = "rows that earlier requests told";
    differ(what, &recalled(old), &recalled(new));
    for pack in &old.packs {
        let now = new.packs.iter().find(|now| now.pack == pack.pack);
        let Some(now) = now else {
            let broken = new.broken.iter().find(|broken| broken.pack == pack.pack);
            let problem = broken.map_or("did not run", |broken| &broken.problem);
            differ(&format!("pack {}", pack.pack), &"ran", &problem);
            continue;
        };
        let name = &pack.pack;
        differ(&format!("digest of {name}"), &pack.digest, &now.digest);
        let parameters = format!("parameters and supplied tables of {name}");
        differ(&parameters, &pack.parameters, &now.parameters);
        differ(&format!("grants of {name}"), &pack.grants, &now.grants);
        differ(&format!("fuel of {name}"), &pack.fuel, &now.fuel);
    }
    differ("packs that ran", &old.packs.len(), &new.packs.len());
    differ("findings", &old.findings.len(), &new.findings.len());
    differ(
        "rules not evaluable",
        &old.not_evaluable.len(),
        &new.not_evaluable.len(),
    );
    differ(
        "without a verdict",
        &old.no_verdict.len(),
        &new.no_verdict.len(),
    );
    differ(
        "findings digest",
        &old.findings_digest,
        &new.findings_digest,
    );
    if told.is_empty() && old != new {
        told.push("the record of the verdict".to_owned());
    }
    told
}
