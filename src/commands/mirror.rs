//! `rulepack mirror`: a verified copy of a repository in a folder.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_host::client::{Mirror, MirrorError, MirrorReport, NoFailures};
use rulepack_host::update::transport;
use rulepack_protocol::names::NameSpace;
use serde::Serialize;

use super::Command;
use crate::failure::{Failure, Outcome};
use crate::output::Report;
use crate::{clock, files};

/// Copy a repository to a folder or a disk, or bring such a copy up to date; everything is verified as a
/// host verifies it.
///
/// Any static web server can serve the copy, and `init`, `sync` and `verify` take it in place of an address.
/// Stopped at any moment it shows its earlier state, and the next run completes it.
#[derive(Debug, Args)]
pub struct MirrorArgs {
    /// A registry's address, or a folder that holds a copy of it.
    #[arg(long, value_name = "ADDRESS")]
    pub registry: String,
    /// The folder of the copy.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The national root; needed when the copy is made for the first time.
    #[arg(long, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// Name spaces to copy, such as `37`, with those above them; all where it is left out.
    #[arg(long, value_name = "NAME SPACE", num_args = 1..)]
    pub follow: Vec<NameSpace>,
    /// The most that the packs of the copy may take.
    #[arg(long, value_name = "MIB", default_value_t = 65_536)]
    pub max_mib: u64,
}

/// What was copied.
#[derive(Debug, Serialize)]
pub struct MirrorCommandReport {
    from: String,
    to: PathBuf,
    #[serde(flatten)]
    mirror: MirrorReport,
}

impl Command for MirrorArgs {
    type Report = MirrorCommandReport;

    fn execute(&self) -> Outcome<MirrorCommandReport> {
        let transport = transport(&self.registry);
        let mirror = Mirror {
            transport: transport.as_ref(),
            folder: &self.to,
            followed: &self.follow,
            bytes_max: self.max_mib.saturating_mul(1 << 20),
            now: clock::now()?,
            failures: &NoFailures,
        };
        if let Some(root) = &self.root {
            mirror.init(&files::read(root)?).map_err(explained)?;
        }
        Ok(MirrorCommandReport {
            from: self.registry.clone(),
            to: self.to.clone(),
            mirror: mirror.run().map_err(explained)?,
        })
    }
}

fn explained(error: MirrorError) -> Failure {
    let hint = error.hint();
    let failure = Failure::from(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Report for MirrorCommandReport {
    fn is_good(&self) -> bool {
        self.mirror.failed.is_empty()
    }
}

impl fmt::Display for MirrorCommandReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mirror = &self.mirror;
        writeln!(f, "copy of {} in {}", self.from, self.to.display())?;
        writeln!(f, "  root         version {}", mirror.root_version)?;
        let version = mirror.timestamp_version;
        writeln!(
            f,
            "  timestamp    version {version}, fresh until {}",
            mirror.fresh_until
        )?;
        let names: Vec<String> = mirror.name_spaces.iter().map(ToString::to_string).collect();
        writeln!(f, "  name spaces  {}", names.join(", "))?;
        let (packs, bytes, fetched) = (mirror.packs, mirror.bytes, mirror.fetched);
        writeln!(
            f,
            "  packs        {packs} ({bytes} bytes), {fetched} fetched now"
        )?;
        for (name_space, reason) in &mirror.failed {
            writeln!(f, "  failed       {name_space}: {reason}")?;
        }
        Ok(())
    }
}
