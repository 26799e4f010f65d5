//! `rulepack deny`: an ancestor stops one pack by its digest.

use clap::Args;
use rulepack_protocol::digest::Digest;
use rulepack_protocol::tuf::{Reason, RoleName};

use super::Command;
use crate::drafts::{Base, Draft, DraftReport};
use crate::failure::Outcome;

/// Deny a pack by its digest (禁用), in the role's own name space and all below: a draft for its officers.
///
/// For a version that stolen keys have signed. Hosts stop it at their next refresh and never take it
/// again; the versions beside it go on. Only a new root clears a denial.
#[derive(Debug, Args)]
pub struct DenyArgs {
    /// The SHA-256 of the sealed pack.
    pub digest: Digest,
    /// Who denies it: the name space of the pack, its province, or `targets`.
    #[arg(long = "as", value_name = "ROLE")]
    pub role: RoleName,
    /// Why, in printable ASCII: it is signed.
    #[arg(long)]
    pub reason: Reason,
    #[command(flatten)]
    pub base: Base,
}

impl Command for DenyArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let mut draft = Draft::continued(self.role.clone(), &self.base)?;
        draft.targets.deny(self.digest, self.reason.clone())?;
        draft.check()?.write()
    }
}
