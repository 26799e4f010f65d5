//! `rulepack serve`: answer the hospital's HIS before and during care.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rulepack_host::data::national::Region;
use rulepack_host::service::{self, Options, Pauses, Service, ServiceError};
use rulepack_host::settings::HostFolder;
use rulepack_host::update::{UpdateError, UpdateReport, Updater};
use serde::Serialize;
use tokio::net::TcpListener;

use super::Command;
use crate::clock;
use crate::engine::packs;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::failure_points;
use crate::files;
use crate::log;
use crate::output::{self, Report};
use crate::shutdown;

/// Answer the hospital's HIS: national transactions 3101 (before care), 3102 (during care) and 3103
/// (what was decided), until Ctrl-C. What it logs goes to standard error and holds no patient data; `RUST_LOG` chooses how much.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
    /// The address; other than loopback only once the HIS has a token (`rulepack token`).
    #[arg(long, default_value = "127.0.0.1:8480")]
    pub listen: SocketAddr,
    /// Bring the packs up to date every so many seconds, and up to a tenth more by chance; after failures
    /// twice as long each time, up to an hour.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub poll: Option<u64>,
    /// What the region says differently: numbers of transactions, names of fields, dictionaries (TOML).
    #[arg(long, value_name = "FILE")]
    pub region: Option<PathBuf>,
    /// Another name, with its port, under which a proxy reaches this server.
    #[arg(long = "host-name", value_name = "NAME:PORT")]
    pub host_names: Vec<String>,
}

/// How it ended.
#[derive(Debug, Serialize)]
pub struct ServeReport {
    done: &'static str,
}

impl Command for ServeArgs {
    type Report = ServeReport;

    fn execute(&self) -> Outcome<ServeReport> {
        log::begin();
        let options = Options {
            region: region(self.region.as_deref())?,
            hosts: self.host_names.clone(),
            clock: clock::milliseconds,
        };
        let service = open(&self.dir, options)?;
        tokio::runtime::Runtime::new()?.block_on(self.serve(Arc::new(service)))?;
        Ok(ServeReport {
            done: "stopped; what was being answered is finished",
        })
    }
}

impl ServeArgs {
    async fn serve(&self, service: Arc<Service>) -> Outcome {
        let listener = TcpListener::bind(self.listen)
            .await
            .context(|| format!("cannot listen on `{}`", self.listen))?;
        let address = listener.local_addr()?;
        service.may_listen(address).map_err(explain)?;
        let asked = shutdown::asked();
        output::line(&format!("service at http://{address}"))?;
        let polling = self.poll.map(|seconds| {
            let polled = service::poll(Arc::clone(&service), pauses(seconds), update);
            tokio::spawn(polled)
        });
        let served = service::serve(listener, service, asked).await;
        if let Some(polling) = polling {
            polling.abort();
        }
        served.map_err(explain)
    }
}

/// What a region says differently, from its file; nothing without one.
pub fn region(path: Option<&Path>) -> Outcome<Region> {
    let Some(path) = path else {
        return Ok(Region::default());
    };
    Region::parse(&files::read_text(path)?).context(|| format!("`{}`", path.display()))
}

/// Opens the service of the host in a folder.
pub fn open(dir: &Path, options: Options) -> Outcome<Service> {
    let packs = Arc::new(packs(dir)?);
    let failures = failure_points::of_this_host();
    Service::open_with(HostFolder::at(dir), packs, options, failures).map_err(explain)
}

/// One update with the packs of a running service.
fn update(service: &Service) -> Result<Option<UpdateReport>, UpdateError> {
    let (Ok(now), Ok(today)) = (clock::now(), clock::today()) else {
        // A clock beyond all calendars: nothing could be judged by it.
        return Ok(None);
    };
    let updater = Updater {
        folder: service.folder(),
        settings: service.settings(),
        packs: service.packs(),
        now,
        today,
    };
    updater.poll()
}

/// So many seconds, and up to a tenth more by chance: hospitals that were started together drift apart.
fn pauses(seconds: u64) -> Pauses {
    Box::new(move |failures| {
        let mut chance = [0; 2];
        // Without chance the pause is only less spread.
        let _ = getrandom::fill(&mut chance);
        let chance = u16::from_le_bytes(chance);
        service::pause(Duration::from_secs(seconds), failures, chance)
    })
}

fn explain(error: ServiceError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for ServeReport {}

impl fmt::Display for ServeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.done)
    }
}
