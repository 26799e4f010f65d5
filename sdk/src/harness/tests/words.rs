//! What a pack says of itself when it cannot go on.

use super::{Fixture, MANIFEST};
use crate::prelude::{Money, Pack, Setup};

struct Refuses;

impl Pack for Refuses {
    fn prepare(_: &Setup) -> Result<Self, String> {
        Err("no limits".into())
    }
    fn evaluate(&self, _: &crate::Batch) -> Result<crate::Answer, String> {
        Err("unreachable".into())
    }
}

/// What would be charged of every item that there is.
struct ShowsAll;

impl Pack for ShowsAll {
    fn prepare(setup: &Setup) -> Result<Self, String> {
        crate::charges::ShowingItems::read(setup, "items", "price").map(|_| ShowsAll)
    }
    fn evaluate(&self, _: &crate::Batch) -> Result<crate::Answer, String> {
        Err("unreachable".into())
    }
}

pack!(Overflows, |batch, _answer| {
    let orders = batch.orders().items().rows().map(|_| Money(i64::MAX));
    Money::sum(orders)?;
});

#[test]
fn the_words_of_a_pack_reach_its_author() {
    let columns = r#"item = "text", price = "code""#;
    let shows = MANIFEST.replace(r#"item = "code", price = "money""#, columns);
    assert_eq!(
        Fixture::new("shows", &shows).run::<ShowsAll>().unwrap_err(),
        "prepare: table `items` row 2: column `item` is empty"
    );
    let fixture = Fixture::new("words", MANIFEST);
    assert_eq!(fixture.run::<Refuses>().unwrap_err(), "prepare: no limits");
    assert_eq!(
        fixture.run::<Overflows>().unwrap_err(),
        "evaluate: a sum or product exceeds what 64 bits hold"
    );
}
