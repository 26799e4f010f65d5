//! The keys by which the rows of a table are known where the data came from.

use std::fmt::Write as _;

use super::texts::{List, Texts};

/// A text for each row.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    texts: List,
    /// Which of the texts is that of a row; where there is none, rows have them in order.
    of_rows: Option<Vec<u32>>,
}

impl Keys {
    /// Those of rows that have numbers of these texts.
    pub(super) fn named(texts: Texts, of_rows: Vec<u32>) -> Self {
        Keys {
            texts: texts.into_list(),
            of_rows: Some(of_rows),
        }
    }

    /// Numbers, for rows that are known by their place.
    pub(super) fn places(places: impl IntoIterator<Item = u64>) -> Self {
        let mut texts = List::default();
        let mut place = String::new();
        for number in places {
            place.clear();
            write!(place, "{number}").expect("a text can always grow");
            texts.push(&place);
        }
        Keys {
            texts,
            of_rows: None,
        }
    }

    /// That of a row.
    #[inline]
    pub(super) fn of(&self, row: u32) -> Option<&str> {
        match &self.of_rows {
            Some(of_rows) => self.texts.text(*of_rows.get(row as usize)?),
            None => self.texts.text(row),
        }
    }

    /// Those of some rows, in this order.
    pub(super) fn some(&self, rows: &[u32]) -> Self {
        let mut texts = List::default();
        for key in rows.iter().filter_map(|row| self.of(*row)) {
            texts.push(key);
        }
        Keys {
            texts,
            of_rows: None,
        }
    }
}
