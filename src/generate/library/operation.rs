//! 同一手术: a second operation through one incision without its discount, and the parts of an operation
//! charged in place of the whole.

use super::super::catalogue::{Item, Kind};
use super::super::record::{Order, Place};
use super::items::{YUAN, service};
use super::round::{Round, hit, near_miss, one};

/// Two operations through one incision (15).
static FIRST: Item = service("009999015000000", Kind::Operation, 900 * YUAN);
static SECOND: Item = service("009999015001000", Kind::Operation, 600 * YUAN);
/// The two parts of one operation (26).
static PARTS: [Item; 2] = [
    service("009999026001000", Kind::Operation, 260 * YUAN),
    service("009999026002000", Kind::Operation, 340 * YUAN),
];

/// Plants day surgery.
pub(super) fn plant(round: &mut Round<'_>) {
    same_incision(round);
    unbundled(round);
}

/// 手术项目未按规定折价收费: the cheaper one costs at most three quarters.
fn same_incision(round: &mut Round<'_>) {
    for (price, breach) in [(600 * YUAN, true), (450 * YUAN, false)] {
        let day = round.day();
        let mut second: Order = one(&SECOND, day);
        second.details.price = Some(price);
        let mut patient = round.visitor(vec![one(&FIRST, day), second]);
        let place = Place::Order(0, 1);
        patient.marks.push(match breach {
            true => hit(
                15,
                place,
                15_000,
                "second operation of the incision in full",
            ),
            false => near_miss(15, place, "second operation at 75 %"),
        });
        round.plant(patient);
    }
}

/// 医疗服务项目分解收费: both parts on one day, or one of them.
fn unbundled(round: &mut Round<'_>) {
    let day = round.day();
    let mut patient = round.visitor(PARTS.iter().map(|part| one(part, day)).collect());
    let note = "both parts in place of the whole";
    patient
        .marks
        .push(hit(26, Place::Order(0, 0), 60_000, note));
    round.plant(patient);
    let day = round.day();
    let mut patient = round.visitor(vec![one(&PARTS[0], day)]);
    let note = "one part alone";
    patient.marks.push(near_miss(26, Place::Order(0, 0), note));
    round.plant(patient);
}
