//! Planted breaches, each with its near misses: the smallest patients that show them.
//!
//! Every scenario is a patient of its own, so that no breach disturbs another. What is at stake is
//! worked out here from the text of the policy and nowhere else.

use super::catalogue::{
    ANGINA, CHOLECYSTECTOMY, CLINIC_DRUGS, DISEASES, FOREIGN_OPERATION, NEUTRAL_PROCEDURE,
    OVERLAP_DAYS_MAX, PNEUMONIA_WITH_DIABETES, PNEUMONIA_WITH_FAILURE, RESIDUAL_DIAGNOSIS,
    SUPPLY_DAYS_MAX,
};
use super::clinic::{chronic_visit, covered, empty_visit, enrolled, settle, supply};
use super::prescriptions::{not_for_long, not_registered, quarterly_limit, stock, two_diseases};
use super::random::Random;
use super::record::{Breach, Mark, Money, Patient, Place, Verdict};
use super::timeline::{Timeline, after};
use super::ward::{Theatre, short_stay};

/// Most order lines of a scenario.
pub(super) const LINES_MAX: u64 = 8;

/// Builds the patient of a scenario.
pub(super) type Scenario = fn(&mut Random, &Timeline) -> Patient;

/// Every breach of patient scope with its near misses.
pub(super) const SCENARIOS: [Scenario; 29] = [
    |random, timeline| outside_catalogue(random, timeline, Outside::Charged),
    |random, timeline| outside_catalogue(random, timeline, Outside::OtherRegistration),
    |random, timeline| outside_catalogue(random, timeline, Outside::Refunded),
    |random, timeline| outside_catalogue(random, timeline, Outside::OrdinaryVisit),
    |random, timeline| long_supply(random, timeline, SUPPLY_DAYS_MAX + 28),
    |random, timeline| long_supply(random, timeline, SUPPLY_DAYS_MAX),
    |random, timeline| early_supply(random, timeline, Early::BeyondAWeek),
    |random, timeline| early_supply(random, timeline, Early::ByAWeek),
    |random, timeline| early_supply(random, timeline, Early::Refunded),
    |random, timeline| yearly_limit(random, timeline, Verdict::Hit),
    |random, timeline| yearly_limit(random, timeline, Verdict::NearMiss),
    |random, timeline| upcoded(random, timeline, Verdict::Hit),
    |random, timeline| upcoded(random, timeline, Verdict::NearMiss),
    |random, timeline| unpaid_operation(random, timeline, Verdict::Hit),
    |random, timeline| unpaid_operation(random, timeline, Verdict::NearMiss),
    |random, timeline| foreign_operation(random, timeline, Verdict::Hit),
    |random, timeline| foreign_operation(random, timeline, Verdict::NearMiss),
    |random, timeline| ungroupable(random, timeline, Verdict::Hit),
    |random, timeline| ungroupable(random, timeline, Verdict::NearMiss),
    |random, timeline| not_registered(random, timeline, Verdict::Hit),
    |random, timeline| not_registered(random, timeline, Verdict::NearMiss),
    |random, timeline| two_diseases(random, timeline, Verdict::Hit),
    |random, timeline| two_diseases(random, timeline, Verdict::NearMiss),
    |random, timeline| quarterly_limit(random, timeline, Verdict::Hit),
    |random, timeline| quarterly_limit(random, timeline, Verdict::NearMiss),
    |random, timeline| not_for_long(random, timeline, Verdict::Hit),
    |random, timeline| not_for_long(random, timeline, Verdict::NearMiss),
    |random, timeline| stock(random, timeline, Verdict::Hit),
    |random, timeline| stock(random, timeline, Verdict::NearMiss),
];

pub(super) const CHRONIC: &str = "37/chronic-limits";
const GROUPS: &str = "37/drg-checks";

pub(super) static OUTSIDE_CATALOGUE: Breach = Breach::new("CHR-CATALOGUE", CHRONIC, "CHR-01");
static LONG_SUPPLY: Breach = Breach::new("CHR-SUPPLY", CHRONIC, "CHR-02");
pub(super) static EARLY_SUPPLY: Breach = Breach::new("CHR-OVERLAP", CHRONIC, "CHR-03");
static YEARLY_LIMIT: Breach = Breach::new("CHR-YEARLY-LIMIT", CHRONIC, "CHR-05");
static UPCODED: Breach = Breach::new("DRG-UPCODED", GROUPS, "DRG-01");
static UNPAID_OPERATION: Breach = Breach::new("DRG-NO-OPERATION-CHARGE", GROUPS, "DRG-02");
static FOREIGN: Breach = Breach::new("DRG-FOREIGN-OPERATION", GROUPS, "DRG-03");
static UNGROUPABLE: Breach = Breach::new("DRG-UNGROUPABLE", GROUPS, "DRG-04");

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outside {
    Charged,
    OtherRegistration,
    Refunded,
    OrdinaryVisit,
}

