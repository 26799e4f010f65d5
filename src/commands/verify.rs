//! `rulepack verify`: who vouches for a sealed pack, from the national root down.

mod chain;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use rulepack_host::client::Refreshed;
use rulepack_host::officers::Officers;
use rulepack_host::settings::HostFolder;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::{Day, Effective, Moment, MomentError};
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::overlay::Overlay;
use rulepack_protocol::pack::diff::{PackDiff, compare};
use rulepack_protocol::trust::{Freshness, ResolvedTarget, Standing};
use rulepack_protocol::tuf::{Channel, ExpiryWarning, RoleName, Status, expiry_warnings};
use semver::Version;
use serde::Serialize;

use super::Command;
use super::overlay::OverlayReport;
use super::reproduce::{ReproduceReport, reproduce};
use crate::failure::{Explain as _, Failure, Outcome};
use crate::output::Report;
use crate::packs::SealedPack;
use crate::published::{self, PackReference, Published, TrustArgs};
use crate::{clock, files};
use chain::RoleLine;

/// Show who vouches for a sealed pack: the root and every role below it, who signed each and who did not,
/// until when each is valid; what the pack may read, and what changed since the version before.
///
/// A file is opened only after its length and digest were found in what is signed. Nothing is stored.
/// Fails with the reason where nobody vouches for it; ends with code 3 where it is withdrawn, was not
/// valid on the day asked for, or does not rebuild to the same bytes.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A sealed file, an overlay, or `NAME@VERSION` of what the registry serves.
    pub pack: PackReference,
    #[command(flatten)]
    pub trust: TrustArgs,
    /// The version that a file is said to be: then only its own name space is asked.
    #[arg(long = "as", value_name = "NAME@VERSION")]
    pub said: Option<PackReference>,
    /// A day (`2026-11-22`, its first second in UTC) or a moment (`2026-11-22T08:00:00Z`) to judge by.
    #[arg(long, value_name = "DATE")]
    pub at: Option<At>,
    /// The source to rebuild and to compare byte by byte.
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
}

/// A moment, or the first one of a day.
#[derive(Debug, Clone, Copy)]
pub struct At(Moment);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let moment = match text.parse::<Day>() {
            Ok(day) => format!("{day}T00:00:00Z").parse(),
            Err(_) => text.parse(),
        };
        moment.map(At).map_err(|_: MomentError| {
            "expected a day, such as `2026-11-22`, or a moment, such as `2026-11-22T08:00:00Z`"
                .to_owned()
        })
    }
}

/// Who vouches for a pack, and what it may.
#[derive(Debug, Serialize)]
pub struct VerifyReport {
    path: TargetPath,
    digest: Digest,
    bytes: usize,
    /// Of the code of a pack.
    #[serde(skip_serializing_if = "Option::is_none")]
    component_digest: Option<Digest>,
    /// What an overlay sets.
    #[serde(skip_serializing_if = "Option::is_none")]
    sets: Option<OverlayReport>,
    /// The moment that validity is judged by.
    at: Moment,
    chain: Vec<RoleLine>,
    /// Roles of the chain whose officers are others than the host knew (T8).
    rekeyed: BTreeSet<RoleName>,
    channel: Channel,
    status: Status,
    published: Day,
    effective: Effective,
    /// What speaks against it at that moment.
    faults: Vec<String>,
    /// Roles whose officers have to sign within thirty days of that moment.
    expiring: Vec<ExpiryWarning>,
    /// The columns that it can read, by table.
    reads: BTreeMap<String, BTreeSet<String>>,
    /// The other functions that it can call, by interface.
    calls: BTreeMap<String, BTreeSet<String>>,
    since: Since,
    reproduced: Option<ReproduceReport>,
}

/// The version before, and what changed.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Since {
    /// There is none.
    First,
    /// What changed since it.
    Version { diff: Box<PackDiff> },
    /// It is listed and cannot be had.
    Unreadable { version: Version, reason: String },
}

/// Rows of each table that the summary lists; `rulepack diff` lists more.
const ROWS_MAX: usize = 3;

impl Command for VerifyArgs {
    type Report = VerifyReport;

