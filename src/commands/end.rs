//! `rulepack end`: an earlier last day of a published version.

use clap::Args;
use rulepack_protocol::moment::Day;
use rulepack_protocol::names::TargetPath;

use super::Command;
use crate::clock;
use crate::drafts::{Base, Draft, DraftReport, role_of, version_of_pack};
use crate::failure::Outcome;

/// Set an earlier last day in force of a published version (停用日): a draft for the officers.
///
/// Claims of days up to it still meet the version. A last day is never moved later or taken back.
#[derive(Debug, Args)]
pub struct EndArgs {
    /// Which version: `37/vbp-quota@1.2.0`.
    #[arg(value_name = "NAME@VERSION", value_parser = version_of_pack)]
    pub version: TargetPath,
    /// Its last day in force, today or later: `2026-12-31`.
    #[arg(long)]
    pub on: Day,
    #[command(flatten)]
    pub base: Base,
}

impl Command for EndArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let mut draft = Draft::continued(role_of(&self.version), &self.base)?;
        draft.targets.end(&self.version, self.on, clock::today()?)?;
        draft.check()?.write()
    }
}
