//! `rulepack publish`: from sealed packs to a registry that lists them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use rulepack_host::packs;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::{NameSpace, TargetPath};
use rulepack_protocol::pack::Pack;
use rulepack_protocol::tuf::{
    AnyEnvelope, Channel, Custom, Envelope, FilePin, Payload as _, RoleName, Target, Targets,
    summary,
};
use rulepack_registry::client::PublishFailed;
use rulepack_registry::{Client, Publication, Receipt};
use serde::Serialize;

use super::Command;
use crate::clock;
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
    /// Sealed packs, all of one name space.
    #[arg(required = true)]
    pub packs: Vec<PathBuf>,
    /// The registry's address.
    #[arg(long)]
    pub registry: String,
    /// Who is to run them.
    #[arg(long, value_enum, default_value = "stable")]
    pub channel: Wave,
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
    /// The packs that it newly lists.
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
    Drafted {
        /// The file.
        file: PathBuf,
        /// In plain words.
        changes: Vec<String>,
    },
    /// The registry's receipt.
    Published(Receipt),
}

impl Command for PublishArgs {
    type Report = PublishReport;

    fn execute(&self) -> Outcome<PublishReport> {
        match &self.action {
            PublishAction::Draft(args) => draft(args),
            PublishAction::Send(args) => Ok(PublishReport::Published(send(args)?)),
        }
    }
}

/// Drafts the next version of a bureau's role.
pub fn draft(args: &DraftArgs) -> Outcome<PublishReport> {
    let opened = open_all(&args.packs)?;
    let name_space = match &args.role {
        Some(role) => role.clone(),
        None => one_name_space(&opened)?,
    };
    let role = RoleName::Space(name_space.clone());
    let expires = clock::now()?.plus_days(args.days);
    let old: Option<Envelope<Targets>> = match Client::new(&args.registry).role(&role)? {
        None => None,
        Some(bytes) => Some(Envelope::parse(&bytes)?),
    };
    let mut targets = match &old {
        None => Targets::new(expires),
        Some(old) => {
            let mut targets = old.signed().clone();
            targets.bump(expires)?;
            targets
        }
    };
    let channel = match args.channel {
        Wave::Canary => Channel::Canary,
        Wave::Stable => Channel::Stable,
    };
    for (pack, bytes) in opened.values() {
        let target = Target {
            length: bytes.len() as u64,
            hashes: FilePin::of(1, bytes).hashes,
            custom: Custom::of(pack, channel, clock::now()?.day()),
        };
        targets.add_target(path_of(pack)?, target)?;
    }
    let new = Envelope::unsigned(targets)?;
    let file = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{name_space}.json")));
    files::write(&file, &new.to_bytes())?;
    let old = old.map(AnyEnvelope::Targets);
    Ok(PublishReport::Drafted {
        file,
        changes: summary(old.as_ref(), &AnyEnvelope::Targets(new)),
    })
}

/// Sends signed roles and packs.
pub fn send(args: &SendArgs) -> Outcome<Receipt> {
    let mut publication = Publication::default();
    for role in &args.roles {
        let (name, path) = match role.split_once('=') {
            Some((name, path)) => (name.to_owned(), PathBuf::from(path)),
            None => (stem(role), PathBuf::from(role)),
        };
        let name: RoleName = name
            .parse()
            .context(|| format!("`{role}` does not say which role it is"))
            .hint("name the file `<role>.json`, or write `<role>=<file>`")?;
        publication.metadata.insert(name, files::read(&path)?);
    }
    for (path, (_, bytes)) in open_all(&args.packs)? {
        publication.targets.insert(path, bytes);
    }
    Client::new(&args.registry)
        .publish(&publication)
        .map_err(|error| {
            let hint = error.hint();
            let failure = refused(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })
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

fn stem(file: &str) -> String {
    let name = Path::new(file).file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn open_all(paths: &[PathBuf]) -> Outcome<BTreeMap<TargetPath, (Pack, Vec<u8>)>> {
    let mut opened = BTreeMap::new();
    for path in paths {
        let bytes = files::read(path)?;
        let pack = packs::open(&bytes).context(|| format!("`{}`", path.display()))?;
        opened.insert(path_of(&pack)?, (pack, bytes));
    }
    Ok(opened)
}

fn path_of(pack: &Pack) -> Outcome<TargetPath> {
    let header = &pack.manifest.pack;
    Ok(TargetPath::new(
        header.name.clone(),
        header.version.clone(),
    )?)
}

fn one_name_space(packs: &BTreeMap<TargetPath, (Pack, Vec<u8>)>) -> Outcome<NameSpace> {
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
            PublishReport::Drafted { file, changes } => {
                writeln!(f, "{} (unsigned)", file.display())?;
                for change in changes {
                    writeln!(f, "  {change}")?;
                }
            }
            PublishReport::Published(receipt) => {
                for (role, version) in &receipt.roles {
                    writeln!(f, "published role {role} version {version}")?;
                }
                let packs: &BTreeMap<TargetPath, Digest> = &receipt.packs;
                for (path, digest) in packs {
                    writeln!(f, "published {path} {digest}")?;
                }
                writeln!(f, "timestamp {}", receipt.timestamp)?;
            }
        }
        Ok(())
    }
}
