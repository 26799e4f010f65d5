//! 记录之间一致: a charge outside the days of its stay (42); an antibiotic given too early before an
//! operation, or for too long after it (44).

use time::Date;

use super::super::catalogue::{Item, Kind};
use super::super::record::{Order, Place};
use super::super::timeline::after;
use super::items::{YUAN, medicine, service};
use super::round::{FIRST_OF_STAY, Round, hit, near_miss, one};

static DRESSING: Item = service("001206000030000", Kind::Treatment, 18 * YUAN);
/// Given to prevent infection in the repair of a hernia.
static ANTIBIOTIC: Item = medicine("XA99AAA044A001010100001", 27 * YUAN);
const HERNIA_REPAIR: &str = "53.0000";
/// From 10:00 to 11:00, in minutes after midnight.
const THEATRE: [u32; 2] = [600, 660];

/// Plants stays whose records do not agree.
pub(super) fn plant(round: &mut Round<'_>) {
    for (days, note) in [
        (4, "charged the day after discharge"),
        (3, "on the day of discharge"),
    ] {
        let day = round.day();
        let mut patient = round.inpatient(day, 3, vec![one(&DRESSING, after(day, days))]);
        let place = Place::Order(0, FIRST_OF_STAY);
        patient.marks.push(match days {
            4 => hit(42, place, 1_800, note),
            _ => near_miss(42, place, note),
        });
        round.plant(patient);
    }
    prophylaxis(round);
}

/// When the antibiotic is begun and ended, and what the patient has.
struct Course {
    started: u32,
    /// Days after the operation, and minutes after midnight.
    stopped: (i64, u32),
    diagnosis: &'static str,
    breach: bool,
    note: &'static str,
}

const HERNIA: &str = "K40.900";

#[rustfmt::skip]
static COURSES: [Course; 5] = [
    Course { started: 479, stopped: (0, 700), diagnosis: HERNIA, breach: true,
        note: "begun 121 minutes before the operation; 120 allowed" },
    Course { started: 480, stopped: (0, 700), diagnosis: HERNIA, breach: false,
        note: "begun 120 minutes before the operation" },
    Course { started: 570, stopped: (1, 661), diagnosis: HERNIA, breach: true,
        note: "ended a minute after the 24 hours that follow the operation" },
    Course { started: 570, stopped: (1, 660), diagnosis: HERNIA, breach: false,
        note: "ended 24 hours after the operation" },
    Course { started: 400, stopped: (2, 600), diagnosis: "N39.000", breach: false,
        note: "an infection of the urinary tract is treated and not prevented" },
];

fn prophylaxis(round: &mut Round<'_>) {
    for course in &COURSES {
        let day: Date = round.day();
        let mut order: Order = one(&ANTIBIOTIC, day);
        let (days, minute) = course.stopped;
        order.details.started = Some(course.started);
        order.details.stopped = Some((after(day, days), minute));
        let mut patient = round.inpatient(day, 4, vec![order]);
        let stay = &mut patient.encounters[0];
        stay.diagnoses = vec!["K40.900"];
        if course.diagnosis != HERNIA {
            stay.diagnoses.push(course.diagnosis);
        }
        stay.procedures = vec![(HERNIA_REPAIR, day)];
        stay.details.theatre = Some(THEATRE);
        let place = Place::Order(0, FIRST_OF_STAY);
        patient.marks.push(match course.breach {
            true => hit(44, place, order.amount(), course.note),
            false => near_miss(44, place, course.note),
        });
        round.plant(patient);
    }
}
