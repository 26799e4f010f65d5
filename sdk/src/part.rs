//! Parts of tables: some rows of many, so that a rule that looks at few need not fetch them all.

use std::marker::PhantomData;
use std::ops::Range;

use crate::column::{Row, Rows, Table};

/// Marks rows and columns of a part of table `T`. Its rows are numbered from 0 within the part, so they
/// are no rows of the table and go into no answer.
pub struct InPart<T>(PhantomData<fn() -> T>);

/// The rows that a part is made of.
pub(crate) struct Selection<T> {
    /// As the rule gave them: they ascend and do not overlap.
    groups: Vec<Range<u32>>,
    /// The same rows in as few ranges as can be, as they are fetched.
    ranges: Vec<Range<u32>>,
    table: PhantomData<fn() -> T>,
}

impl<T: Table> Selection<T> {
    pub(crate) fn new(rows: impl IntoIterator<Item = Rows<T>>) -> Self {
        let (mut groups, mut ranges): (Vec<_>, Vec<Range<u32>>) = (Vec::new(), Vec::new());
        let mut free = 0;
        for rows in rows {
            let Range { start, end } = rows.range();
            let start = start.max(free);
            free = end.max(start);
            groups.push(start..free);
            match ranges.last_mut() {
                Some(last) if last.end == start => last.end = free,
                _ if start == free => {}
                _ => ranges.push(start..free),
            }
        }
        Selection {
            groups,
            ranges,
            table: PhantomData,
        }
    }

    pub(crate) fn ranges(&self) -> &[Range<u32>] {
        &self.ranges
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = Rows<InPart<T>>> + use<'_, T> {
        let mut first = 0_usize;
        self.groups.iter().map(move |range| {
            let end = first + range.len();
            Rows::new(std::mem::replace(&mut first, end), end)
        })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = (Row<InPart<T>>, Row<T>)> + use<'_, T> {
        let rows = self.ranges.iter().flat_map(Clone::clone);
        (0..).map(Row::new).zip(rows.map(Row::new))
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
        let rows = [(3, 5), (7, 7), (4, 9), (9, 10)];
        let selection = Selection::<Lines>::new(rows.map(|(first, end)| Rows::new(first, end)));
        assert_eq!(selection.ranges(), [3..5, 7..10]);
        let groups: Vec<Range<u32>> = selection.groups().map(|rows| rows.range()).collect();
        assert_eq!(groups, [0..2, 2..2, 2..4, 4..5]);
        let numbers = |(part, whole): (Row<_>, Row<_>)| (part.number(), whole.number());
        let rows: Vec<(u32, u32)> = selection.rows().map(numbers).collect();
        assert_eq!(rows, [(0, 3), (1, 4), (2, 7), (3, 8), (4, 9)]);
    }
}
