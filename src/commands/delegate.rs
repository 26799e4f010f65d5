//! `rulepack delegate` and `rulepack revoke`: who may sign in a name space.

use std::path::PathBuf;

use clap::Args;
use rulepack_protocol::names::NameSpace;
use rulepack_protocol::tuf::{Authority, RoleName};

use super::Command;
use crate::drafts::{Base, Draft, DraftReport};
use crate::failure::{Failure, Outcome};
use crate::keys::read_public;

/// Delegate a name space to the keys of its bureau or vendor, or replace its keys (授权).
///
/// A province and a vendor stand under `targets`, a city under its province: `3703` under `37`. The draft
/// is a new version of that role, to be signed by its officers.
#[derive(Debug, Args)]
pub struct DelegateArgs {
    /// The name space: `cn`, `37`, `3703`, `vendor-acme`.
    pub name_space: NameSpace,
    /// Public keys of its officers.
    #[arg(long = "key", required = true)]
    pub keys: Vec<PathBuf>,
    /// How many of them must sign.
    #[arg(long, default_value_t = 2)]
    pub threshold: u32,
    #[command(flatten)]
    pub base: Base,
}

/// End the delegation of a name space: its packs stop at the next update of every host.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// The name space.
    pub name_space: NameSpace,
    #[command(flatten)]
    pub base: Base,
}

impl Command for DelegateArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let parent = parent_of(&self.name_space, &self.base)?;
        let authority = authority(&self.keys, self.threshold)?;
        let mut draft = Draft::begin(parent, &self.base)?;
        draft.targets.delegate(&self.name_space, &authority);
        draft.check()?.write()
    }
}

impl Command for RevokeArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let parent = parent_of(&self.name_space, &self.base)?;
        let mut draft = Draft::continued(parent, &self.base)?;
        draft.targets.revoke(&self.name_space)?;
        draft.check()?.write()
    }
}

/// The role above a name space; refuses the file of another one.
fn parent_of(name_space: &NameSpace, base: &Base) -> Outcome<RoleName> {
    let parent = RoleName::parent_of(name_space);
    if let Some(from) = &base.from {
        let (found, _) = crate::drafts::named_role(from)?;
        if found != parent {
            return Err(Failure::new(format!(
                "`{name_space}` stands under `{parent}`, not under `{found}`"
            ))
            .hint(format!(
                "continue the file of `{parent}`, signed by its officers"
            )));
        }
    }
    Ok(parent)
}

/// The keys of a role from their files, and how many of them must sign.
pub fn authority(keys: &[PathBuf], threshold: u32) -> Outcome<Authority> {
    let public = keys.iter().map(|path| read_public(path));
    let public = public.collect::<Outcome<Vec<_>>>()?;
    if threshold == 0 || usize::try_from(threshold).map_or(true, |due| due > public.len()) {
        let count = public.len();
        return Err(Failure::new(format!(
            "threshold `{threshold}` does not fit {count} keys, expected a number from 1 to {count}"
        )));
    }
    Ok(Authority::new(public, threshold))
}
