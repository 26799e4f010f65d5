//! 依据: an item, a diagnosis or an operation without the diagnosis, the abnormal result or the item that
//! justifies it (限适应症、与诊断不符、与项目不符、限二线), or beside the diagnosis that forbids it (禁忌).

use super::super::catalogue::{CHOLECYSTECTOMY, Item, Kind};
use super::super::details::LabResult;
use super::super::record::{Order, Patient, Place};
use super::super::timeline::after;
use super::super::ward::Theatre;
use super::items::{YUAN, material, medicine, service};
use super::round::{Round, hit, near_miss, one};

/// Cerebral infarction, and type 2 diabetes; the first justifies by itself, the second beside an abnormal
/// result of [`TEST`].
const INFARCTION: &str = "I63.900";
const DIABETES: &str = "E11.900";
const TEST: &str = "009999208000000";
/// Chronic renal failure, which forbids, and a kidney stone, which does not.
const RENAL_FAILURE: &str = "N18.900";
const KIDNEY_STONE: &str = "N20.000";

/// What is asked of a cerebral infarction (37): imaging of the head.
static IMAGING: Item = service("009999237000000", Kind::Examination, 210 * YUAN);
/// The second line of therapy (5) and the first.
static SECOND_LINE: Item = medicine("XA99AAA005A001010100001", 118 * YUAN);
static FIRST_LINE: Item = medicine("XA99AAA205A001010100001", 21 * YUAN);

/// Items that need one of the two diagnoses.
static JUSTIFIED: [(usize, Item); 7] = [
    (8, medicine("XA99AAA008A001010100001", 64 * YUAN)),
    (20, service("009999020000000", Kind::Treatment, 48 * YUAN)),
    (70, medicine("XA99AAA070A001010100001", 36 * YUAN)),
    (78, service("009999078000000", Kind::Examination, 75 * YUAN)),
    (79, service("009999079000000", Kind::Treatment, 32 * YUAN)),
    (83, service("009999083000000", Kind::Treatment, 57 * YUAN)),
    (88, material("C9908800000000000001", 96 * YUAN)),
];

/// Items that a renal failure forbids.
static FORBIDDEN: [(usize, Item); 2] = [
    (71, medicine("XA99AAA071A001010100001", 25 * YUAN)),
    (82, service("009999082000000", Kind::Treatment, 43 * YUAN)),
];

/// Items that need another one in the same visit.
static ACCOMPANIED: [(usize, Item, Item); 2] = [
    (
        64,
        medicine("XA99AAA064A001010100001", 53 * YUAN),
        service("009999264000000", Kind::Treatment, 12 * YUAN),
    ),
    (
        84,
        material("C9908400000000000001", 61 * YUAN),
        service("009999284000000", Kind::Treatment, 90 * YUAN),
    ),
];

/// Plants every item, diagnosis and operation that needs evidence.
pub(super) fn plant(round: &mut Round<'_>) {
    for (rule, item) in &JUSTIFIED {
        justified(round, *rule, item);
    }
    for (rule, item) in &FORBIDDEN {
        forbidden(round, *rule, item);
    }
    for (rule, item, companion) in &ACCOMPANIED {
        accompanied(round, *rule, [item, companion]);
    }
    second_line(round);
    infarction(round);
    cholecystectomy(round);
}

