//! 限定不符: an item, a diagnosis or a procedure that is limited to an age, a sex, an insurance, a grade of
//! hospital, a kind of visit, a department or a title, and met outside it.

use super::super::catalogue::{Item, Kind};
use super::super::record::{Encounter, Patient, Place};
use super::items::{YUAN, material, medicine, service, slice};
use super::round::{Round, hit, near_miss, one};

/// Number of the primary clinic's row among the institutions.
const PRIMARY_CLINIC: u64 = 2;

/// What is told of the patient, the visit or the line; everything else is ordinary: a grown-up of 30 to 59
/// years with 职工医保, in the clinic of a tertiary hospital, treated there by a 主治医师.
#[derive(Debug, Clone, Copy)]
enum Fact {
    Ordinary,
    Years(i32),
    Days(i64),
    Sex(&'static str),
    Insurance(&'static str),
    Care(&'static str),
    PrimaryClinic,
    Specialty(&'static str),
    Title(&'static str),
    Maternity(&'static str),
    OwnPay,
    Refunded,
}

use Fact::{
    Care, Days, Insurance, Maternity, Ordinary, OwnPay, PrimaryClinic, Refunded, Sex, Specialty,
    Title, Years,
};

/// An item, what breaks its limit, and what just does not.
struct Case {
    rule: usize,
    item: Item,
    breach: (Fact, &'static str),
    near: (Fact, &'static str),
}

#[rustfmt::skip]
static CASES: [Case; 32] = [
    Case { rule: 1, item: medicine("XA99AAA001A001010100001", 41 * YUAN),
        breach: (Ordinary, "medicine of work injury under 职工医保"), near: (OwnPay, "paid by the patient alone") },
    Case { rule: 2, item: medicine("XA99AAA002A001010100001", 27 * YUAN),
        breach: (Ordinary, "medicine of maternity under 职工医保"), near: (Insurance("510"), "under maternity insurance") },
    Case { rule: 2, item: medicine("XA99AAA002A001010100001", 27 * YUAN),
        breach: (Insurance("390"), "medicine of maternity under 居民医保"), near: (Care("52"), "delivery in hospital (医疗类别 52)") },
    Case { rule: 3, item: slice("T999003000", 3 * YUAN),
        breach: (Ordinary, "slice that is never paid"), near: (OwnPay, "slice that is never paid; the patient paid") },
    Case { rule: 6, item: medicine("XA99AAA006A001010100001", 62 * YUAN),
        breach: (Days(29), "29 days old"), near: (Days(28), "28 days old") },
    Case { rule: 7, item: medicine("XA99AAA007A001010100001", 33 * YUAN),
        breach: (Years(18), "18 years old"), near: (Years(17), "17 years old") },
    Case { rule: 12, item: medicine("XA99AAA012A001010100001", 76 * YUAN),
        breach: (PrimaryClinic, "in a primary clinic; from secondary hospitals on"), near: (Ordinary, "in a tertiary hospital") },
    Case { rule: 13, item: medicine("XA99AAA013A001010100001", 29 * YUAN),
        breach: (Ordinary, "in the clinic; for stays and emergencies"), near: (Care("13"), "in an emergency") },
    Case { rule: 16, item: service("009999016000000", Kind::Treatment, 58 * YUAN),
        breach: (Ordinary, "service of work injury under 职工医保"), near: (Refunded, "refunded in full") },
    Case { rule: 17, item: service("009999017000000", Kind::Treatment, 46 * YUAN),
        breach: (Ordinary, "service of maternity under 职工医保"), near: (Insurance("510"), "under maternity insurance") },
    Case { rule: 18, item: service("009999018000000", Kind::Treatment, 35 * YUAN),
        breach: (Days(60), "60 days old"), near: (Days(28), "28 days old") },
    Case { rule: 19, item: service("009999019000000", Kind::Treatment, 24 * YUAN),
        breach: (Years(18), "18 years old"), near: (Years(17), "17 years old") },
    Case { rule: 21, item: service("009999021000000", Kind::Treatment, 66 * YUAN),
        breach: (Specialty("A03"), "carried out by internal medicine; for surgery"), near: (Specialty("A04"), "carried out by surgery") },
    Case { rule: 22, item: service("009999022000000", Kind::Treatment, 39 * YUAN),
        breach: (Ordinary, "in the clinic; for stays and emergencies"), near: (Care("13"), "in an emergency") },
    Case { rule: 24, item: service("009999024000000", Kind::Treatment, 83 * YUAN),
        breach: (PrimaryClinic, "in a primary clinic; from secondary hospitals on"), near: (Ordinary, "in a tertiary hospital") },
    Case { rule: 29, item: service("009999029000000", Kind::Examination, 52 * YUAN),
        breach: (Years(61), "61 years old; from 16 to 60"), near: (Years(60), "60 years old") },
    Case { rule: 29, item: service("009999029000000", Kind::Examination, 52 * YUAN),
        breach: (Years(15), "15 years old; from 16 to 60"), near: (Years(16), "16 years old") },
    Case { rule: 32, item: material("C9903200000000000001", 88 * YUAN),
        breach: (Years(1), "one year old"), near: (Days(1), "one day old") },
    Case { rule: 33, item: material("C9903300000000000001", 44 * YUAN),
        breach: (Years(18), "18 years old"), near: (Years(17), "17 years old") },
    Case { rule: 45, item: medicine("XA99AAA045A001010100001", 91 * YUAN),
        breach: (Title("3"), "restricted antibiotic by a 主治医师"), near: (Title("4"), "by a 副主任医师") },
    Case { rule: 47, item: medicine("XA99AAA047A001010100001", 37 * YUAN),
        breach: (Care(INTERNET), "in an internet visit"), near: (Ordinary, "in the clinic") },
    Case { rule: 65, item: medicine("XA99AAA065A001010100001", 28 * YUAN),
        breach: (Years(18), "18 years old"), near: (Years(17), "17 years old") },
    Case { rule: 66, item: medicine("XA99AAA066A001010100001", 31 * YUAN),
        breach: (Years(17), "17 years old; not for children"), near: (Years(18), "18 years old") },
    Case { rule: 67, item: medicine("XA99AAA067A001010100001", 47 * YUAN),
        breach: (Sex("1"), "a man; for women"), near: (Sex("2"), "a woman") },
    Case { rule: 67, item: medicine("XA99AAA167A001010100001", 47 * YUAN),
        breach: (Sex("1"), "a man; the name of the medicine is limited to women"), near: (Sex("2"), "a woman") },
    Case { rule: 72, item: medicine("XA99AAA072A001010100001", 22 * YUAN),
        breach: (Years(65), "65 years old; to be avoided in the elderly"), near: (Years(64), "64 years old") },
    Case { rule: 73, item: medicine("XA99AAA073A001010100001", 26 * YUAN),
        breach: (Maternity("1"), "pregnant; not in pregnancy or while nursing"), near: (Maternity("3"), "neither pregnant nor nursing") },
    Case { rule: 73, item: medicine("XA99AAA073A001010100001", 26 * YUAN),
        breach: (Maternity("2"), "nursing; not in pregnancy or while nursing"), near: (Maternity("3"), "neither pregnant nor nursing") },
    Case { rule: 80, item: service("009999080000000", Kind::Treatment, 34 * YUAN),
        breach: (Years(18), "18 years old"), near: (Years(17), "17 years old") },
    Case { rule: 81, item: service("009999081000000", Kind::Examination, 55 * YUAN),
        breach: (Sex("1"), "a man; for women"), near: (Sex("2"), "a woman") },
    Case { rule: 85, item: material("C9908500000000000001", 72 * YUAN),
        breach: (Specialty("A03"), "used by internal medicine; for surgery"), near: (Specialty("A04"), "used by surgery") },
    Case { rule: 87, item: material("C9908700000000000001", 19 * YUAN),
        breach: (Sex("1"), "a man; for women"), near: (Sex("2"), "a woman") },
];

/// 互联网诊疗 (med_type): what the region takes for it, which the pack leaves open.
const INTERNET: &str = "110104";

/// Plants every item with a breach and a near miss, and the limited diagnoses and procedures.
pub(super) fn plant(round: &mut Round<'_>) {
    for case in &CASES {
        let (fact, note) = case.breach;
        let mut patient = met(round, &case.item, fact);
        let amount = patient.encounters[0].orders[0].amount();
        patient
            .marks
            .push(hit(case.rule, Place::Order(0, 0), amount, note));
        round.plant(patient);
        let (fact, note) = case.near;
        let mut patient = met(round, &case.item, fact);
        patient
            .marks
            .push(near_miss(case.rule, Place::Order(0, 0), note));
        round.plant(patient);
    }
    diagnoses(round);
    hysterectomy(round);
}

/// Somebody who gets one unit of the item, and of whom the fact is told.
fn met(round: &mut Round<'_>, item: &'static Item, fact: Fact) -> Patient {
    let day = round.day();
    let mut order = one(item, day);
    if item.kind == Kind::Slice {
        (order.quantity, order.details.decoctions) = (70, Some(7));
    }
    let mut patient = round.visitor(vec![order]);
    tell(&mut patient, fact);
    patient
}

fn tell(patient: &mut Patient, fact: Fact) {
    match fact {
        Years(years) => patient.age = years,
        Days(days) => (patient.age, patient.age_days) = (0, Some(days)),
        Sex(sex) => patient.gender = sex,
        _ => {}
    }
    let visit = &mut patient.encounters[0];
    let order = &mut visit.orders[0];
    match fact {
        Insurance(insurance) => visit.details.insurance = insurance,
        Care(care_type) => visit.care_type = care_type,
        PrimaryClinic => visit.details.institution = PRIMARY_CLINIC,
        Maternity(state) => visit.details.maternity = Some(state),
        Specialty(specialty) => order.details.specialty = Some(specialty),
        Title(title) => order.details.title = Some(title),
        OwnPay => order.details.own_pay = true,
        Refunded => {
            let refund = order.refund(0);
            visit.orders.push(refund);
        }
        Ordinary | Years(_) | Days(_) | Sex(_) => {}
    }
    if matches!(fact, Maternity(_)) || matches!(fact, Care("52")) {
        patient.gender = "2";
    }
}

/// 诊断与患者性别不符 (54), 诊断与患者年龄不符 (55).
fn diagnoses(round: &mut Round<'_>) {
    let cases: [(usize, &str, Fact, Option<&str>); 4] = [
        (54, "C61.x00", Sex("2"), Some("prostate cancer of a woman")),
        (54, "C61.x00", Sex("1"), None),
        (
            55,
            "P07.300",
            Years(1),
            Some("immaturity of a newborn at one year of age"),
        ),
        (55, "P07.300", Days(200), None),
    ];
    for (rule, diagnosis, fact, breach) in cases {
        let day = round.day();
        let mut patient = round.visitor(vec![one(&CONSULTATION, day)]);
        patient.encounters[0].diagnoses = vec![diagnosis];
        tell(&mut patient, fact);
        let place = Place::Diagnosis(0, 0);
        patient.marks.push(match breach {
            Some(note) => hit(rule, place, 0, note),
            None => near_miss(rule, place, "a diagnosis that fits the patient"),
        });
        round.plant(patient);
    }
}

static CONSULTATION: Item = service("001102000010000", Kind::Consultation, 10 * YUAN);

/// 手术操作编码与性别不符 (39).
fn hysterectomy(round: &mut Round<'_>) {
    for sex in ["1", "2"] {
        let day = round.day();
        let mut patient = round.inpatient(day, 6, Vec::new());
        patient.gender = sex;
        let stay: &mut Encounter = &mut patient.encounters[0];
        stay.diagnoses = vec!["D25.900"];
        stay.procedures = vec![("68.4x01", day)];
        let place = Place::Procedure(0, 0);
        patient.marks.push(match sex {
            "1" => hit(39, place, 0, "hysterectomy of a man"),
            _ => near_miss(39, place, "hysterectomy of a woman"),
        });
        round.plant(patient);
    }
}