/// An item that is not in the catalogue of the disease that it is charged under: the line's amount.
fn outside_catalogue(random: &mut Random, timeline: &Timeline, how: Outside) -> Patient {
    let [disease, other] = [&DISEASES[0], &DISEASES[1]];
    let registrations: &[_] = if how == Outside::OtherRegistration {
        &[disease, other]
    } else {
        &[disease]
    };
    let mut patient = enrolled(random, timeline, registrations);
    let day = reviewed_day(random, timeline);
    let foreign = if random.chance(50) {
        other.drugs[0]
    } else {
        other.drugs[1]
    };
    debug_assert!(
        !disease.covers(foreign),
        "the catalogues of the two diseases are disjoint"
    );
    let mut visit = chronic_visit(random, timeline, disease, day);
    visit
        .orders
        .push(supply(disease.drugs[0], Some(disease), day, 28));
    let charged_under = if how == Outside::OtherRegistration {
        other
    } else {
        disease
    };
    let line = supply(foreign, Some(charged_under), day, 28);
    let note = match how {
        Outside::Charged => "item of another disease's catalogue charged under this one",
        Outside::OtherRegistration => "item in the catalogue of the second registration in force",
        Outside::Refunded => "item outside the catalogue refunded in full",
        Outside::OrdinaryVisit => "item outside the catalogue in an ordinary visit",
    };
    let mut place = Place::Order(0, 1);
    if how == Outside::OrdinaryVisit {
        let mut ordinary = empty_visit(random, timeline, day);
        ordinary.orders.push(supply(CLINIC_DRUGS[0], None, day, 7));
        patient.encounters.extend([visit, ordinary]);
        place = Place::Order(1, 0);
    } else {
        visit.orders.push(line);
        if how == Outside::Refunded {
            visit.orders.push(line.refund(1));
        }
        patient.encounters.push(visit);
    }
    let hit = how == Outside::Charged;
    let verdict = if hit { Verdict::Hit } else { Verdict::NearMiss };
    let amount = hit.then(|| line.amount());
    let mark = Mark {
        breach: &OUTSIDE_CATALOGUE,
        verdict,
        place,
        amount,
        note,
    };
    finish(patient, random, timeline, mark)
}

/// A supply of `days` days in one line; twelve weeks are allowed.
fn long_supply(random: &mut Random, timeline: &Timeline, days: i64) -> Patient {
    let disease = random.pick(&DISEASES);
    let item = disease.drugs[if disease.code == "M01600" { 1 } else { 0 }];
    let mut patient = enrolled(random, timeline, &[disease]);
    let day = reviewed_day(random, timeline);
    let mut visit = chronic_visit(random, timeline, disease, day);
    visit.orders.push(supply(item, Some(disease), day, days));
    patient.encounters.push(visit);
    let (verdict, note) = if days > SUPPLY_DAYS_MAX {
        (Verdict::Hit, "sixteen weeks of supply")
    } else {
        (Verdict::NearMiss, "twelve weeks of supply exactly")
    };
    let place = Place::Order(0, 0);
    let mark = Mark {
        breach: &LONG_SUPPLY,
        verdict,
        place,
        amount: None,
        note,
    };
    finish(patient, random, timeline, mark)
}

/// How early a drug is supplied again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Early {
    BeyondAWeek,
    ByAWeek,
    Refunded,
}

/// The same item again more than a week before the previous supply ends.
pub(super) fn early_supply(random: &mut Random, timeline: &Timeline, how: Early) -> Patient {
    let disease = random.pick(&DISEASES);
    let item = disease.drugs[0];
    let mut patient = enrolled(random, timeline, &[disease]);
    let again = reviewed_day(random, timeline);
    let early = match how {
        Early::ByAWeek => OVERLAP_DAYS_MAX,
        Early::BeyondAWeek | Early::Refunded => OVERLAP_DAYS_MAX + i64::from(random.between(1, 9)),
    };
    for day in [after(again, early - 28), again] {
        let mut visit = chronic_visit(random, timeline, disease, day);
        visit.orders.push(supply(item, Some(disease), day, 28));
        patient.encounters.push(visit);
    }
    if how == Early::Refunded {
        let refund = patient.encounters[1].orders[0].refund(0);
        patient.encounters[1].orders.push(refund);
    }
    let (verdict, note) = match how {
        Early::BeyondAWeek => (Verdict::Hit, "supplied again more than seven days early"),
        Early::ByAWeek => (Verdict::NearMiss, "supplied again exactly seven days early"),
        Early::Refunded => (
            Verdict::NearMiss,
            "supplied again early and refunded in full",
        ),
    };
    let place = Place::Order(1, 0);
    let mark = Mark {
        breach: &EARLY_SUPPLY,
        verdict,
        place,
        amount: None,
        note,
    };
    finish(patient, random, timeline, mark)
}

