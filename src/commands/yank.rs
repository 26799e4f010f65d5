//! `rulepack yank`: withdraw a published version.

use clap::Args;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::tuf::Reason;

use super::Command;
use crate::drafts::{Base, Draft, DraftReport, role_of, version_of_pack};
use crate::failure::Outcome;

/// Withdraw a published version (撤回): a draft for the officers, told with what hosts use instead.
///
/// A withdrawn version puts no lower one in force again: its rules are not evaluable until a higher
/// version is published. It stays usable to re-execute old verdicts.
#[derive(Debug, Args)]
pub struct YankArgs {
    /// Which version: `37/vbp-quota@1.2.0`.
    #[arg(value_name = "NAME@VERSION", value_parser = version_of_pack)]
    pub version: TargetPath,
    /// Why, in printable ASCII: it is signed and shown to every hospital.
    #[arg(long)]
    pub reason: Reason,
    #[command(flatten)]
    pub base: Base,
}

impl Command for YankArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let mut draft = Draft::continued(role_of(&self.version), &self.base)?;
        draft.targets.withdraw(&self.version, self.reason.clone())?;
        draft.check()?.write()
    }
}
