//! What counts as the same drug.

use rulepack_sdk::prelude::*;

use crate::ChronicLimits;

/// Characters of a whole code of a Western or Chinese patent medicine.
const WHOLE_CODE: u8 = 23;

/// The drug of each line: its code, or the first characters of it, which name the generic drug (通用名, 10) or the
/// generic drug in its form (剂型, 14), whoever makes it.
pub struct Drugs {
    prefixes: Option<Vec<Option<Code>>>,
}

impl ChronicLimits {
    pub(crate) fn drugs(&self, batch: &Batch, items: &Column<'_, InPart<Orders>, Code>) -> Drugs {
        let characters = self.same_drug_characters;
        let by_prefix = characters < WHOLE_CODE;
        Drugs {
            prefixes: by_prefix.then(|| batch.column_prefixes(items, characters)),
        }
    }
}

impl Drugs {
    pub(crate) fn get(
        &self,
        place: Row<InPart<Orders>>,
        items: &Column<'_, InPart<Orders>, Code>,
    ) -> Option<Code> {
        match &self.prefixes {
            Some(prefixes) => prefixes.get(place.number() as usize).copied().flatten(),
            None => items.get(place),
        }
    }
}
