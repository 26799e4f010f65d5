//! CND-13 拒付前三名医师: the doctors with the most refused claims of a month are on a list, and one who is on it for
//! three months in a row is looked at.

use rulepack_sdk::prelude::*;

use crate::settings::Settings;

/// Id of the rule.
pub const ID: &str = "CND-13";
/// The columns without which it says nothing, as in the manifest.
pub(crate) const NEEDS: &[&str] = &["denials.doctors", "denials.days", "denials.amounts"];
/// When in the course of care it runs, as in the manifest.
pub(crate) const STAGES: &[Stage] = &[Stage::After];

/// What was refused of a doctor's claims in a month.
struct Refused {
    doctor: Token,
    amount: Money,
    rows: Vec<(Row<Denials>, Money)>,
}

/// The last month is that in which the review ends. Nobody may be missing from a list, so all refusals of
/// the hospital must be known, with doctor, day and amount.
///
/// # Errors
/// [`Overflow`] of a sum.
pub(crate) fn check(
    settings: &Settings,
    batch: &Batch,
    answer: &mut Answer,
) -> Result<(), Overflow> {
    let table = batch.denials();
    let Some(any) = table.institutions().rows().next() else {
        return Ok(());
    };
    if batch.presence::<Denials>() != Presence::Complete {
        answer.add(Abstention::new(ID, any).missing("denials.doctors"));
        return Ok(());
    }
    let (_, end) = batch.period().unwrap_or((batch.today(), batch.today()));
    let last = month(end);
    let first = last - (settings.denial_months - 1);
    let mut lists: Vec<Vec<Refused>> = Vec::new();
    for of_month in first..=last {
        match refused(batch, of_month)? {
            Ok(doctors) => lists.push(leaders(doctors, settings.denial_rank)),
            Err((row, missing)) => {
                answer.add(Abstention::new(ID, row).missing(missing));
                return Ok(());
            }
        }
    }
    let Some((latest, earlier)) = lists.split_last() else {
        return Ok(());
    };
    for leader in latest {
        let listed = |list: &Vec<Refused>| list.iter().any(|it| it.doctor == leader.doctor);
        if earlier.iter().all(listed) {
            let finding = Finding::high_suspicion(ID, "again")
                .argument("months", settings.denial_months)
                .argument("rank", settings.denial_rank)
                .argument("amount", leader.amount);
            let rows = leader.rows.iter();
            answer.add(rows.fold(finding, |it, (row, amount)| it.offending(*row, *amount)));
        } else {
            let notice = Notice::new(ID, "listed")
                .argument("rank", settings.denial_rank)
                .argument("amount", leader.amount);
            answer.add(
                leader
                    .rows
                    .iter()
                    .fold(notice, |it, (row, _)| it.about(*row)),
            );
        }
    }
    Ok(())
}

/// Months since year 0.
fn month(day: Day) -> i64 {
    let (year, month, _) = day.date();
    i64::from(year) * 12 + i64::from(month)
}

/// What a row lacks that the list cannot do without.
type Gap = (Row<Denials>, &'static str);

fn refused(batch: &Batch, of_month: i64) -> Result<Result<Vec<Refused>, Gap>, Overflow> {
    let table = batch.denials();
    let mut doctors: Vec<Refused> = Vec::new();
    for row in table.institutions().rows() {
        let Some(day) = table.days().get(row) else {
            return Ok(Err((row, "denials.days")));
        };
        if month(day) != of_month {
            continue;
        }
        let Some(doctor) = table.doctors().get(row) else {
            return Ok(Err((row, "denials.doctors")));
        };
        let Some(amount) = table.amounts().get(row) else {
            return Ok(Err((row, "denials.amounts")));
        };
        match doctors.iter_mut().find(|it| it.doctor == doctor) {
            Some(known) => {
                known.amount = known.amount.checked_add(amount)?;
                known.rows.push((row, amount));
            }
            None => doctors.push(Refused {
                doctor,
                amount,
                rows: vec![(row, amount)],
            }),
        }
    }
    Ok(Ok(doctors))
}

/// The first so many by amount; all who share the last place are on the list. Refusals that were taken back
/// in full are none.
fn leaders(mut doctors: Vec<Refused>, rank: i64) -> Vec<Refused> {
    doctors.retain(|doctor| doctor.amount > Money::ZERO);
    doctors.sort_by_key(|doctor| std::cmp::Reverse(doctor.amount));
    let last = usize::try_from(rank)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    if let Some(least) = doctors.get(last).map(|doctor| doctor.amount) {
        doctors.retain(|doctor| doctor.amount >= least);
    }
    doctors
}