/// Somebody with this diagnosis and these lines of one day.
fn diagnosed(round: &mut Round<'_>, diagnosis: &'static str, items: &[&'static Item]) -> Patient {
    let day = round.day();
    let orders: Vec<Order> = items.iter().map(|item| one(item, day)).collect();
    let mut patient = round.visitor(orders);
    patient.encounters[0].diagnoses = vec![diagnosis];
    patient
}

/// Neither diagnosis; one of them without the result that it asks for; with it; the other.
fn justified(round: &mut Round<'_>, rule: usize, item: &'static Item) {
    let place = Place::Order(0, 0);
    let cases: [(&'static str, Option<bool>, Option<&'static str>); 4] = [
        ("M54.500", None, Some("no diagnosis that it is paid for")),
        (DIABETES, Some(false), Some("diabetes with a normal result")),
        (DIABETES, Some(true), None),
        (INFARCTION, None, None),
    ];
    for (diagnosis, abnormal, breach) in cases {
        let with_imaging: &[&Item] = &[item, &IMAGING];
        let items = if diagnosis == INFARCTION {
            with_imaging
        } else {
            &with_imaging[..1]
        };
        let mut patient = diagnosed(round, diagnosis, items);
        let results = abnormal.map(|abnormal| LabResult {
            item: TEST,
            abnormal,
        });
        patient.encounters[0].details.results = results.into_iter().collect();
        patient.marks.push(match breach {
            Some(note) => hit(rule, place, item.price / 10_000, note),
            None => near_miss(rule, place, "the diagnosis or the result justifies it"),
        });
        round.plant(patient);
    }
}

fn forbidden(round: &mut Round<'_>, rule: usize, item: &'static Item) {
    let place = Place::Order(0, 0);
    let mut patient = diagnosed(round, RENAL_FAILURE, &[item]);
    let amount = patient.encounters[0].orders[0].amount();
    let note = "beside the renal failure that forbids it";
    patient.marks.push(hit(rule, place, amount, note));
    round.plant(patient);
    let mut patient = diagnosed(round, KIDNEY_STONE, &[item]);
    let note = "beside another disease of the kidney";
    patient.marks.push(near_miss(rule, place, note));
    round.plant(patient);
}

/// Alone; with its companion in another visit of the day; with it in the same visit.
fn accompanied(round: &mut Round<'_>, rule: usize, [item, companion]: [&'static Item; 2]) {
    let place = Place::Order(0, 0);
    let mut patient = diagnosed(round, KIDNEY_STONE, &[item]);
    let day = patient.encounters[0].admission;
    let amount = patient.encounters[0].orders[0].amount();
    let mut other = round.visit(day);
    other.orders.push(one(companion, day));
    patient.encounters.push(other);
    let note = "what it goes with is charged in another visit only";
    patient.marks.push(hit(rule, place, amount, note));
    round.plant(patient);
    let mut patient = diagnosed(round, KIDNEY_STONE, &[item, companion]);
    let note = "beside what it goes with";
    patient.marks.push(near_miss(rule, place, note));
    round.plant(patient);
}

/// 药品限二线使用 (5): the first line has to come before, not with it.
fn second_line(round: &mut Round<'_>) {
    let place = Place::Order(1, 0);
    for (days_before, breach) in [(0, true), (30, false)] {
        let day = round.day();
        let earlier = after(day, -days_before);
        let mut patient = round.visitor(vec![one(&FIRST_LINE, earlier)]);
        let mut visit = round.visit(day);
        visit.orders.push(one(&SECOND_LINE, day));
        let amount = visit.orders[0].amount();
        patient.encounters.push(visit);
        patient.marks.push(match breach {
            true => hit(5, place, amount, "the first line is begun on the same day"),
            false => near_miss(5, place, "the first line was taken a month before"),
        });
        round.plant(patient);
    }
}

/// 疾病诊断编码异常 (37): an infarction on the settlement list without imaging of the head.
fn infarction(round: &mut Round<'_>) {
    let place = Place::Diagnosis(0, 0);
    for (items, breach) in [([&TEST_OF_BLOOD], true), ([&IMAGING], false)] {
        let mut patient = diagnosed(round, INFARCTION, &items);
        patient.marks.push(match breach {
            true => hit(37, place, 0, "infarction without imaging of the head"),
            false => near_miss(37, place, "infarction with imaging of the head"),
        });
        round.plant(patient);
    }
}

static TEST_OF_BLOOD: Item = service("002501010150000", Kind::Laboratory, 20 * YUAN);

/// 诊断编码与手术操作编码不符 (40): the breach is the one of DRG-03.
fn cholecystectomy(round: &mut Round<'_>) {
    let mut patient = round.case(CHOLECYSTECTOMY, Theatre::Full);
    let note = "cholecystectomy for gall stones";
    patient
        .marks
        .push(near_miss(40, Place::Procedure(0, 0), note));
    round.plant(patient);
}
