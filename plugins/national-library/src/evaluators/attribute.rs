//! 限定不符: an item, a diagnosis or a procedure that does not fit the patient, the visit, the hospital or
//! the doctor. Its rows of table `limits` say what it is limited to; rows of one rule and code are
//! alternatives, any of which is enough.

use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{BINDINGS, Evaluator};
use crate::findings::{Hit, Hits};
use crate::knowledge::{Entry, Limit, place};
use crate::lines::Line;

/// What is compared, and how a row of `limits` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// Not paid at all.
    Excluded,
    /// 限工伤保险
    InjuryInsurance,
    /// 限生育保险
    MaternityInsurance,
    /// 限新生儿: days of age at most `maximum`, else parameter `newborn_days_max`.
    Newborn,
    /// 限儿童: younger than `maximum` years, else parameter `child_age`.
    Children,
    /// 儿童禁用: at least `minimum` years, else parameter `child_age`.
    NotForChildren,
    /// 老年人用药安全: younger than `maximum` years, else parameter `elder_age`.
    Elderly,
    /// 限年龄: from `minimum` to `maximum` years.
    AgeRange,
    /// 区分性别: `value` is the sex (1 or 2).
    Sex,
    /// 限医疗机构级别: of grade `minimum` (1, 2, 3) or above.
    HospitalLevel,
    /// 限就医方式: `value` is the visit type or the care type.
    VisitType,
    /// 互联网: not in an internet visit.
    Internet,
    /// 限科室: `value` is the national specialty.
    Specialty,
    /// 抗菌药物分级: title of rank `minimum` (1 医士 … 5 主任) or above.
    DoctorTitle,
    /// 妊娠期及哺乳期: not where the state is `value`.
    Maternity,
}

