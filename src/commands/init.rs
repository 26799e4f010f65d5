//! `rulepack init`: set up a hospital's host.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::client::FloorsStore;
use rulepack_host::journal;
use rulepack_host::settings::{AirGap, HostFolder, Settings, ToleranceDays};
use rulepack_host::subscription::Subscription;
use rulepack_host::update::is_address;
use rulepack_protocol::key::{KeyId, Signer as _};
use rulepack_protocol::names::Division;
use rulepack_protocol::trust::{Floors, Limits, RootChain};
use serde::Serialize;

use super::Command;
use super::journal::explain;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// Set up a hospital's host in a folder: whom it trusts, where packs come from, where it lies.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The host's folder.
    #[arg(long, default_value = "host-data")]
    pub dir: PathBuf,
    /// The national root, got from the bureau by a way that is trusted.
    #[arg(long)]
    pub root: PathBuf,
    /// The registry's address, or a folder that holds a copy of it.
    #[arg(long)]
    pub registry: String,
    /// National code of the institution.
    #[arg(long)]
    pub institution: String,
    /// Six-digit code of the division (行政区划) in which it lies.
    #[arg(long)]
    pub division: Division,
    /// What to follow, such as `37/*` or `37/vbp-quota@^1.2`; the nation, the province and the city
    /// where it is left out.
    #[arg(long = "follow")]
    pub follow: Vec<Subscription>,
    /// Take part in first waves.
    #[arg(long)]
    pub canary: bool,
    /// Let a name space whose officers were replaced wait for a person: `sync --accept-officers` accepts them.
    #[arg(long)]
    pub hold_rekeyed: bool,
    /// The host has no network and is fed from disks (物理隔离): `sync --import` may be used.
    #[arg(long)]
    pub air_gapped: bool,
    /// How many days ago timestamp and snapshot of an imported disk may have expired, 1 to 90; 30 where it
    /// is left out.
    #[arg(long, value_name = "DAYS", requires = "air_gapped",
        value_parser = clap::value_parser!(u16).range(1..=i64::from(ToleranceDays::MAX)))]
    pub tolerance_days: Option<u16>,
}

/// How the host was set up.
#[derive(Debug, Serialize)]
pub struct InitReport {
    folder: PathBuf,
    settings: Settings,
    /// Fingerprint of the key with which the host signs its journal.
    host_key: KeyId,
}

impl Command for InitArgs {
    type Report = InitReport;

    fn execute(&self) -> Outcome<InitReport> {
        let root = files::read(&self.root)?;
        // A host that starts from what is no root could never believe anything, nor be set up again.
        RootChain::start(&root, Floors::default(), Limits::default())
            .context(|| format!("`{}`", self.root.display()))
            .hint("give the root as its keepers signed it")?;
        let subscriptions = match self.follow.is_empty() {
            true => Subscription::defaults(&self.division),
            false => self.follow.clone(),
        };
        let tolerance = self.tolerance_days.map(ToleranceDays::try_from);
        let tolerance_days = tolerance.transpose()?.unwrap_or_default();
        let air_gap = self.air_gapped.then_some(AirGap { tolerance_days });
        let settings = Settings {
            registry: registry(&self.registry)?,
            institution: self.institution.clone(),
            division: self.division.clone(),
            subscriptions,
            canary: self.canary,
            hold_rekeyed: self.hold_rekeyed,
            updates: rulepack_host::settings::Updates::default(),
            history: rulepack_host::settings::HistorySettings::default(),
            air_gap,
        };
        let host = HostFolder::at(&self.dir);
        host.create(&settings).map_err(|error| {
            let hint = error.hint().unwrap_or("check the folder").to_owned();
            Failure::from(error).hint(hint)
        })?;
        FloorsStore::new(host.trust())
            .init(&root)
            .context(|| format!("`{}`", self.root.display()))?;
        let key = journal::make_key(&host).map_err(explain)?;
        Ok(InitReport {
            folder: self.dir.clone(),
            host_key: key.public_key().id(),
            settings,
        })
    }
}

/// An address as it is; a folder by its whole path, for a host is not always started from the same place.
fn registry(given: &str) -> Outcome<String> {
    if is_address(given) {
        return Ok(given.to_owned());
    }
    if given.contains("://") {
        let failure = Failure::new(format!("`{given}` is no address of a registry"));
        return Err(failure.hint("begin it with `http://` or `https://`, or name a folder"));
    }
    let folder = std::path::absolute(given).context(|| format!("`{given}`"))?;
    let path = folder.to_str().map(str::to_owned);
    path.ok_or_else(|| Failure::new(format!("the path of `{given}` is not UTF-8")))
}

impl Report for InitReport {}

impl fmt::Display for InitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        writeln!(
            f,
            "host of {} in {}",
            settings.institution,
            self.folder.display()
        )?;
        writeln!(f, "  division {}", settings.division)?;
        writeln!(f, "  registry {}", settings.registry)?;
        writeln!(f, "  host key {}", self.host_key)?;
        writeln!(f, "           send it to the bureau, which enrols it")?;
        for subscription in &settings.subscriptions {
            writeln!(f, "  follows  {subscription}")?;
        }
        if let Some(air_gap) = &settings.air_gap {
            let days = air_gap.tolerance_days;
            writeln!(f, "  air gap  imports may have expired {days} days ago")?;
        }
        Ok(())
    }
}
