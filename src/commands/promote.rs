//! `rulepack promote`: give a version of the first wave to everybody.

use clap::Args;
use rulepack_protocol::names::TargetPath;

use super::Command;
use crate::drafts::{Base, Draft, DraftReport, role_of, version_of_pack};
use crate::failure::Outcome;

/// Give a version of the first wave (canary, 灰度) to everybody (stable): a draft for the officers.
#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// Which version: `37/vbp-quota@1.2.0`.
    #[arg(value_name = "NAME@VERSION", value_parser = version_of_pack)]
    pub version: TargetPath,
    #[command(flatten)]
    pub base: Base,
}

impl Command for PromoteArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let mut draft = Draft::continued(role_of(&self.version), &self.base)?;
        draft.targets.promote(&self.version)?;
        draft.check()?.write()
    }
}
