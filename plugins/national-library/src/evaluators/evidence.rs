//! 依据: an item, a diagnosis or a procedure without what justifies it, or beside what forbids it, by its
//! rows of table `evidence`. Absence counts only where the data that was searched is complete.

use rulepack_sdk::Table;
use rulepack_sdk::prelude::*;

use super::Context;
use crate::binding::{BINDINGS, Binding, Evaluator, Need};
use crate::findings::{Hit, Hits};
use crate::knowledge::{Entry, Evidence, Source, place};

/// What needs evidence.
struct Subject {
    at: RowReference,
    amount: Money,
    term: Code,
    encounter: Row<Encounters>,
    day: Day,
    claimed: bool,
}

/// What the search gives.
enum Held {
    Yes,
    No,
    Unknown(&'static str),
}

/// Judges lines, diagnoses of the settlement list and principal procedures under review.
#[inline(never)]
pub fn evidence(context: &Context<'_>, hits: &mut Hits, answer: &mut Answer) {
    let knowledge = &context.knowledge.evidence;
    for line in context.lines.reviewed() {
        let entries: Vec<&Entry<Evidence>> = knowledge.about(line, context.batch.stage()).collect();
        let Some(day) = line.day else {
            for binding in rules_of(&entries) {
                answer.add(Abstention::new(binding.rule, line.order).missing("orders.days"));
            }
            continue;
        };
        let subject = Subject {
            at: line.order.into(),
            amount: line.amount,
            term: line.item,
            encounter: line.encounter,
            day,
            claimed: line.claimed,
        };
        judge(context, &subject, entries, hits, answer);
    }
    let (diagnoses, procedures) = (context.batch.diagnoses(), context.batch.procedures());
    for encounter in context.reviewed() {
        let day = context.day(encounter);
        for row in diagnoses.of(encounter) {
            if diagnoses.on_settlement_list().get(row) != Some(false) {
                let entries = knowledge
                    .on(context.diagnoses.of(row), day, context.batch.stage())
                    .collect();
                if let Some(term) = diagnoses.codes().get(row) {
                    let subject = record(row.into(), term, encounter, day);
                    judge(context, &subject, entries, hits, answer);
                }
            }
        }
        for row in procedures.of(encounter) {
            if procedures.principal().get(row) == Some(true) {
                let entries = knowledge
                    .on(context.procedures.of(row), day, context.batch.stage())
                    .collect();
                if let Some(term) = procedures.codes().get(row) {
                    let subject = record(row.into(), term, encounter, day);
                    judge(context, &subject, entries, hits, answer);
                }
            }
        }
    }
}

fn record(at: RowReference, term: Code, encounter: Row<Encounters>, day: Day) -> Subject {
    Subject {
        at,
        amount: Money::ZERO,
        term,
        encounter,
        day,
        claimed: true,
    }
}

fn rules_of(entries: &[&Entry<Evidence>]) -> Vec<&'static Binding> {
    let mut places: Vec<usize> = entries.iter().map(|entry| entry.rule).collect();
    places.sort_unstable();
    places.dedup();
    let bindings = places.into_iter().filter_map(|place| BINDINGS.get(place));
    bindings
        .filter(|binding| matches!(binding.evaluator, Evaluator::Evidence(_)))
        .collect()
}

#[inline(never)]
fn judge(
    context: &Context<'_>,
    subject: &Subject,
    mut entries: Vec<&Entry<Evidence>>,
    hits: &mut Hits,
    answer: &mut Answer,
) {
    entries.sort_by_key(|entry| (entry.rule, entry.value.alternative));
    for rows in entries.chunk_by(|one, next| one.rule == next.rule) {
        let Some((rule, binding)) = rows
            .first()
            .and_then(|entry| Some((entry.rule, BINDINGS.get(entry.rule)?)))
        else {
            continue;
        };
        let Evaluator::Evidence(need) = binding.evaluator else {
            continue;
        };
        if !binding.concerns(subject.claimed) {
            continue;
        }
        if rows.iter().all(|entry| entry.value.code.is_none()) {
            // The limit is told in words only: who writes the line is reminded of it.
            let notice = Notice::new(binding.rule, "in-words").about(subject.at);
            answer.add(notice.argument("item", subject.term));
            continue;
        }
        let breach = match (need, held(context, subject, need, rows)) {
            (_, Held::Unknown(column)) => {
                answer.add(Abstention::new(binding.rule, subject.at).missing(column));
                continue;
            }
            (Need::InVisit | Need::InHistory, Held::No) | (Need::Absent, Held::Yes) => true,
            _ => false,
        };
        if breach {
            let mut hit = Hit::new(subject.at, subject.amount, Some(subject.term));
            if let Some(entry) = rows.first() {
                hit = hit.resting_on(place::EVIDENCE, entry.row);
            }
            hits.add(rule, (subject.encounter, 0), hit);
        }
    }
}

