//! `rulepack root publish`: a signed root for the registry.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use rulepack_protocol::tuf::{Envelope, MetadataError, RoleName, Root, TopRole};
use rulepack_registry::{Client, Publication, Receipt};
use serde::Serialize;

use crate::commands::publish::explain;
use crate::failure::{Explain as _, Failure, Outcome};
use crate::files;

#[derive(Debug, Args)]
pub struct PublishRootArgs {
    /// The signed root.
    file: PathBuf,
    /// The registry's address.
    #[arg(long, value_name = "ADDRESS")]
    registry: String,
}

/// The root that the registry has from now on.
#[derive(Debug, Serialize)]
pub struct RootPublished {
    version: u64,
    receipt: Receipt,
}

/// Sends a signed root. What the registry would refuse is told before, by name of the root that asks.
pub fn publish(args: &PublishRootArgs) -> Outcome<RootPublished> {
    let bytes = files::read(&args.file)?;
    let root: Envelope<Root> =
        Envelope::parse(&bytes).context(|| format!("`{}`", args.file.display()))?;
    let client = Client::new(&args.registry);
    let present = client.role(&RoleName::ROOT)?.ok_or_else(|| {
        Failure::new(format!("`{}` has no root yet", args.registry))
            .hint("its operator installs the first one with `rulepack registry install`")
    })?;
    let present: Envelope<Root> = Envelope::parse(&present)?;
    if present.signed().version.checked_add(1) == Some(root.signed().version) {
        check(present.signed(), &root)?;
    }
    check(root.signed(), &root)?;
    let publication = Publication {
        metadata: [(RoleName::ROOT, bytes)].into(),
        ..Publication::default()
    };
    let receipt = client.publish(&publication).map_err(explain)?;
    Ok(RootPublished {
        version: root.signed().version,
        receipt,
    })
}

/// Whether enough keepers of one root have signed another.
fn check(keepers: &Root, root: &Envelope<Root>) -> Outcome {
    match keepers.authority(TopRole::Root).check(root) {
        Err(MetadataError::Threshold { found, needed }) => Err(Failure::new(format!(
            "{found} keepers of root {} have signed, {needed} must",
            keepers.version
        ))
        .hint("a new root is signed by enough keepers of the root before it and of its own")),
        checked => Ok(checked?),
    }
}

impl fmt::Display for RootPublished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "published root version {}", self.version)?;
        writeln!(f, "timestamp {}", self.receipt.timestamp)
    }
}
