//! `rulepack merge`: the signatures of officers who signed separate copies.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use rulepack_protocol::tuf::{
    AnyEnvelope, Authority, Envelope, Payload, RoleName, Root, Targets, TopRole, merge,
};
use serde::Serialize;

use super::Command;
use super::sign::read_any;
use crate::drafts::named_role;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;
use crate::output::Report;

/// Join the signatures of officers who signed separate copies of one file.
///
/// The copies must say the same, and only signatures count whose keys the role above names; a wrong or
/// unknown one is refused by name.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The signed copies.
    #[arg(required = true, num_args = 2..)]
    pub files: Vec<PathBuf>,
    /// The file that names the keys: the root for `targets`, `targets` for a province or vendor, the
    /// province for a city; for a new root, the root before it.
    #[arg(long, value_name = "FILE")]
    pub above: Option<PathBuf>,
    /// Where the joined file goes: `<role>.json`, or ROLE=FILE.
    #[arg(long, value_name = "FILE")]
    pub out: String,
}

/// What was joined.
#[derive(Debug, Serialize)]
pub struct MergeReport {
    file: PathBuf,
    signatures: usize,
    due: u32,
}

impl Command for MergeArgs {
    type Report = MergeReport;

    fn execute(&self) -> Outcome<MergeReport> {
        let (role, out) = named_role(&self.out)?;
        let above = self.above.as_deref().map(read_any).transpose()?;
        let (bytes, signatures, due) = match role {
            RoleName::Top(TopRole::Root) => self.merge_roots(above)?,
            role => {
                let authority = authority_of(&role, above)?;
                join(&self.read::<Targets>()?, &[&authority])?
            }
        };
        files::write(&out, &bytes)?;
        Ok(MergeReport {
            file: out,
            signatures,
            due,
        })
    }
}

/// The joined file, its signatures, and how many are due.
type Joined = (Vec<u8>, usize, u32);

impl MergeArgs {
    fn merge_roots(&self, above: Option<AnyEnvelope>) -> Outcome<Joined> {
        let roots = self.read::<Root>()?;
        let own = roots
            .first()
            .map(|root| root.signed().authority(TopRole::Root));
        let before = match above {
            Some(AnyEnvelope::Root(before)) => Some(before.signed().authority(TopRole::Root)),
            Some(_) => {
                return Err(Failure::new(
                    "a new root is merged under the root before it",
                ));
            }
            None => None,
        };
        let authorities: Vec<&Authority> = own.iter().chain(&before).collect();
        join(&roots, &authorities)
    }

    fn read<T: Payload>(&self) -> Outcome<Vec<Envelope<T>>> {
        let read = |path: &PathBuf| read_one(path);
        self.files.iter().map(read).collect()
    }
}

fn read_one<T: Payload>(path: &Path) -> Outcome<Envelope<T>> {
    Envelope::parse(&files::read(path)?).context(|| format!("`{}`", path.display()))
}

fn join<T: Payload>(copies: &[Envelope<T>], authorities: &[&Authority]) -> Outcome<Joined> {
    let merged = merge(copies, authorities)?;
    let due = authorities.iter().map(|authority| authority.threshold());
    Ok((
        merged.to_bytes(),
        merged.signatures().len(),
        due.max().unwrap_or_default(),
    ))
}

/// The keys that the role above names for a role.
fn authority_of(role: &RoleName, above: Option<AnyEnvelope>) -> Outcome<Authority> {
    let authority = match (role, above) {
        (RoleName::Top(top), Some(AnyEnvelope::Root(root))) => Some(root.signed().authority(*top)),
        (RoleName::Space(name_space), Some(AnyEnvelope::Targets(parent))) => {
            parent.signed().authority(name_space)
        }
        _ => None,
    };
    authority.ok_or_else(|| {
        Failure::new(format!("it is not said who may sign `{role}`"))
            .hint("name the file of the role above it with `--above`")
    })
}

impl Report for MergeReport {}

impl fmt::Display for MergeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, count, due) = (self.file.display(), self.signatures, self.due);
        write!(f, "{file}: {count} signatures, {due} must sign")
    }
}
