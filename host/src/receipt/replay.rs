//! A verdict executed anew, from the receipt, the kept request and the files of a host: to identical bytes,
//! on any machine and with any number of threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use rulepack_engine::Grants;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{Division, DivisionError, TargetPath};
use rulepack_protocol::tuf::Status;
use serde::Serialize;

use super::{Basis, Receipt, ReceiptError, softened};
use crate::data::national::{BodyError, Region, decode};
use crate::data::{Call, RequestError, parse_call};
use crate::grants::{GrantTable, GrantsError};
use crate::history::{History, HistoryError};
use crate::journal::{Verdict, salted};
use crate::kept::{KeptError, KeptSettings, digest_of};
use crate::lock::{Lock, LockError};
use crate::packs::Packs;
use crate::review::{InForce, Reviewed};
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
    /// Grants, policy or region of that time cannot be read.
    #[error(transparent)]
    Kept(#[from] KeptError),
    /// A receipt of a release that kept no grants, and those of today cannot be read.
    #[error(transparent)]
    Grants(#[from] GrantsError),
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
    /// How requests were written, where a person says so; else as the receipt says.
    pub region: Option<&'a Region>,
    /// Any number gives the same bytes.
    pub threads: usize,
}

/// Executes the verdict of a receipt anew on the bytes of the request that it answered.
///
/// # Errors
/// [`ReplayError`] where it cannot be executed; what comes out differently is told in
/// [`Replayed::differences`].
pub fn replay(receipt: &Receipt, body: &[u8], ground: Ground<'_>) -> Result<Replayed, ReplayError> {
    execute(receipt, body, ground).map(|executed| executed.replayed)
}

/// What came of it, and what it took.
pub(super) struct Executed {
    pub(super) replayed: Replayed,
    pub(super) packs: Packs,
    /// Whether there was any history, and the request asked for it.
    pub(super) looked_at_history: bool,
}

/// The same, with what it took.
pub(super) fn execute(
    receipt: &Receipt,
    body: &[u8],
    ground: Ground<'_>,
) -> Result<Executed, ReplayError> {
    let old = receipt.verdict()?;
    let found = salted(&receipt.salt, body);
    if found != old.data {
        return Err(ReplayError::Input {
            found,
            expected: old.data,
        });
    }
    let packs = ground.packs.granting(grants(ground.folder, old)?);
    let (text, _) = decode(body, None)?;
    let region = region(old, ground)?;
    let call = parse_call(&old.infno, &text, &region)?;
    let new = again(
        (receipt, old),
        body,
        (call.as_ref(), &region),
        (ground, &packs),
    )?;
    let current = Lock::read(ground.folder)?;
    let withdrawn = new.packs.iter().map(|run| &run.pack).filter(|pack| {
        let version = current.version(pack);
        version.is_some_and(|version| version.status == Status::Yanked)
    });
    let replayed = Replayed {
        answer: old.answer.clone(),
        findings: new.findings.len(),
        withdrawn: withdrawn.cloned().collect(),
        differences: differences(old, &new),
        packs: new
            .packs
            .into_iter()
            .map(|run| (run.pack, run.fuel))
            .collect(),
    };
    let has_history = old.history.segments > 0 || old.history.seen.is_some();
    Ok(Executed {
        replayed,
        packs,
        looked_at_history: has_history && call.wants_history(),
    })
}

/// What each pack of the receipt was granted.
fn grants(folder: &HostFolder, old: &Verdict) -> Result<BTreeMap<TargetPath, Grants>, ReplayError> {
    let kept = KeptSettings::of(folder);
    let granted = old.packs.iter().map(|run| {
        let grants = match kept.grants(&run.grants)? {
            Some(grants) => grants,
            None if run.grants == Grants::All.digest() => Grants::All,
            // Of an earlier release, which kept none: where those of today are others, the differences say so.
            None => GrantTable::read(folder)?.of(run.pack.name_space()),
        };
        Ok((run.pack.clone(), grants))
    });
    granted.collect()
}

/// How the request was written.
fn region(old: &Verdict, ground: Ground<'_>) -> Result<Region, ReplayError> {
    let kept = match (ground.region, old.region) {
        (Some(given), _) => Some(given.clone()),
        (None, Some(digest)) => KeptSettings::of(ground.folder).region(&digest)?,
        (None, None) => None,
    };
    Ok(kept.unwrap_or_default())
}

/// The verdict as it comes out now.
fn again(
    (receipt, old): (&Receipt, &Verdict),
    body: &[u8],
    (call, region): (&dyn Call, &Region),
    (ground, packs): (Ground<'_>, &Packs),
) -> Result<Verdict, ReplayError> {
    // It names packs and overlays by digest, and the tables that were imported: what holds today is of no
    // account.
    let lock = Lock::with_digest(ground.folder, &old.lock)?.ok_or(ReplayError::NoLock(old.lock))?;
    let folder = ground.folder.history();
    // A request that asked for none was judged without, and what there was is of no account.
    let (history, state) = match call.wants_history() {
        true => {
            let history = History::open_as_of(&folder, &old.history)?;
            let state = history.state();
            (history, state)
        }
        false => (History::nothing(&folder), old.history),
    };
    let rows = judge::rows((&history, history.view()), call)
        .map_err(|error| ReplayError::Call(error.into()))?;
    let left_out = rows.left_out();
    let division: Division = old.jurisdiction.parse()?;
    let today = Day::from_number(old.today).ok_or(ReplayError::Day(old.today))?;
    let mut circumstances = judge::circumstances(call, &division, today);
    circumstances.batches.threads = ground.threads;
    let in_force = InForce {
        packs,
        lock: &lock,
        division: &division,
    };
    let mut reviewed = in_force.review(&Arc::new(rows.data), &circumstances);
    let basis = Basis {
        answer: old.answer.clone(),
        infno: call.infno(),
        circumstances: &circumstances,
        engine: packs.engine().id(),
        lock: lock.digest(),
        region: old.region.map(|_| digest_of(region)),
        policy: None,
        history: state,
        recalled: rows.recalled,
        body,
        left_out,
    };
    let mut new = basis.verdict(&reviewed, &receipt.salt);
    soften((old, &mut new), &mut reviewed, ground.folder, today)?;
    Ok(new)
}

/// Softens by the policy of that time. Receipts of earlier releases name none: there it is taken as told.
fn soften(
    (old, new): (&Verdict, &mut Verdict),
    reviewed: &mut Reviewed,
    folder: &HostFolder,
    today: Day,
) -> Result<(), ReplayError> {
    let kept = KeptSettings::of(folder);
    let policy = old.policy.map(|digest| kept.policy(&digest)).transpose()?;
    let Some(policy) = policy.flatten() else {
        new.softened.clone_from(&old.softened);
        return Ok(());
    };
    policy.soften(&mut reviewed.report, today);
    new.softened = softened(&reviewed.report);
    new.policy = Some(digest_of(&policy));
    Ok(())
}

/// What is counted of a verdict.
type Count = fn(&Verdict) -> usize;

const COUNTS: [(&str, Count); 5] = [
    ("packs that ran", |verdict| verdict.packs.len()),
    ("findings", |verdict| verdict.findings.len()),
    ("softened findings", |verdict| verdict.softened.len()),
    ("rules not evaluable", |verdict| verdict.not_evaluable.len()),
    ("without a verdict", |verdict| verdict.no_verdict.len()),
];

fn name(digest: Option<Digest>) -> String {
    digest.map_or("none".to_owned(), |digest| digest.to_string())
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
    differ("region", &name(old.region), &name(new.region));
    differ("policy", &name(old.policy), &name(new.policy));
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
    for (what, count) in COUNTS {
        differ(what, &count(old), &count(new));
    }
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
