//! `rulepack renew`: a role's next version, with nothing but a later expiry.

use clap::Args;
use rulepack_protocol::tuf::{RoleName, TopRole};

use super::Command;
use crate::drafts::{Base, Draft, DraftReport};
use crate::failure::{Failure, Outcome};

/// Prolong a role: its next version with nothing but a later expiry (续期), a draft for its officers.
#[derive(Debug, Args)]
pub struct RenewArgs {
    /// `targets`, or a name space.
    pub role: RoleName,
    #[command(flatten)]
    pub base: Base,
}

impl Command for RenewArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        match &self.role {
            RoleName::Top(TopRole::Root) => {
                Err(Failure::new("the root is not renewed like a role").hint("use `root renew`"))
            }
            RoleName::Top(top @ (TopRole::Snapshot | TopRole::Timestamp)) => Err(Failure::new(
                format!("`{top}` is renewed by the registry's signer alone"),
            )),
            role => Draft::continued(role.clone(), &self.base)?.check()?.write(),
        }
    }
}
