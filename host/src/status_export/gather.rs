//! Making a status from the files of a host, with or without a running service.

use std::collections::BTreeMap;

use rulepack_protocol::moment::{Day, Moment};
use rulepack_protocol::names::{NameSpaceClass, PackName};
use rulepack_protocol::tuf::{RoleName, Status};
use semver::Version;

use super::code::{NotACode, RuleId};
use super::content::{
    AcknowledgedHead, ExportedState, ExportedStatus, ExportedVersion, JournalHead, Knowledge,
    NoVerdictCount, RuleCounts, StepTaken,
};
use super::count::Count;
use super::decided::{Decisions, decisions_in};
use super::journal_counts::{JournalCounts, RuleTally};
use super::month::Month;
use crate::client::FloorsStore;
use crate::host_status::{HostStatus, HostStatusError, VersionStatus};
use crate::journal::{self, JournalError};
use crate::lock::State;
use crate::settings::HostFolder;

/// Why there is no status.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The host is not set up, or has no lock.
    #[error(transparent)]
    Host(#[from] HostStatusError),
    /// The journal or the key cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// `institution` of `host.toml`, or the id of a rule, may not stand in a status.
    #[error("nothing can be exported: {0}")]
    Code(#[from] NotACode),
}

impl ExportError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ExportError::Host(error) => error.hint(),
            ExportError::Journal(error) => error.hint(),
            ExportError::Code(_) => Some("write the code of the institution in `host.toml`"),
        }
    }
}

/// Whether it is a vendor's, or set for a vendor's pack: nobody but the hospital is told of those (T15).
pub(super) fn is_of_vendor(pack: &PackName) -> bool {
    let overlaid = pack.overlaid();
    let issuer = overlaid.as_ref().unwrap_or(pack).name_space();
    issuer.class() == NameSpaceClass::Vendor || pack.name_space().class() == NameSpaceClass::Vendor
}

impl ExportedStatus {
    /// Reads the files of a host; counts what is sealed in its journal.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn gather(
        folder: &HostFolder,
        month: Month,
        (made, today): (Moment, Day),
    ) -> Result<Self, ExportError> {
        let status = HostStatus::read(folder, made, today)?;
        let journal = journal_head(folder)?;
        let mut counts = JournalCounts::default();
        if let Some(journal) = &journal {
            let period = month.begins_ms()..month.ends_ms();
            journal::entries_in(&folder.journal(), period, |entry| {
                // What came after the head was read is not of this status.
                if entry.number <= journal.head.count {
                    counts.count(&entry.event);
                }
            })?;
        }
        let decisions = decisions_in(folder, month).map_err(|error| {
            tracing::warn!(%error, "what clinicians decided cannot be read");
        });
        let versions = status.versions.iter();
        let versions = versions.filter(|version| !is_of_vendor(version.path.pack()));
        let own = |packs: Vec<PackName>| packs.into_iter().filter(|p| !is_of_vendor(p)).collect();
        Ok(ExportedStatus {
            institution: status.institution.clone().try_into()?,
            division: status.division.clone(),
            made,
            month,
            release: release(),
            versions: versions.map(version).collect(),
            gaps: own(status.gaps.clone()),
            holds: own(status.holds.keys().cloned().collect()),
            knowledge: knowledge(folder, status),
            journal,
            reviewed: told(&counts.reviewed),
            unreviewed: told(&counts.unreviewed),
            decisions_known: decisions.is_ok(),
            rules: rules(counts.rules, &decisions.unwrap_or_default())?,
            no_verdict: no_verdict(counts.no_verdict),
            events: counts.events,
        })
    }
}

fn release() -> Version {
    let release = env!("CARGO_PKG_VERSION").parse();
    release.unwrap_or(Version::new(0, 0, 0))
}

fn journal_head(folder: &HostFolder) -> Result<Option<JournalHead>, JournalError> {
    let journal = folder.journal();
    if !journal.exists() {
        return Ok(None);
    }
    let Some(head) = journal::head(&journal)? else {
        return Ok(None);
    };
    let acknowledged = journal::last_acknowledged(&journal)?;
    let acknowledged = acknowledged.and_then(|one| {
        Some(AcknowledgedHead {
            head: one.head,
            seen: Moment::from_unix(one.seen).ok()?,
        })
    });
    Ok(Some(JournalHead {
        head: head.seal,
        acknowledged,
    }))
}

/// `None` where the memory of the host cannot be read, which stops no export.
fn knowledge(folder: &HostFolder, status: HostStatus) -> Option<Knowledge> {
    let memory = FloorsStore::new(folder.trust()).read().ok()?;
    let roles = status.roles.into_iter();
    Some(Knowledge {
        refreshed: status.refreshed,
        valid_until: memory.valid_until,
        roles: roles
            .filter(|accepted| match &accepted.role {
                RoleName::Space(space) => space.class() != NameSpaceClass::Vendor,
                RoleName::Top(_) => true,
            })
            .collect(),
    })
}

fn version(version: &VersionStatus) -> ExportedVersion {
    let steps = version.stages.iter().map(|stage| StepTaken {
        step: stage.step,
        came: stage.came,
        at: stage.at,
    });
    ExportedVersion {
        path: version.path.clone(),
        digest: version.digest,
        state: match (&version.state, version.status) {
            (_, Status::Yanked) => ExportedState::Withdrawn,
            (State::Active, _) if version.in_force => ExportedState::InForce,
            (State::Active, _) => ExportedState::Ready,
            (State::Waiting { .. }, _) => ExportedState::Waiting,
            (State::Held { .. } | State::Unfollowed, _) => ExportedState::Held,
            (State::Refused { .. }, _) => ExportedState::Refused,
        },
        mandatory_by: version.mandatory_by,
        steps: steps.collect(),
    }
}

fn told<K: Ord + Copy>(counts: &BTreeMap<K, u64>) -> BTreeMap<K, Count> {
    let counts = counts.iter();
    counts
        .map(|(key, count)| (*key, Count::of(*count)))
        .collect()
}

fn rules(
    rules: BTreeMap<super::decided::RuleKey, RuleTally>,
    decisions: &Decisions,
) -> Result<Vec<RuleCounts>, NotACode> {
    let told = rules.into_iter().map(|(key, tally)| {
        let (continued, changed) = decisions.get(&key).copied().unwrap_or_default();
        let (pack, rule) = key;
        let findings = Count::of(tally.findings);
        Ok(RuleCounts {
            pack,
            rule: RuleId::try_from(rule)?,
            amount: (!findings.is_few()).then_some(tally.amount),
            findings,
            softened: Count::of(tally.softened),
            continued: Count::of(continued),
            changed: Count::of(changed),
            not_evaluable: Count::of(tally.not_evaluable),
            abstained: Count::of(tally.abstained),
            missing: tally.missing.into_iter().collect(),
        })
    });
    told.collect()
}

fn no_verdict(
    none: BTreeMap<(rulepack_protocol::names::TargetPath, super::NoVerdictKind), (u64, i64)>,
) -> Vec<NoVerdictCount> {
    let told = none.into_iter().map(|((pack, kind), (number, amount))| {
        let patients = Count::of(number);
        NoVerdictCount {
            pack,
            kind,
            amount: (!patients.is_few()).then_some(amount),
            patients,
        }
    });
    told.collect()
}