/// What a comparison gives.
enum Outcome {
    Fits,
    /// With what was found.
    Breach(Option<Figure>),
    Missing(&'static str),
}

/// What a row is compared with.
#[derive(Clone, Copy)]
struct Subject {
    encounter: Row<Encounters>,
    order: Option<Row<Orders>>,
}

/// Judges the lines, diagnoses and procedures under review.
#[inline(never)]
pub fn attribute(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    for line in context.lines.reviewed() {
        judge_line(context, line, hits, answer);
    }
    let batch = context.batch;
    for encounter in context.reviewed() {
        for row in batch.diagnoses().of(encounter) {
            let codes = context.diagnoses.of(row).collect();
            judge_record(context, (row.into(), codes, encounter), hits, answer);
        }
        for row in batch.procedures().of(encounter) {
            let codes = context.procedures.of(row).collect();
            judge_record(context, (row.into(), codes, encounter), hits, answer);
        }
    }
}

#[inline(never)]
fn judge_line(context: &Context<'_>, line: &Line, hits: &mut Hits, answer: &mut Answer) {
    let mut entries: Vec<&Entry<Limit>> = context
        .knowledge
        .limits
        .about(line, context.batch.stage())
        .collect();
    entries.sort_by_key(|entry| entry.rule);
    let subject = Subject {
        encounter: line.encounter,
        order: Some(line.order),
    };
    for rows in entries.chunk_by(|one, next| one.rule == next.rule) {
        let Some((rule, binding, attribute)) = bound(rows) else {
            continue;
        };
        if !binding.concerns(line.claimed) {
            continue;
        }
        match judge(context, attribute, rows, subject) {
            _ if line.day.is_none() => {
                answer.add(Abstention::new(binding.rule, line.order).missing("orders.days"));
            }
            Outcome::Fits => {}
            Outcome::Missing(column) => {
                answer.add(Abstention::new(binding.rule, line.order).missing(column));
            }
            Outcome::Breach(found) => {
                let hit = Hit::new(line.order, line.amount, Some(line.item));
                hits.add(rule, (line.encounter, 0), told(hit, rows, found));
            }
        }
    }
}

#[inline(never)]
fn judge_record(
    context: &Context<'_>,
    (at, codes, encounter): (RowReference, Vec<Code>, Row<Encounters>),
    hits: &mut Hits,
    answer: &mut Answer,
) {
    let day = context.day(encounter);
    let code = codes.first().copied();
    let mut entries: Vec<&Entry<Limit>> = context
        .knowledge
        .limits
        .on(codes, day, context.batch.stage())
        .collect();
    entries.sort_by_key(|entry| entry.rule);
    let subject = Subject {
        encounter,
        order: None,
    };
    for rows in entries.chunk_by(|one, next| one.rule == next.rule) {
        let Some((rule, binding, attribute)) = bound(rows) else {
            continue;
        };
        match judge(context, attribute, rows, subject) {
            Outcome::Fits => {}
            Outcome::Missing(column) => {
                answer.add(Abstention::new(binding.rule, at).missing(column));
            }
            Outcome::Breach(found) => {
                let hit = Hit::new(at, Money::ZERO, code);
                hits.add(rule, (encounter, 0), told(hit, rows, found));
            }
        }
    }
}

/// The rule of some rows, where it compares attributes.
fn bound(rows: &[&Entry<Limit>]) -> Option<(usize, &'static crate::binding::Binding, Attribute)> {
    let rule = rows.first()?.rule;
    let binding = BINDINGS.get(rule)?;
    match binding.evaluator {
        Evaluator::Attribute(attribute) => Some((rule, binding, attribute)),
        _ => None,
    }
}

fn told(hit: Hit, rows: &[&Entry<Limit>], found: Option<Figure>) -> Hit {
    let hit = match rows.first() {
        Some(entry) => hit.resting_on(place::LIMITS, entry.row),
        None => hit,
    };
    match found {
        Some(found) => hit.figure("found", found),
        None => hit,
    }
}

#[inline(never)]
fn judge(
    context: &Context<'_>,
    attribute: Attribute,
    rows: &[&Entry<Limit>],
    subject: Subject,
) -> Outcome {
    match attribute {
        Attribute::Excluded => Outcome::Breach(None),
        Attribute::InjuryInsurance => injury_insurance(context, subject),
        Attribute::MaternityInsurance => maternity_insurance(context, subject),
        Attribute::Newborn => newborn(context, rows, subject),
        Attribute::Children
        | Attribute::NotForChildren
        | Attribute::Elderly
        | Attribute::AgeRange => age(context, attribute, rows, subject),
        Attribute::Sex => sex(context, rows, subject),
        Attribute::HospitalLevel => hospital_level(context, rows, subject),
        Attribute::VisitType => visit_type(context, rows, subject),
        Attribute::Internet => internet(context, subject),
        Attribute::Specialty => specialty(context, rows, subject),
        Attribute::DoctorTitle => doctor_title(context, rows, subject),
        Attribute::Maternity => maternity(context, rows, subject),
    }
}

fn breach_unless(fits: bool, found: impl Into<Figure>) -> Outcome {
    if fits {
        Outcome::Fits
    } else {
        Outcome::Breach(Some(found.into()))
    }
}

/// A value that is in neither list is not judged: dictionaries of insurance differ.
fn injury_insurance(context: &Context<'_>, subject: Subject) -> Outcome {
    let lists = &context.settings.lists;
    let insurance = context.batch.encounters().insurance_types();
    match insurance.get(subject.encounter) {
        Some(code) if lists.injury_insurance_types.contains(&code) => Outcome::Fits,
        Some(code) if lists.medical_insurance_types.contains(&code) => {
            Outcome::Breach(Some(code.into()))
        }
        _ => Outcome::Missing("encounters.insurance-types"),
    }
}

fn maternity_insurance(context: &Context<'_>, subject: Subject) -> Outcome {
    let lists = &context.settings.lists;
    let encounters = context.batch.encounters();
    let care = encounters.care_types().get(subject.encounter);
    if care.is_some_and(|care| lists.maternity_care_types.contains(&care)) {
        return Outcome::Fits;
    }
    match encounters.insurance_types().get(subject.encounter) {
        None => Outcome::Missing("encounters.insurance-types"),
        Some(code) if lists.maternity_insurance_types.contains(&code) => Outcome::Fits,
        Some(_) if care.is_none() => Outcome::Missing("encounters.care-types"),
        Some(code) => Outcome::Breach(Some(code.into())),
    }
}

/// Whoever has completed a year is no newborn, whatever the days.
fn newborn(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let encounters = context.batch.encounters();
    let default = context.settings.numbers.newborn_days_max;
    let days_max = rows.iter().map(|row| row.value.maximum.unwrap_or(default));
    let days_max = days_max.max().unwrap_or(default);
    match (
        encounters.ages().get(subject.encounter),
        encounters.age_days().get(subject.encounter),
    ) {
        (Some(years), _) if years >= 1 => Outcome::Breach(None),
        (_, Some(days)) => match i64::from(days) <= days_max {
            true => Outcome::Fits,
            false => Outcome::Breach(None),
        },
        (None, None) => Outcome::Missing("encounters.ages"),
        (Some(_), None) => Outcome::Missing("encounters.age-days"),
    }
}

fn age(
    context: &Context<'_>,
    attribute: Attribute,
    rows: &[&Entry<Limit>],
    subject: Subject,
) -> Outcome {
    let Some(age) = context.batch.encounters().ages().get(subject.encounter) else {
        return Outcome::Missing("encounters.ages");
    };
    let (age, numbers) = (i64::from(age), &context.settings.numbers);
    let fits = |limit: &Limit| match attribute {
        Attribute::Children => age < limit.maximum.unwrap_or(numbers.child_age),
        Attribute::NotForChildren => age >= limit.minimum.unwrap_or(numbers.child_age),
        Attribute::Elderly => age < limit.maximum.unwrap_or(numbers.elder_age),
        _ => {
            limit.minimum.is_none_or(|minimum| age >= minimum)
                && limit.maximum.is_none_or(|maximum| age <= maximum)
        }
    };
    breach_unless(rows.iter().any(|row| fits(&row.value)), age)
}

/// A sex that is unknown or not stated is not judged.
fn sex(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let patient = context.batch.encounters().patients().get(subject.encounter);
    let sex = patient.and_then(|patient| context.batch.patients().genders().get(patient));
    let words = &context.settings.words;
    match sex.filter(|sex| *sex == words.male || *sex == words.female) {
        None => Outcome::Missing("patients.genders"),
        Some(sex) => breach_unless(rows.iter().any(|row| row.value.value == Some(sex)), sex),
    }
}

/// 二级及以上: a grade above the limit is enough.
fn hospital_level(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let lists = &context.settings.lists;
    let institution = context.batch.encounters().institutions();
    let institution = institution.get(subject.encounter);
    let level = institution.and_then(|row| context.batch.institutions().levels().get(row));
    let ranks = [
        (0, &lists.ungraded_levels),
        (1, &lists.primary_levels),
        (2, &lists.secondary_levels),
        (3, &lists.tertiary_levels),
    ];
    let rank = level.and_then(|level| ranks.iter().find(|(_, codes)| codes.contains(&level)));
    match (level, rank) {
        (Some(level), Some((rank, _))) => {
            let fits = |row: &&Entry<Limit>| row.value.minimum.is_none_or(|least| *rank >= least);
            breach_unless(rows.iter().any(fits), level)
        }
        _ => Outcome::Missing("institutions.levels"),
    }
}

fn visit_type(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let encounters = context.batch.encounters();
    let visit = encounters.visit_types().get(subject.encounter);
    let care = encounters.care_types().get(subject.encounter);
    let fits = |row: &&Entry<Limit>| {
        let allowed = row.value.value;
        allowed.is_some_and(|allowed| visit == Some(allowed) || care == Some(allowed))
    };
    match visit {
        _ if rows.iter().any(fits) => Outcome::Fits,
        None => Outcome::Missing("encounters.visit-types"),
        Some(_) if care.is_none() => Outcome::Missing("encounters.care-types"),
        Some(visit) => Outcome::Breach(Some(visit.into())),
    }
}

/// Which care types are internet visits is the region's to say; where it did not, nothing is judged.
fn internet(context: &Context<'_>, subject: Subject) -> Outcome {
    let internet = &context.settings.lists.internet_care_types;
    match context
        .batch
        .encounters()
        .care_types()
        .get(subject.encounter)
    {
        Some(care) if !internet.is_empty() => breach_unless(!internet.contains(&care), care),
        _ => Outcome::Missing("encounters.care-types"),
    }
}

fn specialty(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let column = context.batch.orders().executing_specialties();
    match subject.order.and_then(|order| column.get(order)) {
        None => Outcome::Missing("orders.executing-specialties"),
        Some(specialty) => {
            let fits = |row: &&Entry<Limit>| row.value.value == Some(specialty);
            breach_unless(rows.iter().any(fits), specialty)
        }
    }
}

fn doctor_title(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    let column = context.batch.orders().doctor_titles();
    let title = subject.order.and_then(|order| column.get(order));
    let titles = &context.settings.words.titles;
    let rank = title.and_then(|title| titles.iter().position(|known| *known == title));
    match (title, rank.and_then(|rank| i64::try_from(rank).ok())) {
        (Some(title), Some(rank)) => {
            let fits = |row: &&Entry<Limit>| row.value.minimum.is_none_or(|least| rank >= least);
            breach_unless(rows.iter().any(fits), title)
        }
        _ => Outcome::Missing("orders.doctor-titles"),
    }
}

fn maternity(context: &Context<'_>, rows: &[&Entry<Limit>], subject: Subject) -> Outcome {
    match context
        .batch
        .encounters()
        .maternity()
        .get(subject.encounter)
    {
        None => Outcome::Missing("encounters.maternity"),
        Some(state) => {
            let forbids = |row: &&Entry<Limit>| row.value.value == Some(state);
            breach_unless(!rows.iter().any(forbids), state)
        }
    }
}
