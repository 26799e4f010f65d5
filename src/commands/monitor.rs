//! `rulepack monitor`: whether what several addresses serve is what the bureau has signed (T5).

mod compare;
mod observe;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{AnyEnvelope, ExpiryWarning, RoleName, TopRole, expiry_warnings};
use serde::Serialize;

use super::Command;
use crate::clock;
use crate::drafts::{named_role, tell_expiring};
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;
use compare::Finding;
use observe::Observed;

/// Compare what several addresses of a registry serve with the files that the bureau has signed.
///
/// Each address is followed as a new host would follow it, from the root on. Found are publications that
/// an address does not show (swallowed), versions that the bureau did not sign, a timestamp that stands
/// still, and addresses that answer differently. Ends with 3 where something was found. Roles that expire
/// within thirty days are told as well, so that a bureau which runs this daily renews in time.
#[derive(Debug, Args)]
pub struct MonitorArgs {
    /// An address, or a folder that holds a copy of a repository; once for each.
    #[arg(long = "registry", required = true, value_name = "ADDRESS")]
    pub registries: Vec<String>,
    /// A signed file (`<role>.json`), or a folder with such files; of several versions of a role the
    /// newest counts.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    pub signed: Vec<PathBuf>,
    /// The root to start from; `root.json` among the signed files where it is left out.
    #[arg(long)]
    pub root: Option<PathBuf>,
}

/// What was compared, and what was found.
#[derive(Debug, Serialize)]
pub struct MonitorReport {
    /// The newest signed version of each role.
    signed: BTreeMap<RoleName, u64>,
    /// What each address serves: versions by role.
    served: BTreeMap<String, BTreeMap<RoleName, u64>>,
    findings: Vec<Finding>,
    /// Roles that expire soon.
    expiring: Vec<ExpiryWarning>,
}

/// The newest file of each role that the bureau has.
pub type Signed = BTreeMap<RoleName, AnyEnvelope>;

impl Command for MonitorArgs {
    type Report = MonitorReport;

    fn execute(&self) -> Outcome<MonitorReport> {
        let signed = self.read_signed()?;
        let root = self.read_root(&signed)?;
        let now = clock::now()?;
        let mut observed = Vec::new();
        for address in &self.registries {
            observed.push(Observed::at(address, &root, signed.keys(), now)?);
        }
        let mut findings = Vec::new();
        for seen in &observed {
            findings.extend(compare::with_signed(seen, &signed, now));
        }
        findings.extend(compare::among_each_other(&observed));
        let expiring = expiring(&signed, &observed, now);
        let served = observed.into_iter().map(|seen| {
            let versions = seen.roles.iter();
            let versions = versions.map(|(role, file)| (role.clone(), file.version()));
            (seen.address.clone(), versions.collect())
        });
        Ok(MonitorReport {
            served: served.collect(),
            signed: signed
                .iter()
                .map(|(role, file)| (role.clone(), file.version()))
                .collect(),
            findings,
            expiring,
        })
    }
}

/// What expires soon of the newest files, signed or verified.
fn expiring(signed: &Signed, observed: &[Observed], now: Moment) -> Vec<ExpiryWarning> {
    let mut newest: BTreeMap<&RoleName, &AnyEnvelope> = signed.iter().collect();
    let believed = observed.iter().filter(|seen| seen.refused.is_empty());
    for (role, file) in believed.flat_map(|seen| &seen.roles) {
        let known = newest.entry(role).or_insert(file);
        if file.version() > known.version() {
            *known = file;
        }
    }
    let ends = newest.into_iter();
    expiry_warnings(ends.map(|(role, file)| (role.clone(), file.expires())), now)
}

impl MonitorArgs {
    fn read_signed(&self) -> Outcome<Signed> {
        let mut newest = Signed::new();
        for path in self.signed_paths()? {
            // Other files may lie in the folder: keys, packs, versions before a draft.
            let Ok((role, path)) = named_role(&path.to_string_lossy()) else {
                continue;
            };
            let file = AnyEnvelope::parse(&files::read(&path)?)
                .context(|| format!("`{}`", path.display()))?;
            let by_machine = [RoleName::SNAPSHOT, RoleName::TIMESTAMP].contains(&role);
            let known = newest.get(&role).map_or(0, AnyEnvelope::version);
            if !by_machine && is_signed(&file) && file.version() > known {
                newest.insert(role, file);
            }
        }
        match newest.is_empty() {
            true => Err(
                Failure::new("there is no signed file to compare with").hint(
                    "keep `<role>.json` of every publication, and name the folder with `--signed`",
                ),
            ),
            false => Ok(newest),
        }
    }

    fn signed_paths(&self) -> Outcome<Vec<PathBuf>> {
        let mut paths = Vec::new();
        for path in &self.signed {
            if !path.is_dir() {
                paths.push(path.clone());
                continue;
            }
            let entries =
                std::fs::read_dir(path).context(|| format!("cannot read `{}`", path.display()))?;
            for entry in entries {
                let path = entry?.path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    paths.push(path);
                }
            }
        }
        Ok(paths)
    }

    fn read_root(&self, signed: &Signed) -> Outcome<Vec<u8>> {
        match (&self.root, signed.get(&RoleName::Top(TopRole::Root))) {
            (Some(path), _) => files::read(path),
            (None, Some(root)) => Ok(root.to_bytes()),
            (None, None) => Err(Failure::new("there is no root among the signed files")
                .hint("name it with `--root`")),
        }
    }
}

fn is_signed(file: &AnyEnvelope) -> bool {
    match file {
        AnyEnvelope::Root(file) => !file.signatures().is_empty(),
        AnyEnvelope::Targets(file) => !file.signatures().is_empty(),
        AnyEnvelope::Snapshot(_) | AnyEnvelope::Timestamp(_) => false,
    }
}

impl Report for MonitorReport {
    fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for MonitorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (role, version) in &self.signed {
            writeln!(f, "signed {role} version {version}")?;
        }
        for (address, roles) in &self.served {
            let versions: Vec<String> = roles
                .iter()
                .map(|(role, version)| format!("{role} {version}"))
                .collect();
            writeln!(f, "{address}: {}", versions.join(", "))?;
        }
        for finding in &self.findings {
            writeln!(f, "FOUND {}: {}", finding.address, finding.what)?;
            for detail in &finding.details {
                writeln!(f, "  {detail}")?;
            }
        }
        tell_expiring(f, &self.expiring)?;
        match self.findings.len() {
            0 => writeln!(f, "every address serves what was signed"),
            1 => writeln!(f, "1 thing is not as it should be"),
            count => writeln!(f, "{count} things are not as they should be"),
        }
    }
}
