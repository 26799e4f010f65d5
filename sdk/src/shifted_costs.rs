//! 转嫁费用: while a stay is paid by its group, what belongs to it is charged elsewhere: at visits and pharmacies during
//! the stay, or as tests in the clinic of the same hospital just before it.

use crate::answer::{Abstention, Answer, Finding};
use crate::batch::{Batch, Stage};
use crate::column::{Code, Row};
use crate::setup::Setup;
use crate::tables::Encounters;
use crate::units::{Day, Money, Overflow};

/// What counts as shifted.
#[derive(Debug)]
pub struct Shifting {
    /// 就诊类型 of visits to the clinic and purchases.
    visit_types: Vec<Code>,
    /// 收费类别 of tests: 检查, 化验.
    test_charges: Vec<Code>,
    /// How many days before admission tests belong to the stay.
    days_before: i64,
}

/// A visit with what was charged at it.
type Visit = (Row<Encounters>, Money);

impl Shifting {
    /// From the parameters `shifted_visit_types`, `test_charges` and `test_days_before`.
    ///
    /// # Errors
    /// Where the manifest does not declare them.
    pub fn read(setup: &Setup) -> Result<Self, String> {
        Ok(Shifting {
            visit_types: setup.code_list("shifted_visit_types")?,
            test_charges: setup.code_list("test_charges")?,
            days_before: setup.integer("test_days_before")?,
        })
    }

    /// What a rule finds shifted out of some stays; of one whose day of admission is not recorded it abstains.
    ///
    /// # Errors
    /// [`Overflow`] of a sum.
    pub fn check(
        &self,
        rule: &'static str,
        batch: &Batch,
        stays: impl Iterator<Item = Row<Encounters>>,
        answer: &mut Answer,
    ) -> Result<(), Overflow> {
        for stay in stays {
            let Some(admitted) = batch.encounters().admission_days().get(stay) else {
                let missing = "encounters.admission-days";
                answer.add(Abstention::new(rule, stay).missing(missing));
                continue;
            };
            for finding in self.findings(rule, batch, stay, admitted)? {
                answer.add(finding);
            }
        }
        Ok(())
    }

    /// What is shifted out of a stay that began on a day.
    ///
    /// Visits strictly between the days of admission and discharge (message `during`): on those days both are
    /// possible. Who went there of their own will cannot be told from who was sent, so it is a suspicion; tests before
    /// admission (message `before`) are a mild one, for some led to it. At stake is what was charged there.
    fn findings(
        &self,
        rule: &'static str,
        batch: &Batch,
        stay: Row<Encounters>,
        admitted: Day,
    ) -> Result<Vec<Finding>, Overflow> {
        let (mut during, mut before) = (Vec::new(), Vec::new());
        for (visit, day) in visits(self, batch, stay) {
            if admitted < day && day < end(batch, stay) {
                let charged = batch.encounters().total_amounts().get(visit);
                during.push((visit, charged.unwrap_or_default()));
            } else if is_shortly_before(self, batch, (stay, visit), (admitted, day)) {
                let tests = tests(self, batch, visit)?;
                before.extend((tests > Money::ZERO).then_some((visit, tests)));
            }
        }
        let findings = [
            (Finding::high_suspicion(rule, "during"), during),
            (Finding::low_suspicion(rule, "before"), before),
        ];
        let found = findings
            .into_iter()
            .filter(|(_, visits)| !visits.is_empty());
        found.map(|(it, visits)| tell(it, stay, &visits)).collect()
    }
}

/// The day of discharge; the day after today while the stay lasts, that of admission where it is over and does not tell.
fn end(batch: &Batch, stay: Row<Encounters>) -> Day {
    let encounters = batch.encounters();
    let lasts = batch.stage() == Stage::During;
    let open = match lasts {
        true => batch.today().plus(1).ok(),
        false => encounters.admission_days().get(stay),
    };
    let discharged = encounters.discharge_days().get(stay);
    discharged.or(open).unwrap_or(Day(i32::MIN))
}

/// Visits of the same person to clinics and pharmacies, wherever, each with its day. Where it is of such a kind itself,
/// the stay is among them: on its own first day nothing is shifted.
fn visits<'a>(
    shifting: &'a Shifting,
    batch: &'a Batch,
    stay: Row<Encounters>,
) -> impl Iterator<Item = (Row<Encounters>, Day)> + use<'a> {
    let encounters = batch.encounters();
    let patient = encounters.patients().get(stay);
    let all = patient.into_iter().flat_map(|it| encounters.of(it));
    let meant = all.filter(move |visit| {
        let kind = encounters.visit_types().get(*visit);
        kind.is_some_and(|kind| shifting.visit_types.contains(&kind))
    });
    meant.filter_map(|visit| Some((visit, encounters.admission_days().get(visit)?)))
}

/// A visit to the same hospital on one of the days before admission.
fn is_shortly_before(
    shifting: &Shifting,
    batch: &Batch,
    (stay, visit): (Row<Encounters>, Row<Encounters>),
    (admitted, day): (Day, Day),
) -> bool {
    let institutions = batch.encounters().institutions();
    let place = institutions.get(stay);
    place.is_some()
        && institutions.get(visit) == place
        && (1..=shifting.days_before).contains(&admitted.since(day))
}

/// What the tests of a visit cost, refunds taken off; a line that does not tell what it is for is none.
fn tests(shifting: &Shifting, batch: &Batch, visit: Row<Encounters>) -> Result<Money, Overflow> {
    let orders = batch.orders();
    let lines = orders.of(visit).filter(|line| {
        let kind = orders.charge_types().get(*line);
        orders.charged().get(*line) != Some(false)
            && kind.is_some_and(|kind| shifting.test_charges.contains(&kind))
    });
    Money::sum(lines.filter_map(|line| orders.amounts().get(line)))
}

fn tell(finding: Finding, stay: Row<Encounters>, visits: &[Visit]) -> Result<Finding, Overflow> {
    let amount = Money::sum(visits.iter().map(|(_, amount)| *amount))?;
    let count = i64::try_from(visits.len()).unwrap_or(i64::MAX);
    let finding = finding
        .offending(stay, amount)
        .argument("count", count)
        .argument("amount", amount);
    let visits = visits.iter();
    Ok(visits.fold(finding, |it, (visit, amount)| it.related(*visit, *amount)))
}
