//! `rulepack publish`: from sealed packs to a registry that lists them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use rulepack_host::packs;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::overlay::Overlay;
use rulepack_protocol::tuf::{Channel, Custom, ExpiryWarning, FilePin, RoleName, Target};
use rulepack_registry::client::PublishFailed;
use rulepack_registry::{Client, Publication, Receipt, Refusal};
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::drafts::{Base, Draft, DraftReport, expiring_in_force, named_role, tell_expiring};
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// Publish sealed packs: draft the next version of the bureau's role, have it signed with `rulepack
/// sign`, send it.
#[derive(Debug, Args)]
pub struct PublishArgs {
    #[command(subcommand)]
    action: PublishAction,
}

#[derive(Debug, Subcommand)]
enum PublishAction {
    /// Fetch the bureau's role and add packs to it: an unsigned file for the officers.
    Draft(DraftArgs),
    /// Send signed roles, and the packs that they newly list.
    Send(SendArgs),
}

#[derive(Debug, Args)]
pub struct DraftArgs {
    /// Sealed packs, or overlays that `rulepack overlay build` made, all of one name space.
    #[arg(required = true)]
    pub packs: Vec<PathBuf>,
    /// The registry's address.
    #[arg(long)]
    pub registry: String,
    /// Who is to run them.
    #[arg(long, value_enum, default_value = "stable")]
    pub channel: Wave,
    /// The day from which hosts that wait for an approval activate by themselves: `2027-01-01`.
    #[arg(long, value_name = "DAY")]
    pub mandatory_by: Option<Day>,
    /// Days until the new version of the role expires.
    #[arg(long, default_value_t = 90)]
    pub days: i64,
    /// The role that is to sign; that of the packs' name space where it is left out.
    #[arg(long)]
    pub role: Option<NameSpace>,
    /// Where the file goes; `<name space>.json` where it is left out.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SendArgs {
    /// A signed role, as `<role>.json`: `targets.json`, `37.json`, or `NAME=FILE`.
    #[arg(required = true)]
    pub roles: Vec<String>,
    /// The packs and overlays that it newly lists.
    #[arg(long = "pack")]
    pub packs: Vec<PathBuf>,
    /// The registry's address.
    #[arg(long)]
    pub registry: String,
}

/// Who is to run a version.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Wave {
    /// A first wave.
    Canary,
    /// Everybody.
    Stable,
}

/// What was drafted or published.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PublishReport {
    /// A file to be signed.
    Drafted(DraftReport),
    /// The registry has it.
    Published(Sent),
}

/// The registry's receipt.
#[derive(Debug, Serialize)]
pub struct Sent {
    #[serde(flatten)]
    receipt: Receipt,
    /// Roles that expire soon.
    expiring: Vec<ExpiryWarning>,
}

impl Command for PublishArgs {
    type Report = PublishReport;

    fn execute(&self) -> Outcome<PublishReport> {
        match &self.action {
            PublishAction::Draft(args) => Ok(PublishReport::Drafted(draft(args)?)),
            PublishAction::Send(args) => Ok(PublishReport::Published(send(args)?)),
        }
    }
}

/// Drafts the next version of a bureau's role.
pub fn draft(args: &DraftArgs) -> Outcome<DraftReport> {
    let opened = open_all(&args.packs)?;
    let name_space = match &args.role {
        Some(role) => role.clone(),
        None => one_name_space(&opened)?,
    };
    let base = Base {
        registry: Some(args.registry.clone()),
        days: Some(args.days),
        out: args.out.clone(),
        ..Base::default()
    };
    let mut draft = Draft::begin(RoleName::Space(name_space), &base)?;
    let channel = match args.channel {
        Wave::Canary => Channel::Canary,
        Wave::Stable => Channel::Stable,
    };
    for (path, opened) in opened {
        check_basis(&path, &opened)?;
        let Opened { custom, bytes, .. } = opened;
        let custom = Custom {
            channel,
            mandatory_by: args.mandatory_by,
            ..custom
        };
        let target = Target {
            length: bytes.len() as u64,
            hashes: FilePin::of(1, &bytes).hashes,
            custom,
        };
        draft.targets.add_target(path, target)?;
    }
    draft.write()
}