/// The yearly amount of a disease: what exceeds it.
fn yearly_limit(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let disease = random.pick(&DISEASES);
    let mut patient = enrolled(random, timeline, &[disease]);
    let day = reviewed_day(random, timeline);
    let mut visit = chronic_visit(random, timeline, disease, day);
    for item in &disease.drugs[..2] {
        visit.orders.push(supply(item, Some(disease), day, 28));
    }
    let last: Money = visit.orders[1].covered();
    patient.encounters.push(visit);
    let (excess, note) = match verdict {
        Verdict::Hit => (last / 2, "the last line crosses the yearly limit"),
        Verdict::NearMiss => (0, "the last line reaches the yearly limit exactly"),
    };
    let amount = (verdict == Verdict::Hit).then_some(excess);
    let place = Place::Order(0, 1);
    let mark = Mark {
        breach: &YEARLY_LIMIT,
        verdict,
        place,
        amount,
        note,
    };
    let mut patient = finish(patient, random, timeline, mark);
    let spent = covered(&patient, disease, day.year(), true);
    for accumulator in &mut patient.accumulators {
        if accumulator.first.year() == day.year() {
            accumulator.used = disease.yearly_limit - spent + excess;
        }
    }
    patient
}

/// Pneumonia claimed with a major complication: with diabetes it is none, with respiratory failure it is.
fn upcoded(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let (case, note) = match verdict {
        Verdict::Hit => (
            PNEUMONIA_WITH_DIABETES,
            "ES31 claimed where the record gives ES35",
        ),
        Verdict::NearMiss => (
            PNEUMONIA_WITH_FAILURE,
            "ES31 claimed and given by the record",
        ),
    };
    let mut patient = short_stay(random, timeline, case, Theatre::Full);
    for stay in &mut patient.encounters {
        stay.group = PNEUMONIA_WITH_FAILURE.group;
    }
    finish_stay(patient, &UPCODED, verdict, note)
}

/// A surgical group without charges of operation or anaesthesia.
fn unpaid_operation(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let (theatre, note) = match verdict {
        Verdict::Hit => (
            Theatre::Nothing,
            "surgical group without operation or anaesthesia charge",
        ),
        Verdict::NearMiss => (
            Theatre::OperationOnly,
            "operation charged in local anaesthesia",
        ),
    };
    let patient = short_stay(random, timeline, CHOLECYSTECTOMY, theatre);
    finish_stay(patient, &UNPAID_OPERATION, verdict, note)
}

/// Principal diagnosis and principal procedure of different MDCs.
fn foreign_operation(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let (case, note) = match verdict {
        Verdict::Hit => (&FOREIGN_OPERATION, "pneumonia with a cholecystectomy"),
        Verdict::NearMiss => (
            &NEUTRAL_PROCEDURE,
            "pneumonia with a biopsy that groups nowhere",
        ),
    };
    let patient = short_stay(random, timeline, case, Theatre::Full);
    finish_stay(patient, &FOREIGN, verdict, note)
}

/// A record that belongs to no group.
fn ungroupable(random: &mut Random, timeline: &Timeline, verdict: Verdict) -> Patient {
    let (case, note) = match verdict {
        Verdict::Hit => (&RESIDUAL_DIAGNOSIS, "principal diagnosis of no MDC"),
        Verdict::NearMiss => (ANGINA, "no operation but a medical group"),
    };
    let patient = short_stay(random, timeline, case, Theatre::Full);
    finish_stay(patient, &UNGROUPABLE, verdict, note)
}

/// A day under review on which, or in the year of which, nothing of the patient's lies outside it.
pub(super) fn reviewed_day(random: &mut Random, timeline: &Timeline) -> time::Date {
    after(
        timeline.start,
        i64::from(random.between(0, timeline.review_days())),
    )
}

/// The patient with what was planted, and with what of yearly limits was used before.
pub(super) fn finish(
    mut patient: Patient,
    random: &mut Random,
    timeline: &Timeline,
    mark: Mark,
) -> Patient {
    patient.marks.push(mark);
    settle(&mut patient, random, timeline);
    patient
}

fn finish_stay(
    mut patient: Patient,
    breach: &'static Breach,
    verdict: Verdict,
    note: &'static str,
) -> Patient {
    let place = Place::Encounter(0);
    patient.marks.push(Mark {
        breach,
        verdict,
        place,
        amount: None,
        note,
    });
    patient
}
