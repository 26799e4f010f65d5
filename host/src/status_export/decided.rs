//! What clinicians decided on the findings of a month, without a service that has the store open.

use std::collections::{BTreeMap, HashMap};

use rulepack_protocol::names::TargetPath;

use super::month::Month;
use crate::findings::{self, Entry, FindingId, FindingsError, Way};
use crate::settings::HostFolder;

/// A rule of a version.
pub(super) type RuleKey = (TargetPath, String);

/// On how many findings of a rule the clinician went on, and after how many the order was changed.
pub(super) type Decisions = BTreeMap<RuleKey, (u64, u64)>;

/// Decisions on the findings of a month, whenever they were made. The last one on a finding counts.
pub(super) fn decisions_in(folder: &HostFolder, month: Month) -> Result<Decisions, FindingsError> {
    let mut ways: HashMap<FindingId, (RuleKey, Option<Way>)> = HashMap::new();
    findings::read_since(folder, &month.to_string(), |name, entry| match entry {
        Entry::Found(found) if name == month.to_string() => {
            let found = found.into_iter();
            ways.extend(found.map(|finding| (finding.id, ((finding.pack, finding.rule), None))));
        }
        Entry::Found(_) => {}
        Entry::Withdrawn(answer) => ways.retain(|finding, _| finding.answer != answer),
        Entry::Decided(decisions) => {
            for decision in decisions {
                if let Some((_, way)) = ways.get_mut(&decision.finding) {
                    *way = Some(decision.way);
                }
            }
        }
    })?;
    let mut decisions = Decisions::new();
    for (key, way) in ways.into_values() {
        let (continued, changed) = decisions.entry(key).or_default();
        match way {
            Some(Way::Continued) => *continued += 1,
            Some(Way::Changed) => *changed += 1,
            None => {}
        }
    }
    Ok(decisions)
}
