//! `rulepack minimum`: an ancestor forbids the versions of a pack below one.

use clap::Args;
use rulepack_protocol::names::PackName;
use rulepack_protocol::tuf::RoleName;
use semver::Version;

use super::Command;
use crate::drafts::{Base, Draft, DraftReport};
use crate::failure::{Failure, Outcome};

/// Forbid the versions of a pack below one (最低版本): a draft for the officers of its name space, or of a
/// role above it.
///
/// Hosts stop lower versions at their next refresh, never fall back to them, and only ever raise a minimum.
#[derive(Debug, Args)]
pub struct MinimumArgs {
    /// The pack: `37/vbp-quota`.
    pub pack: PackName,
    /// The lowest version that may run.
    pub version: Version,
    /// Who asks for it: the name space of the pack (where it is left out), its province, or `targets`.
    #[arg(long = "as", value_name = "ROLE")]
    pub role: Option<RoleName>,
    #[command(flatten)]
    pub base: Base,
}

impl Command for MinimumArgs {
    type Report = DraftReport;

    fn execute(&self) -> Outcome<DraftReport> {
        let name_space = self.pack.name_space();
        let own = RoleName::Space(name_space.clone());
        let role = self.role.clone().unwrap_or_else(|| own.clone());
        let above = [own, RoleName::parent_of(name_space), RoleName::TARGETS];
        if !above.contains(&role) {
            return Err(Failure::new(format!(
                "`{role}` does not stand above `{}`, so hosts would not obey it",
                self.pack
            )));
        }
        let mut draft = Draft::continued(role, &self.base)?;
        draft.targets.require(&self.pack, self.version.clone())?;
        draft.check()?.write()
    }
}