    fn execute(&self) -> Outcome<VerifyReport> {
        let now = clock::now()?;
        let at = self.at.map_or(now, |At(at)| at);
        let published = Published::of(&self.trust, Freshness::as_of(at, now))?;
        let published = match at < now {
            true => published.forgetting_the_last_refresh()?,
            false => published,
        };
        let (target, refreshed, bytes) = self.find(&published)?;
        check_standing(&target)?;
        let chain = chain::lines(&refreshed.trusted, &target)?;
        let report = VerifyReport {
            faults: faults(&chain, &target, at),
            expiring: expiring(&chain, at),
            rekeyed: self.rekeyed(&refreshed, &chain)?,
            chain,
            since: Since::First,
            bytes: bytes.len(),
            component_digest: None,
            sets: None,
            at,
            channel: target.custom.channel,
            status: target.custom.status,
            published: target.custom.published,
            effective: target.custom.effective,
            reads: BTreeMap::new(),
            calls: BTreeMap::new(),
            reproduced: None,
            digest: target.digest,
            path: target.path.clone(),
        };
        if target.path.is_overlay() {
            return self.overlay(report, &target, &bytes);
        }
        let sealed = published::open(bytes, || self.pack.to_string())?;
        check_declaration(&sealed, &target)?;
        let reproduced = match &self.source {
            Some(source) => Some(reproduce(&sealed, source, None)?),
            None => None,
        };
        Ok(VerifyReport {
            since: since(&published, &refreshed, &target, &sealed),
            component_digest: Some(sealed.pack.component_digest),
            reads: sealed.pack.imports.columns.clone(),
            calls: sealed.pack.imports.functions.clone(),
            reproduced,
            ..report
        })
    }
}

impl VerifyArgs {
    /// The same of an overlay: what it sets takes the place of what a pack may read.
    fn overlay(
        &self,
        report: VerifyReport,
        target: &ResolvedTarget,
        bytes: &[u8],
    ) -> Outcome<VerifyReport> {
        if self.source.is_some() {
            let path = &target.path;
            let nothing = format!("`{path}` is an overlay, which has no source to rebuild");
            return Err(Failure::new(nothing));
        }
        let named = || format!("`{}`", self.pack);
        let overlay = Overlay::from_published(bytes).context(named)?;
        let signed = &target.custom;
        let said = overlay.custom(signed.channel, signed.published)?;
        let differs = said.map_or(Some("setter"), |said| signed.differs(&said));
        if let Some(field) = differs {
            return Err(another(target, field));
        }
        let file = Path::new(&target.path.to_string()).to_owned();
        Ok(VerifyReport {
            sets: Some(OverlayReport::new(&file, &overlay, bytes, &[])),
            ..report
        })
    }

    /// The roles of the chain with other officers than the host saw last, or has accepted.
    fn rekeyed(&self, refreshed: &Refreshed, chain: &[RoleLine]) -> Outcome<BTreeSet<RoleName>> {
        let Some(dir) = &self.trust.dir else {
            return Ok(BTreeSet::new());
        };
        let officers = Officers::read(&HostFolder::at(dir))?;
        let waits = |role: &RoleName| match role {
            RoleName::Space(name_space) => officers.wait_for(name_space),
            RoleName::Top(_) => false,
        };
        let roles = chain.iter().map(|line| &line.role);
        let replaced = roles.filter(|role| refreshed.rekeyed.contains(role) || waits(role));
        Ok(replaced.cloned().collect())
    }

    /// The signed entry, and the bytes that have its length and digest. Nothing was opened yet.
    fn find(&self, published: &Published) -> Outcome<(ResolvedTarget, Refreshed, Vec<u8>)> {
        let file = match &self.pack {
            PackReference::File(file) => file,
            PackReference::Published(path) => {
                let (target, refreshed) = published.target(path)?;
                let bytes = published.bytes(&target)?;
                return Ok((target, refreshed, bytes));
            }
        };
        let bytes = files::read(file)?;
        let found = Digest::of(&bytes);
        match &self.said {
            Some(PackReference::Published(path)) => {
                let (target, refreshed) = published.target(path)?;
                if target.length != bytes.len() as u64 || target.digest != found {
                    let signed = target.digest;
                    return Err(Failure::new(format!(
                        "pack `{path}` has sha256 {found}, signed was {signed}"
                    )));
                }
                Ok((target, refreshed, bytes))
            }
            Some(PackReference::File(said)) => Err(Failure::new(format!(
                "`{}` is not of the form `NAME@VERSION`",
                said.display()
            ))),
            None => {
                let refreshed = published.all()?;
                let target = vouched_for(&refreshed, found, bytes.len() as u64)?;
                Ok((target, refreshed, bytes))
            }
        }
    }
}

