//! 入院打包检查 (CND-27): a stay counts that begins with the whole bundle of blood, urine, electrocardiogram and CT, on the
//! day of admission and the day after. A measure, and no breach by itself.

use super::super::catalogue::{CLINIC_SERVICES, Class, Item, Kind, WARD_SERVICES, WARD_TESTS};
use super::super::clinic::{empty_visit, unregistered};
use super::super::random::Random;
use super::super::record::{Breach, Encounter, Order, Patient, Place};
use super::super::timeline::{Timeline, after};
use super::{PACK, day, mark};

static BUNDLE: Breach = Breach::new("CND-BUNDLE", PACK, "CND-27");

/// 尿常规
static URINE: Item = Item {
    code: "002501020360000",
    kind: Kind::Laboratory,
    class: Class::A,
    unit: "次",
    price: 8_000_000,
    pack: 1,
    base_unit: "次",
    dosage: None,
};
static BLOOD: &Item = &WARD_TESTS[0];
static ELECTROCARDIOGRAM: &Item = &WARD_TESTS[3];
static CT: &Item = CLINIC_SERVICES[2];

/// Nights of the stays.
const NIGHTS: i64 = 4;

/// How the bundle of a stay is, its CT above all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bundle {
    Whole,
    WithoutUrine,
    CtOnThirdDay,
    CtRefunded,
}

/// A stay of each kind.
pub(super) fn patients(random: &mut Random, timeline: &Timeline) -> Vec<Patient> {
    let bundles = [
        Bundle::Whole,
        Bundle::WithoutUrine,
        Bundle::CtOnThirdDay,
        Bundle::CtRefunded,
    ];
    bundles
        .into_iter()
        .map(|bundle| patient(random, timeline, bundle))
        .collect()
}

fn patient(random: &mut Random, timeline: &Timeline, bundle: Bundle) -> Patient {
    let admission = day(random, timeline);
    let discharge = after(admission, NIGHTS);
    let services = WARD_SERVICES[..2].iter();
    let mut orders: Vec<Order> = services
        .map(|item| Order::charge(item, admission, NIGHTS))
        .collect();
    let mut tests = vec![BLOOD, ELECTROCARDIOGRAM];
    if bundle != Bundle::WithoutUrine {
        tests.push(&URINE);
    }
    orders.extend(tests.into_iter().map(|it| Order::charge(it, admission, 1)));
    let days = if bundle == Bundle::CtOnThirdDay { 2 } else { 1 };
    let ct = Order::charge(CT, after(admission, days), 1);
    orders.push(ct);
    if bundle == Bundle::CtRefunded {
        orders.push(ct.refund(orders.len() - 1));
    }
    let mut patient = unregistered(random, 30, 59);
    patient.encounters.push(Encounter {
        current: discharge >= timeline.start,
        visit_type: "2",
        care_type: "21",
        discharge,
        orders,
        ..empty_visit(random, timeline, admission)
    });
    let (amount, note) = match bundle {
        Bundle::Whole => (Some(0), "the whole bundle by the day after admission"),
        Bundle::WithoutUrine => (None, "three parts of the bundle"),
        Bundle::CtOnThirdDay => (None, "the fourth part two days after admission"),
        Bundle::CtRefunded => (None, "the fourth part was refunded"),
    };
    let place = Place::Encounter(0);
    patient.marks.push(mark(&BUNDLE, place, amount, note));
    patient
}
