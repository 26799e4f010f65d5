//! What is served against what was signed, and what one address serves against another.

use rulepack_protocol::digest::Digest;
use rulepack_protocol::moment::Moment;
use rulepack_protocol::tuf::{AnyEnvelope, Language, RoleName, summary};
use serde::Serialize;

use super::Signed;
use super::observe::Observed;

/// Something that is not as it should be.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// At which address.
    pub address: String,
    /// What it is.
    pub what: String,
    /// What is missing there, in the words that officers sign under.
    pub details: Vec<String>,
}

/// Compares what an address serves with the bureau's own files.
pub fn with_signed(seen: &Observed, signed: &Signed, now: Moment) -> Vec<Finding> {
    let finding = |what: String, details: Vec<String>| Finding {
        address: seen.address.clone(),
        what,
        details,
    };
    let mut findings: Vec<Finding> = seen
        .refused
        .iter()
        .map(|why| finding(format!("a host refuses it: {why}"), Vec::new()))
        .collect();
    if let Some(timestamp) = seen.roles.get(&RoleName::TIMESTAMP)
        && timestamp.expires() <= now
    {
        let expires = timestamp.expires();
        findings.push(finding(
            format!("the timestamp stands still, it expired at {expires}"),
            Vec::new(),
        ));
    }
    for (role, own) in signed {
        let version = own.version();
        let told = |old, new| summary(Some(role), old, new, Language::English);
        match seen.roles.get(role) {
            None if *role == RoleName::ROOT => {}
            None => findings.push(finding(
                format!("`{role}` is missing, version {version} was signed"),
                told(None, own),
            )),
            Some(served) if served.version() < version => findings.push(finding(
                format!(
                    "`{role}` is served at version {}, version {version} was signed; missing there:",
                    served.version()
                ),
                told(Some(served), own),
            )),
            Some(served) if served.version() > version => findings.push(finding(
                format!(
                    "`{role}` is served at version {}, the newest signed file is version {version}; not \
                     among the signed files:",
                    served.version()
                ),
                told(Some(own), served),
            )),
            Some(served) if payload(served) != payload(own) => findings.push(finding(
                format!("`{role}` version {version} is served with other content than was signed"),
                told(Some(own), served),
            )),
            Some(_) => {}
        }
    }
    findings
}

/// Compares each address with the first: the same version must be the same file, and a role of another
/// version is behind on one side.
pub fn among_each_other(observed: &[Observed]) -> Vec<Finding> {
    let Some((first, others)) = observed.split_first() else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for other in others {
        for (role, file) in &other.roles {
            let Some(known) = first.roles.get(role) else {
                continue;
            };
            let (here, there) = (file.version(), known.version());
            let what = if here != there {
                format!("serves `{role}` {here}, `{}` serves {there}", first.address)
            } else if file.to_bytes() != known.to_bytes() {
                format!(
                    "serves another `{role}` {here} than `{}`: sha256 {} and {}",
                    first.address,
                    Digest::of(&file.to_bytes()),
                    Digest::of(&known.to_bytes())
                )
            } else {
                continue;
            };
            findings.push(Finding {
                address: other.address.clone(),
                what,
                details: Vec::new(),
            });
        }
    }
    findings
}

/// What was signed, without the signatures: a bureau's copy may carry fewer of them.
fn payload(file: &AnyEnvelope) -> &[u8] {
    match file {
        AnyEnvelope::Root(file) => file.canonical(),
        AnyEnvelope::Targets(file) => file.canonical(),
        AnyEnvelope::Snapshot(file) => file.canonical(),
        AnyEnvelope::Timestamp(file) => file.canonical(),
    }
}