/// The signed entry of these bytes, of whatever name space.
fn vouched_for(refreshed: &Refreshed, digest: Digest, length: u64) -> Outcome<ResolvedTarget> {
    let mut targets = refreshed.resolution.targets.iter();
    let found = targets.find(|target| target.digest == digest && target.length == length);
    found.cloned().ok_or_else(|| {
        let failed = refreshed.resolution.failed.iter();
        let failed = failed.filter(|(name, _)| refreshed.trusted.pin(name).is_ok());
        let failed: String = failed
            .map(|(name, error)| format!("; `{name}` cannot be asked: {error}"))
            .collect();
        Failure::new(format!("no role signs a pack with sha256 {digest}{failed}")).hint(
            "the file was not opened; name what it is said to be with `--as NAME@VERSION` to see what \
             is signed under that name",
        )
    })
}

/// Nobody above forbids it.
fn check_standing(target: &ResolvedTarget) -> Outcome {
    let path = &target.path;
    let refusal = match &target.standing {
        Standing::Good => return Ok(()),
        Standing::Denied { by } => format!("pack `{path}` is denied by role `{by}`"),
        Standing::BelowMinimum { by, minimum } => format!(
            "pack `{path}` is below `{minimum}`, the lowest version that role `{by}` allows"
        ),
    };
    Err(Failure::new(refusal))
}

/// The signed entry says of the pack what the pack says itself.
fn check_declaration(sealed: &SealedPack, target: &ResolvedTarget) -> Outcome {
    match target.custom.differs_from(&sealed.pack) {
        None => Ok(()),
        Some(field) => Err(another(target, field)),
    }
}

fn another(target: &ResolvedTarget, field: &str) -> Failure {
    Failure::new(format!(
        "pack `{}` says another `{field}` than what was signed of it",
        target.path
    ))
}

/// What speaks against the pack at a moment.
fn faults(chain: &[RoleLine], target: &ResolvedTarget, at: Moment) -> Vec<String> {
    let expired = chain.iter().filter(|line| line.expires <= at);
    let mut faults: Vec<String> = expired
        .map(|line| format!("`{}` expired at {}", line.role, line.expires))
        .collect();
    if at.day_in_china() < target.custom.published {
        faults.push(format!(
            "it was published later, on {}",
            target.custom.published
        ));
    }
    if target.custom.status == Status::Yanked {
        faults.push("its bureau withdrew it (撤回)".to_owned());
    }
    faults
}

/// The roles of the chain that end soon. Those that are over are faults.
fn expiring(chain: &[RoleLine], at: Moment) -> Vec<ExpiryWarning> {
    let ends = chain.iter().map(|line| (line.role.clone(), line.expires));
    let mut warnings = expiry_warnings(ends, at);
    warnings.retain(|warning| warning.days_left.is_some());
    warnings
}

/// The highest version below this one that the same role signs, and what changed since.
fn since(
    published: &Published,
    refreshed: &Refreshed,
    target: &ResolvedTarget,
    sealed: &SealedPack,
) -> Since {
    let others = refreshed.resolution.targets.iter();
    let earlier = others
        .filter(|other| other.path.pack() == target.path.pack())
        .filter(|other| other.path.version() < target.path.version())
        .max_by(|one, other| one.path.version().cmp(other.path.version()));
    let Some(earlier) = earlier else {
        return Since::First;
    };
    match published.open(earlier) {
        Ok(before) => Since::Version {
            diff: Box::new(compare(&before.pack, &sealed.pack, ROWS_MAX)),
        },
        Err(failure) => Since::Unreadable {
            version: earlier.path.version().clone(),
            reason: failure.to_string(),
        },
    }
}

impl Report for VerifyReport {
    fn is_good(&self) -> bool {
        let rebuilt = self.reproduced.as_ref();
        self.faults.is_empty() && rebuilt.is_none_or(ReproduceReport::is_good)
    }
}

/// Roles that the registry itself signs, and renews daily.
fn is_of_the_registry(role: &RoleName) -> bool {
    [RoleName::TIMESTAMP, RoleName::SNAPSHOT].contains(role)
}
