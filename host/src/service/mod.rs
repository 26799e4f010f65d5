//! The hospital's server, which answers its HIS before and during care.
//!
//! | address | what | role |
//! |---|---|---|
//! | `POST /`, `POST /fsi/api/rsfComIfsService/callService` | the national transactions 3101, 3102 and 3103 | his |
//! | `POST /api/v1/check` | patients as tables of the contract | his, auditor |
//! | `GET /api/v1/findings` | what was found and decided; JSON or CSV | auditor |
//! | `GET /api/v1/receipts/ID` | what a verdict rested on, signed; ID is the answer's or a finding's | any |
//! | `GET /api/v1/overrides` | by rule version, how often clinicians went on against it | any |
//! | `GET /api/v1/packs`, `GET /api/v1/packs/NAME-SPACE/NAME` | every version known and its state | any |
//! | `POST /api/v1/packs/NAME-SPACE/NAME/decisions` | hold, release, approve, roll back | administrator |
//! | `GET /api/v1/updates` | what waits, is held, refused or mandatory | any |
//! | `GET /api/v1/status`, `GET /status` | packs, lock, last update, policy; the same for people | any |
//! | `GET /metrics` | counts for Prometheus | any |
//! | `GET /api/v1/openapi.json` | the description of all this | open |
//! | `GET /healthz`, `GET /readyz` | the process answers; the packs in force are loaded | open |
//!
//! Every address stands in `document.rs` with its roles; errors are RFC 9457 problems of stable kinds
//! (`kind.rs`), in the national transactions envelopes.
//!
//! The second `POST` address is the path under which the national platform itself answers, so that a HIS
//! changes nothing but the name of the machine.
//!
//! Until the HIS has a token ([`crate::tokens`]) the server answers on loopback only, and to loopback as to the
//! HIS; everybody else shows a token of the role that the address asks for. Only requests that name loopback
//! or a configured name are answered (T15). Nothing of a request is logged, counted or shown but numbers and rule ids.

mod access;
mod acknowledged;
mod ahead;
mod answer;
mod apart;
mod calls;
mod check;
mod decide;
mod decision;
mod describe;
mod document;
mod faults;
mod findings;
mod guard;
pub(crate) mod judge;
mod keep;
mod kind;
mod metrics;
mod packs;
mod pages;
mod pause;
mod poll;
mod problem;
mod record;
mod reload;
mod rests_on;
mod routes;
mod schemas;
mod search;
mod status;
mod swapped;
mod updates;
mod watching;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{CHINA_AHEAD_MS, Day, Moment};
use rulepack_protocol::names::TargetPath;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::client::{Failures, NoFailures};
use crate::data::national::Region;
use crate::findings::{Findings, FindingsError};
use crate::history::{History, HistoryError, Seen};
use crate::journal::{self, Event, Journal, JournalError};
use crate::kept::{self, KeptSettings};
use crate::lock::{Choice, Lock, LockError, Purpose};
use crate::packs::{PackError, Packs};
use crate::policy::{Policy, PolicyError};
use crate::settings::{HostFolder, Settings, SettingsError};
use crate::tokens::{Role, Tokens};
use ahead::Ahead;
use faults::Faults;
use metrics::Metrics;
use rests_on::NotKept;
use swapped::Swapped;
use watching::Watching;

pub use pause::pause;
pub use poll::{Pauses, poll};
pub use status::{LastSync, Status};

const SECOND_MS: i64 = 1_000;
/// How many requests are worked on at once; others wait for their turn until they time out. Each holds its
/// body and its rows in memory.
const REVIEWS_AT_ONCE: usize = 32;

/// What a caller decides.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the region says differently.
    pub region: Region,
    /// Values of `Host` that are answered beside the names of loopback, such as that of a proxy.
    pub hosts: Vec<String>,
    /// Milliseconds from 1970-01-01 UTC.
    pub clock: fn() -> i64,
}