/// Refuses what the registry would refuse after officers had signed it in vain.
fn check_basis(path: &TargetPath, opened: &Opened) -> Outcome {
    let custom = &opened.custom;
    if !custom.lacks_basis(opened.is_retroactive) {
        return Ok(());
    }
    let published = custom.published;
    let refusal = Refusal::NotRetroactive {
        path: path.clone(),
        from: custom.effective.from,
        published,
    };
    Err(Failure::from(refusal).hint(format!(
        "let it be in force from {published} or later, or say in `pack.toml` on which ground it is in \
         force earlier: `retroactive = {{ basis = \"…\" }}`"
    )))
}

/// Sends signed roles and packs.
pub fn send(args: &SendArgs) -> Outcome<Sent> {
    let mut publication = Publication::default();
    for role in &args.roles {
        let (name, path) = named_role(role)?;
        publication.metadata.insert(name, files::read(&path)?);
    }
    for (path, opened) in open_all(&args.packs)? {
        publication.targets.insert(path, opened.bytes);
    }
    let client = Client::new(&args.registry);
    let receipt = client.publish(&publication).map_err(explain)?;
    let mut expiring = Vec::new();
    for role in publication.metadata.keys() {
        for warning in expiring_in_force(&client, role, clock::now()?)? {
            if !expiring.contains(&warning) {
                expiring.push(warning);
            }
        }
    }
    Ok(Sent { receipt, expiring })
}

/// The refusal of a registry, with what to do about it.
pub fn explain(error: PublishFailed) -> Failure {
    let hint = error.hint();
    let failure = refused(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The refusal with all that the registry told of its causes.
fn refused(error: PublishFailed) -> Failure {
    let PublishFailed::Refused { title, causes, .. } = error else {
        return Failure::from(error);
    };
    Failure::new(
        causes
            .into_iter()
            .fold(title, |told, cause| match told.ends_with(&cause) {
                true => told,
                false => format!("{told}: {cause}"),
            }),
    )
}

/// A file to publish, and what it says of itself.
struct Opened {
    custom: Custom,
    /// Whether it names a basis for days before its publication.
    is_retroactive: bool,
    bytes: Vec<u8>,
}

fn open_all(paths: &[PathBuf]) -> Outcome<BTreeMap<TargetPath, Opened>> {
    let mut opened = BTreeMap::new();
    for path in paths {
        let bytes = files::read(path)?;
        let file = open(path, bytes).context(|| format!("`{}`", path.display()))?;
        let (name, version) = (file.custom.name.clone(), file.custom.version.clone());
        opened.insert(TargetPath::new(name, version)?, file);
    }
    Ok(opened)
}

/// Opens a file; what it says of itself is as it would be signed today, in everybody's channel.
fn open(path: &Path, bytes: Vec<u8>) -> Outcome<Opened> {
    let (channel, today) = (Channel::Stable, clock::today()?);
    if path.extension().is_none_or(|extension| extension != "toml") {
        let pack = packs::open(&bytes)?;
        return Ok(Opened {
            custom: Custom::of(&pack, channel, today),
            is_retroactive: pack.manifest.pack.retroactive.is_some(),
            bytes,
        });
    }
    let overlay = Overlay::from_published(&bytes)?;
    let custom = overlay.custom(channel, today)?.ok_or_else(|| {
        Failure::new("what a hospital sets for itself is not published")
            .hint("put it in force there with `rulepack host set`")
    })?;
    Ok(Opened {
        custom,
        is_retroactive: overlay.header.retroactive.is_some(),
        bytes,
    })
}

fn one_name_space(packs: &BTreeMap<TargetPath, Opened>) -> Outcome<NameSpace> {
    let mut name_spaces: Vec<&NameSpace> = packs.keys().map(TargetPath::name_space).collect();
    name_spaces.dedup();
    match name_spaces.as_slice() {
        [name_space] => Ok((*name_space).clone()),
        _ => Err(Failure::new(
            "the packs are of several name spaces, expected those of one bureau",
        )),
    }
}

impl Report for PublishReport {}

impl fmt::Display for PublishReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishReport::Drafted(report) => report.fmt(f),
            PublishReport::Published(Sent { receipt, expiring }) => {
                for (role, version) in &receipt.roles {
                    writeln!(f, "published role {role} version {version}")?;
                }
                let packs: &BTreeMap<TargetPath, Digest> = &receipt.packs;
                for (path, digest) in packs {
                    writeln!(f, "published {path} {digest}")?;
                }
                for (path, warnings) in &receipt.warnings {
                    for warning in warnings {
                        writeln!(f, "look at {path}: {warning}")?;
                    }
                }
                writeln!(f, "timestamp {}", receipt.timestamp)?;
                tell_expiring(f, expiring)
            }
        }
    }
}
