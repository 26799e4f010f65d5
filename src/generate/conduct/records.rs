//! 治疗与记录、检查与报告: a treatment is charged as often as it was recorded on its day (CND-25), an examination
//! where there is a report of it (CND-26).

use super::super::catalogue::{CLINIC_SERVICES, Class, Item, Kind};
use super::super::details::{Report, Treatment};
use super::super::random::Random;
use super::super::record::{Breach, Order, Patient, Place};
use super::super::timeline::Timeline;
use super::{PACK, day, mark, visitor};

static MORE_THAN_RECORDED: Breach = Breach::new("CND-MORE-THAN-RECORDED", PACK, "CND-25");
static NO_REPORT: Breach = Breach::new("CND-NO-REPORT", PACK, "CND-26");

/// 运动疗法, of which no number a day is the most.
static EXERCISE: Item = Item {
    code: "003402000200000",
    kind: Kind::Treatment,
    class: Class::A,
    unit: "次",
    price: 32_000_000,
    pack: 1,
    base_unit: "次",
    dosage: None,
};
/// Ultrasound.
static EXAMINATION: &Item = CLINIC_SERVICES[3];

/// How a treatment that is charged three times is recorded, and what comes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recorded {
    Twice,
    OnceForThree,
    TwiceAndOneRefunded,
}

/// A patient of each kind.
pub(super) fn patients(random: &mut Random, timeline: &Timeline) -> Vec<Patient> {
    let mut patients = Vec::new();
    for how in [
        Recorded::Twice,
        Recorded::OnceForThree,
        Recorded::TwiceAndOneRefunded,
    ] {
        patients.push(treated(random, timeline, how));
    }
    for report in [Report::None, Report::OfItem] {
        patients.push(examined(random, timeline, report));
    }
    patients.push(examined_and_refunded(random, timeline));
    patients
}

fn treated(random: &mut Random, timeline: &Timeline, how: Recorded) -> Patient {
    let day = day(random, timeline);
    let orders = match how {
        Recorded::TwiceAndOneRefunded => {
            let [two, one] = [2, 1].map(|times| Order::charge(&EXERCISE, day, times));
            vec![two, one, one.refund(1)]
        }
        Recorded::Twice | Recorded::OnceForThree => vec![Order::charge(&EXERCISE, day, 3)],
    };
    let record = |minute, times| Treatment {
        item: &EXERCISE,
        day,
        minute,
        times,
    };
    let (amount, note) = match how {
        Recorded::Twice => (
            Some(orders[0].amount() / 3),
            "charged three times and recorded twice",
        ),
        Recorded::OnceForThree => (None, "charged three times; one record says three times"),
        Recorded::TwiceAndOneRefunded => (None, "the third was refunded and two are recorded"),
    };
    let mut patient = visitor(random, timeline, orders);
    patient.encounters[0].details.treatments = match how {
        Recorded::OnceForThree => vec![record(600, Some(3))],
        Recorded::Twice | Recorded::TwiceAndOneRefunded => {
            vec![record(600, None), record(930, None)]
        }
    };
    let place = Place::Order(0, 0);
    patient
        .marks
        .push(mark(&MORE_THAN_RECORDED, place, amount, note));
    patient
}

fn examined(random: &mut Random, timeline: &Timeline, report: Report) -> Patient {
    let mut order = Order::charge(EXAMINATION, day(random, timeline), 1);
    order.details.report = report;
    let (amount, note) = match report {
        Report::None => (
            Some(order.amount()),
            "an examination of which there is no report",
        ),
        Report::OfLine | Report::OfItem => (None, "the report names the item and no line"),
    };
    let mut patient = visitor(random, timeline, vec![order]);
    let place = Place::Order(0, 0);
    patient.marks.push(mark(&NO_REPORT, place, amount, note));
    patient
}

fn examined_and_refunded(random: &mut Random, timeline: &Timeline) -> Patient {
    let mut order = Order::charge(EXAMINATION, day(random, timeline), 1);
    order.details.report = Report::None;
    let mut patient = visitor(random, timeline, vec![order, order.refund(0)]);
    let note = "an examination without a report that was refunded";
    let place = Place::Order(0, 0);
    patient.marks.push(mark(&NO_REPORT, place, None, note));
    patient
}