/// What the server knows and counts.
#[derive(Debug)]
pub struct Service {
    folder: HostFolder,
    settings: Settings,
    packs: Arc<Packs>,
    options: Options,
    /// Who replaces it and changes the file too holds this first, and [`Lock::edit`] within.
    lock: Swapped<Lock>,
    history: Swapped<History>,
    seen: Arc<Seen>,
    findings: Findings,
    policy: Swapped<Policy>,
    /// Digest of the region.
    region: Digest,
    kept: KeptSettings,
    not_kept: NotKept,
    faults: Faults,
    broken: Swapped<BTreeMap<TargetPath, &'static str>>,
    last_sync: Swapped<Option<LastSync>>,
    journal: Journal,
    metrics: Metrics,
    watching: Watching,
    /// The next answer's number. It starts at the time of the start, so that none comes twice.
    number: AtomicU64,
    ready: AtomicBool,
    /// One at a time, so that what is noted last belongs to the latest lock.
    warming: Mutex<()>,
    /// The day that packs were made ready for last: on another one others may be in force.
    warmed_for: Swapped<Option<Day>>,
    turns: Arc<Semaphore>,
    ahead: Ahead,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The host is not set up.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No lock.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// No history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Nothing could be recorded, so nothing is answered.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What was found earlier cannot be read.
    #[error(transparent)]
    Findings(#[from] FindingsError),
    /// The hospital's own decisions cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Patient data would be offered to the network.
    #[error("`{0}` is not an address of loopback, expected one such as `127.0.0.1:8480`")]
    NotLoopback(SocketAddr),
    /// The network refuses.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

impl ServiceError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            ServiceError::Settings(error) => error.hint().map(str::to_owned),
            ServiceError::History(error) => error.hint(),
            ServiceError::Journal(error) => error.hint().map(str::to_owned),
            ServiceError::Findings(error) => error.hint().map(str::to_owned),
            ServiceError::NotLoopback(_) => Some(
                "give the HIS a token first (`rulepack token new --role his`), and name the address with \
                 `--host-name`; tokens travel in plain text, so put a proxy with TLS before it"
                    .to_owned(),
            ),
            ServiceError::Lock(error) => error.hint().map(str::to_owned),
            ServiceError::Policy(_) | ServiceError::Io(_) => None,
        }
    }
}

impl Service {
    /// The server of the host in this folder, with what it has locked, imported and stored.
    ///
    /// # Errors
    /// [`ServiceError`] where the host is not set up, or its lock or history cannot be read.
    pub fn open(
        folder: HostFolder,
        packs: Arc<Packs>,
        options: Options,
    ) -> Result<Self, ServiceError> {
        Self::open_with(folder, packs, options, Arc::new(NoFailures))
    }

    /// The same, stopped by a test where it says.
    ///
    /// # Errors
    /// As [`Service::open`].
    pub fn open_with(
        folder: HostFolder,
        packs: Arc<Packs>,
        options: Options,
        failures: Arc<dyn Failures + Send + Sync>,
    ) -> Result<Self, ServiceError> {
        let settings = folder.settings()?;
        let faults = Faults::default();
        let (lock, recovered) = Lock::read_or_recover(&folder)?;
        if let Some(told) = recovered {
            faults.put(faults::LOCK, told);
        }
        // Where the secret of both is another one, this says so before anything is set aside.
        let findings = Findings::open(&folder)?;
        let (history, seen) =
            History::open_to_serve(&folder.history(), settings.history, Arc::clone(&failures))?;
        let started = u64::try_from((options.clock)()).unwrap_or(0);
        let setup = journal::Setup {
            folder: folder.journal(),
            institution: settings.institution.clone(),
            clock: options.clock,
            failures: Arc::clone(&failures),
        };
        let kept = KeptSettings::stopped_by(&folder, failures);
        let journal = Journal::open(setup, journal::make_key(&folder)?)?;
        let recorded = journal.record(Event::Started {
            engine: packs.engine().id(),
            lock: lock.digest(),
        });
        if let Err(error) = recorded {
            // On a full disk: what asks is answered by the hospital's policy until there is room.
            tracing::error!(%error, "the start is not recorded");
        }
        Ok(Service {
            journal,
            settings,
            packs,
            region: kept::digest_of(&options.region),
            kept,
            not_kept: NotKept::default(),
            options,
            lock: Swapped::new(lock),
            history: Swapped::new(history),
            seen,
            policy: Swapped::new(faults.policy_at_start(Policy::read(&folder.policy()))),
            faults,
            findings,
            broken: Swapped::default(),
            last_sync: Swapped::default(),
            metrics: Metrics::default(),
            watching: Watching::open(&folder),
            number: AtomicU64::new(started),
            ready: AtomicBool::new(false),
            warming: Mutex::new(()),
            warmed_for: Swapped::default(),
            turns: Arc::new(Semaphore::new(REVIEWS_AT_ONCE)),
            ahead: Ahead::default(),
            folder,
        })
    }

    /// Loads the packs that are in force today, and makes instances of them ready, so that no request waits for it; notes
    /// those that cannot be loaded.
    pub fn warm(&self) {
        let one_at_a_time = self.warming.lock().unwrap_or_else(PoisonError::into_inner);
        let lock = self.lock.get();
        self.packs.try_again();
        let (mut broken, mut usable) = (BTreeMap::new(), Vec::new());
        // Where the clock is beyond all calendars, nothing is in force.
        let today = self.today();
        self.warmed_for.put(today);
        let packs = today
            .into_iter()
            .flat_map(|day| lock.packs().into_iter().map(move |pack| (day, pack)));
        for (today, pack) in packs {
            let Choice::Version {
                version,
                retroactive,
            } = lock.choose(pack, today, Purpose::Service)
            else {
                continue;
            };
            let on = (today, Purpose::Service);
            let adjusted = self.packs.adjusted(&lock, version, on);
            let loaded = adjusted
                .and_then(|adjusted| self.packs.get_adjusted(version, &adjusted, retroactive));
            match loaded {
                Ok(pack) => usable.push(pack),
                Err(error) => {
                    let problem = problem_word(&error);
                    tracing::error!(pack = %version.path, problem, "pack cannot be used");
                    broken.insert(version.path.clone(), problem);
                }
            }
        }
        usable.retain(|pack| pack.applies(&self.settings.division));
        self.packs.keep_ready(&usable);
        if !broken.is_empty() && *self.broken.get() != broken {
            self.record(record::broken(&broken));
        }
        self.broken.put(broken);
        self.ready.store(true, Ordering::Release);
        drop(one_at_a_time);
    }

