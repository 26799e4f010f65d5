//! Stays under DIP payment, and the group that their settlement lists (医保结算清单) give.

use rulepack_sdk::prelude::*;

use crate::DipChecks;
use crate::auxiliary::Subject;
use crate::grouper::Category;
use crate::values::Rate;

/// The columns without which a record has no group, as in the manifest.
pub(crate) const RECORD: &[&str] = &[
    "encounters.current",
    "diagnoses.encounters",
    "diagnoses.codes",
    "diagnoses.principal",
    "diagnoses.on-settlement-list",
    "procedures.encounters",
    "procedures.codes",
    "procedures.principal",
    "procedures.on-settlement-list",
];

/// A stay under review that is paid by DIP.
#[derive(Debug)]
pub struct Stay {
    /// Its row.
    pub encounter: Row<Encounters>,
    /// The group claimed; `None` where none is recorded.
    pub claimed: Option<Code>,
    /// The day whose values apply: settlement, else discharge, else today.
    pub day: Day,
    /// The settlement list, or the columns for want of which it has no group.
    pub record: Result<Record, MissingColumns>,
    /// What its points are worth; `None` where the city did not supply all that it takes.
    pub rate: Option<Rate>,
}

/// The settlement list of a stay, and its group.
#[derive(Debug)]
pub struct Record {
    /// What it lists.
    pub list: SettlementList,
    /// The principal diagnosis by its first characters.
    pub category: Category,
    /// The group that it gives; `None` where it is ungroupable.
    pub group: Option<Code>,
}

impl Stay {
    /// The group that is to be paid: the one claimed, else the one that the record gives.
    #[must_use]
    pub fn group(&self) -> Option<Code> {
        let given = || self.record.as_ref().ok().and_then(|record| record.group);
        self.claimed.or_else(given)
    }

    /// Tells that a rule lacks these columns of the stay.
    pub(crate) fn abstain(
        &self,
        rule: &'static str,
        missing: &[&'static str],
        answer: &mut Answer,
    ) {
        answer.add(Abstention::lacking(rule, self.encounter, missing));
    }
}

/// The stays under review whose payment method is DIP, or that claim a group of the tables. In a forecast, where
/// no payment method is recorded yet, also those of the care types that the city names.
pub(crate) fn stays(pack: &DipChecks, batch: &Batch, reading: Reading) -> Vec<Stay> {
    let encounters = batch.encounters();
    let mut found = Vec::new();
    for (encounter, current) in encounters.current().recorded() {
        let method = encounters.payment_methods().get(encounter);
        let claimed = encounters.payment_groups().get(encounter);
        let care_type = encounters.care_types().get(encounter);
        let by_group = match (method, claimed) {
            (None, None) if reading == Reading::SoFar => {
                care_type.is_some_and(|it| pack.forecast_care_types.contains(&it))
            }
            _ => {
                method.is_some_and(|it| pack.payment_methods.contains(&it))
                    || claimed.is_some_and(|it| pack.grouper.knows(it))
            }
        };
        if current && by_group {
            let systems = &pack.western_systems;
            let list = SettlementList::read(batch, encounter, systems, reading);
            found.push((encounter, list));
        }
    }
    let principal = |list: &SettlementList| list.diagnosis.1;
    let lists = found.iter().filter_map(|(_, list)| list.as_ref().ok());
    let diagnoses: Vec<Code> = lists.map(principal).collect();
    let mut categories = Category::all(batch, &diagnoses).into_iter();
    let mut stays = Vec::new();
    for (encounter, list) in found {
        let record = list.and_then(|list| {
            let category = categories.next().ok_or_else(|| vec!["diagnoses.codes"])?;
            let group = pack.grouper.group(category, &list.procedure_codes());
            Ok(Record {
                list,
                category,
                group,
            })
        });
        stays.push(stay(pack, batch, encounter, record));
    }
    stays
}

fn stay(
    pack: &DipChecks,
    batch: &Batch,
    encounter: Row<Encounters>,
    record: Result<Record, MissingColumns>,
) -> Stay {
    let encounters = batch.encounters();
    let settled = encounters.settlement_days().get(encounter);
    let discharged = || encounters.discharge_days().get(encounter);
    let day = settled.or_else(discharged).unwrap_or_else(|| batch.today());
    let institution = encounters.institutions().get(encounter);
    let institution = institution.and_then(|it| batch.institutions().codes().get(it));
    let insurance = encounters.insurance_types().get(encounter);
    let claimed = encounters.payment_groups().get(encounter);
    let auxiliary = record.as_ref().ok().and_then(|record| {
        let score = |group| pack.values.score(group, day);
        let subject = Subject {
            stay: encounter,
            diagnoses: &record.list.diagnosis_codes(),
            average_cost: claimed
                .or(record.group)
                .and_then(score)
                .and_then(|score| score.value.average_cost),
        };
        pack.auxiliary.coefficient(batch, subject, day)
    });
    Stay {
        encounter,
        claimed,
        day,
        record,
        rate: pack.values.rate(insurance, institution, auxiliary, day),
    }
}