/// Whether all rows of any alternative are found.
#[inline(never)]
fn held(context: &Context<'_>, subject: &Subject, need: Need, rows: &[&Entry<Evidence>]) -> Held {
    let mut unknown = None;
    for alternative in rows.chunk_by(|one, next| one.value.alternative == next.value.alternative) {
        let lacking: Vec<&&Entry<Evidence>> = alternative
            .iter()
            .filter(|entry| !is_found(context, subject, need, &entry.value))
            .collect();
        if lacking.is_empty() {
            return Held::Yes;
        }
        let open = lacking
            .iter()
            .find_map(|entry| incomplete(context, subject, need, entry.value.source));
        unknown = unknown.or(open);
    }
    match unknown {
        // What is not there cannot be told from what is not known.
        Some(column) if need != Need::Absent => Held::Unknown(column),
        _ => Held::No,
    }
}

/// The column for want of which absence is no evidence.
fn incomplete(
    context: &Context<'_>,
    subject: &Subject,
    need: Need,
    source: Source,
) -> Option<&'static str> {
    let batch = context.batch;
    let ((presence, start), column) = match source {
        Source::Diagnosis => (known::<Diagnoses>(batch), "diagnoses.codes"),
        Source::PrincipalDiagnosis => (known::<Diagnoses>(batch), "diagnoses.principal"),
        Source::Procedure => (known::<Procedures>(batch), "procedures.codes"),
        Source::Item => (known::<Orders>(batch), "orders.items"),
        Source::AbnormalResult => (known::<LabResults>(batch), "lab-results.abnormal"),
    };
    let days = context.settings.numbers.first_line_days;
    let begins_late = start.is_some_and(|start| subject.day.since(start) < days);
    let lacks_history = need == Need::InHistory && begins_late;
    (presence != Presence::Complete || lacks_history).then_some(column)
}

/// What is known of a table, and from which day.
fn known<T: Table>(batch: &Batch) -> (Presence, Option<Day>) {
    (batch.presence::<T>(), batch.history_start::<T>())
}

fn is_found(context: &Context<'_>, subject: &Subject, need: Need, evidence: &Evidence) -> bool {
    let Some(code) = evidence.code else {
        return false;
    };
    let patients = context.batch.encounters().patients();
    let patient = patients.get(subject.encounter);
    if evidence.source == Source::Item {
        return patient.is_some_and(|patient| has_item(context, subject, need, patient, code));
    }
    match (need, patient) {
        (Need::InHistory, Some(patient)) => context
            .batch
            .encounters()
            .of(patient)
            .any(|encounter| has_record(context, encounter, evidence.source, code)),
        _ => has_record(context, subject.encounter, evidence.source, code),
    }
}

/// In the visit any line counts; in history the earlier ones of the period looked at.
fn has_item(
    context: &Context<'_>,
    subject: &Subject,
    need: Need,
    patient: Row<Patients>,
    code: Code,
) -> bool {
    let days = context.settings.numbers.first_line_days;
    context.lines.of(patient).iter().any(|line| {
        let near = match (need, line.day) {
            (Need::InHistory, Some(day)) => (1..=days).contains(&subject.day.since(day)),
            (Need::InHistory, None) => false,
            _ => line.encounter == subject.encounter,
        };
        near && (line.item == code || line.name == Some(code))
    })
}

fn has_record(
    context: &Context<'_>,
    encounter: Row<Encounters>,
    source: Source,
    code: Code,
) -> bool {
    let batch = context.batch;
    match source {
        Source::Diagnosis | Source::PrincipalDiagnosis => {
            batch.diagnoses().of(encounter).any(|row| {
                let counts = source == Source::Diagnosis
                    || batch.diagnoses().principal().get(row) == Some(true);
                counts && context.diagnoses.of(row).any(|known| known == code)
            })
        }
        Source::Procedure => batch
            .procedures()
            .of(encounter)
            .any(|row| context.procedures.of(row).any(|known| known == code)),
        Source::AbnormalResult => batch.lab_results().of(encounter).any(|row| {
            batch.lab_results().items().get(row) == Some(code)
                && batch.lab_results().abnormal().get(row) == Some(true)
        }),
        Source::Item => false,
    }
}
