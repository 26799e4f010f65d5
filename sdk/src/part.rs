//! Parts of tables: some rows of many, so that a rule that looks at few need not fetch them all.

use std::marker::PhantomData;
use std::ops::Range;

use crate::column::{Row, Rows, Table};

/// Marks rows and columns of a part of table `T`. Its rows are numbered from 0 within the part, so they
/// are no rows of the table and go into no answer.
pub struct InPart<T>(PhantomData<fn() -> T>);

/// The ranges of rows that a part is made of: they ascend and do not overlap.
pub(crate) struct Selection<T> {
    ranges: Vec<Range<u32>>,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Selection<T> {
    pub(crate) fn new(rows: impl IntoIterator<Item = Rows<T>>) -> Self {
        let mut free = 0;
        let apart = |rows: Rows<T>| {
            let Range { start, end } = rows.range();
            let start = start.max(free);
            free = end.max(start);
            start..free
        };
        Selection {
            ranges: rows.into_iter().map(apart).collect(),
            table: PhantomData,
        }
    }

    pub(crate) fn ranges(&self) -> &[Range<u32>] {
        &self.ranges
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = Rows<InPart<T>>> + use<'_, T> {
        let mut first = 0_usize;
        self.ranges.iter().map(move |range| {
            let end = first + range.len();
            Rows::new(std::mem::replace(&mut first, end), end)
        })
    }

    pub(crate) fn whole(&self, row: Row<InPart<T>>) -> Option<Row<T>> {
        let mut number = row.number();
        for range in &self.ranges {
            let count = range.end - range.start;
            if number < count {
                return Some(Row::new(range.start + number));
            }
            number -= count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Lines;

    impl Table for Lines {
        const NUMBER: u8 = 1;
        const NAME: &'static str = "lines";
    }

    #[test]
    fn a_part_numbers_its_rows_anew_and_knows_which_rows_they_are() {
        let rows = [Rows::new(3, 5), Rows::new(7, 7), Rows::new(4, 9)];
        let selection = Selection::<Lines>::new(rows);
        assert_eq!(selection.ranges(), [3..5, 7..7, 7..9]);
        let groups: Vec<Range<u32>> = selection.groups().map(|rows| rows.range()).collect();
        assert_eq!(groups, [0..2, 2..2, 2..4]);
        let whole = |number| selection.whole(Row::new(number)).map(Row::number);
        assert_eq!(
            [0, 1, 2, 3, 4].map(whole),
            [Some(3), Some(4), Some(7), Some(8), None]
        );
    }
}
