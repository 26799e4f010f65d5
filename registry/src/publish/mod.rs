//! What stands between an upload and the repository: a list of steps, each with its own refusal.
//!
//! bounds ([`crate::publication`]) → signatures and rules of each role → length and digest of each pack
//! → open → `custom` = manifest → its own cases → each overlay fits its pack. No byte of a pack is parsed before its role's officers
//! have signed its digest. Storing and signing come after, in [`crate::registry`].

mod overlays;
mod packs;
mod refusal;
mod roles;

use std::collections::BTreeMap;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::pack::Pack;
use rulepack_protocol::tuf::RoleName;
use serde::{Deserialize, Serialize};

pub(crate) use overlays::check_fits;
pub(crate) use packs::{check_packs, check_uploaded};
pub use refusal::{Refusal, RefusalKind, RootError};
pub(crate) use roles::{
    NewTargets, already_published, digests, published_with, verify_roles, verify_root,
};

/// Runs the cases that are sealed in a pack. The command line implements it with the engine, in a
/// process of its own; `rulepack-registry` contains no engine.
pub trait CaseRunner: Send + Sync {
    /// Runs all cases of `pack`, whose file is `bytes`. Called once its officers have signed it.
    ///
    /// # Errors
    /// Where one does not pass, or the pack cannot be run.
    fn run(&self, pack: &Pack, bytes: &[u8]) -> Result<(), CasesFailed>;
}

/// The cases of a pack that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CasesFailed {
    /// It ran, and some gave another answer than expected.
    #[error("{failed} of {total} cases fail, the first is `{first}`: {reason}")]
    Failed {
        /// How many.
        failed: usize,
        /// Of how many.
        total: usize,
        /// Name of the first one.
        first: String,
        /// What differs.
        reason: String,
    },
    /// It could not be run at all.
    #[error("the pack cannot be run: {0}")]
    NotRun(String),
}

/// What a publication did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Set where all of it was published before: the retry changed nothing.
    pub already_published: bool,
    /// The published version of each role of the upload.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub roles: BTreeMap<RoleName, u64>,
    /// The packs that it newly listed and their digests.
    #[schema(value_type = BTreeMap<String, String>)]
    pub packs: BTreeMap<TargetPath, Digest>,
    /// What somebody should look at in these packs, as `rulepack lint` tells it; it refused nothing. Not
    /// told again of a publication that was made before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub warnings: BTreeMap<TargetPath, Vec<String>>,
    /// The version of the timestamp that shows them; 0 for a root before the first publication.
    pub timestamp: u64,
}