    /// Whether packs were altered or lost on the disk, as far as is known: they may have been brought again.
    fn has_damaged_packs(&self) -> bool {
        let broken = self.broken.get();
        broken
            .values()
            .any(|problem| [ALTERED, UNREADABLE].contains(problem))
    }

    /// Beyond loopback only callers with a token are answered, so that the HIS must have one. Tokens that cannot be
    /// read let nobody in (`access.rs`), from wherever, and are read for every request: it need not be started anew
    /// once they can.
    ///
    /// # Errors
    /// [`ServiceError::NotLoopback`].
    pub fn may_listen(&self, address: SocketAddr) -> Result<(), ServiceError> {
        match Tokens::read(&self.folder.tokens()) {
            Ok(tokens) if address.ip().is_loopback() || tokens.has(Role::His) => Ok(()),
            Ok(_) => Err(ServiceError::NotLoopback(address)),
            Err(error) => {
                let hint = error.hint().unwrap_or_default();
                tracing::error!(%error, hint, "tokens cannot be read: nobody is let in");
                Ok(())
            }
        }
    }

    /// The packs and the engine that runs them, for whoever brings them up to date.
    #[must_use]
    pub fn packs(&self) -> &Packs {
        &self.packs
    }

    /// The folder of the host.
    #[must_use]
    pub fn folder(&self) -> &HostFolder {
        &self.folder
    }

    /// How the host is set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Records what no answer waits for. Where that fails, the writer has told why and tries again by itself;
    /// until it can, no verdict is given.
    fn record(&self, event: Event) {
        if let Err(error) = self.journal.record(event) {
            tracing::error!(%error, "not recorded");
        }
    }

    /// Milliseconds from 1970-01-01 UTC.
    fn now_ms(&self) -> i64 {
        (self.options.clock)()
    }

    /// Seconds from 1970-01-01, China Standard Time.
    fn china_seconds(&self) -> i64 {
        self.china_ms().div_euclid(SECOND_MS)
    }

    /// Milliseconds from 1970-01-01, China Standard Time.
    fn china_ms(&self) -> i64 {
        self.now_ms().saturating_add(CHINA_AHEAD_MS)
    }

    /// The time; `None` where the clock is beyond all calendars.
    fn now(&self) -> Option<Moment> {
        Moment::from_unix(self.now_ms().div_euclid(SECOND_MS)).ok()
    }

    /// `None` where the clock is beyond all calendars.
    fn today(&self) -> Option<Day> {
        Day::from_number(rulepack_contract::units::day_of(self.china_seconds()))
    }
}

/// Serves on `listener` until `shutdown` is over, then finishes the requests that are being answered.
///
/// # Errors
/// [`ServiceError::NotLoopback`], and where the listener fails.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServiceError> {
    let address = listener.local_addr()?;
    service.may_listen(address)?;
    let warming = Arc::clone(&service);
    let warmed = tokio::task::spawn_blocking(move || warming.warm());
    let taking_up = tokio::spawn(acknowledged::keep_taking_up(Arc::clone(&service)));
    let throwing_away = tokio::spawn(ahead::keep_throwing_away(Arc::clone(&service)));
    let guard = guard::Guard::new(address, &service.options.hosts);
    let gate = access::Gate {
        service,
        is_loopback: address.ip().is_loopback(),
    };
    let served = axum::serve(listener, routes::router(&gate, guard))
        .with_graceful_shutdown(shutdown)
        .await;
    // A panic in there would have been a fault of loading alone; serving went on.
    drop(warmed);
    taking_up.abort();
    throwing_away.abort();
    Ok(served?)
}

const UNREADABLE: &str = "unreadable";
const ALTERED: &str = "altered";

/// Why a pack cannot be used, in a word: the full texts may hold texts of the pack, which are never logged.
pub(crate) fn problem_word(error: &PackError) -> &'static str {
    match error {
        PackError::Io { .. } => UNREADABLE,
        PackError::Digest { .. } => ALTERED,
        PackError::Open(_) => "not-a-pack",
        PackError::Supplied(_) => "supplied-table",
        PackError::Overlay(_) => "overlay",
        PackError::Grants(_) => "grants",
        PackError::Load(_) | PackError::Worker(_) | PackError::Failed(_) => "not-loadable",
    }
}
