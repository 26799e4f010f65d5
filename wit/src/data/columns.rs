//! Rows that come as columns: what [`DataBuilder::push_cells`] does for one row after the other, for many at once.

use super::{Cell, DataBuilder, Problem, Values, order};
use crate::schema::TableId;

impl DataBuilder {
    /// Adds rows without values, each by where it stands in its source and its key. The answer are their numbers
    /// before sorting, `None` for a row that is left out; their values come with [`Self::push_column`].
    pub fn push_rows<'k>(
        &mut self,
        table: TableId,
        rows: impl IntoIterator<Item = (u64, &'k str)>,
    ) -> Vec<Option<u32>> {
        let rows = rows.into_iter();
        if table.table().key().is_some() {
            self.reserve_keys(table, rows.size_hint().0);
        }
        rows.map(|(line, key)| self.push_row(table, line, key))
            .collect()
    }

    /// Puts values into a column of rows that were added, one for each row; `None` is not recorded. A row whose
    /// value is none of its column is left out.
    pub fn push_column<'c>(
        &mut self,
        table: TableId,
        (column, rows): (usize, &[Option<u32>]),
        cells: impl IntoIterator<Item = Option<Cell<'c>>>,
    ) {
        let kind = table.table().columns[column].kind;
        let mut values = self.take_column(table, column);
        // Rows that follow each other often say the same.
        let mut last: Option<(&str, Option<i64>)> = None;
        for (row, cell) in rows.iter().zip(cells) {
            let (Some(row), Some(cell)) = (*row, cell) else {
                continue;
            };
            let number = match cell {
                Cell::Number(number) => Ok(Some(number)),
                Cell::Text(text) => match last {
                    Some((before, number)) if before == text => Ok(number),
                    _ => {
                        let read = self.read(kind, text.trim());
                        last = read.ok().map(|number| (text, number));
                        read
                    }
                },
            };
            let put = number.and_then(|number| match number {
                Some(number) => order::put(&mut values, (kind, row), number)
                    .map_err(|problem| Problem::Value(problem, kind)),
                None => Ok(()),
            });
            if let Err(problem) = put {
                self.reject_cell((table, row), (column, cell), problem);
            }
        }
        self.tables[table.index()].columns[column] = Some(values);
    }

    /// As [`Self::push_column`], for codes or tokens by their numbers among the texts that it began with; 0 is not
    /// recorded.
    pub fn push_known(
        &mut self,
        table: TableId,
        (column, rows): (usize, &[Option<u32>]),
        numbers: impl IntoIterator<Item = u32>,
    ) {
        let kind = table.table().columns[column].kind;
        let mut values = self.take_column(table, column);
        for (row, number) in rows.iter().zip(numbers) {
            let Some(row) = *row else { continue };
            let put = order::put(&mut values, (kind, row), i64::from(number));
            debug_assert!(put.is_ok(), "a column of codes holds every number");
        }
        self.tables[table.index()].columns[column] = Some(values);
    }

    fn take_column(&mut self, table: TableId, column: usize) -> Values {
        let pending = &mut self.tables[table.index()];
        let layout = table.table().columns[column].kind.layout();
        let taken = pending.columns[column].take();
        taken.unwrap_or_else(|| Values::empty(layout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ids;

    /// Lines of two encounters: keys, and amounts and flags as cells; the third line has the key of the first, the
    /// fourth an amount and a flag that are none.
    const KEYS: [&str; 5] = ["L1", "L2", "L1", "L4", "L5"];
    const ENCOUNTERS: [&str; 5] = ["E1", "E1", "E2", "E2", "E1"];
    const AMOUNTS: [Option<Cell<'_>>; 5] = [
        Some(Cell::Number(1_230)),
        Some(Cell::Text(" 12.30 ")),
        Some(Cell::Number(1)),
        Some(Cell::Text("1.234")),
        None,
    ];
    const FLAGS: [Option<Cell<'_>>; 5] = [
        None,
        Some(Cell::Text("")),
        None,
        Some(Cell::Number(2)),
        Some(Cell::Text("1")),
    ];

    fn begun() -> (DataBuilder, [usize; 3]) {
        let mut builder = DataBuilder::new();
        let patients = ids::ENCOUNTERS.table().column("patients").unwrap();
        builder.push(ids::PATIENTS, 1, "P1", []);
        for (line, key) in [(1, "E1"), (2, "E2")] {
            builder.push(ids::ENCOUNTERS, line, key, [(patients, "P1")]);
        }
        let column = |name| ids::ORDERS.table().column(name).unwrap();
        (builder, ["encounters", "amounts", "current"].map(column))
    }

    #[test]
    fn columns_come_to_the_same_as_rows() {
        let (mut by_row, columns) = begun();
        for row in 0..KEYS.len() {
            let owner = Some(Cell::Text(ENCOUNTERS[row]));
            let cells = columns.into_iter().zip([owner, AMOUNTS[row], FLAGS[row]]);
            let cells = cells.filter_map(|(column, cell)| Some((column, cell?)));
            by_row.push_cells(ids::ORDERS, row as u64, KEYS[row], cells);
        }
        let (mut by_column, [encounters, amounts, current]) = begun();
        let rows = by_column.push_rows(ids::ORDERS, (0..).zip(KEYS));
        assert_eq!(rows, [Some(0), Some(1), None, Some(2), Some(3)]);
        let owners = ENCOUNTERS.map(|key| Some(Cell::Text(key)));
        by_column.push_column(ids::ORDERS, (encounters, &rows), owners);
        by_column.push_column(ids::ORDERS, (amounts, &rows), AMOUNTS);
        by_column.push_column(ids::ORDERS, (current, &rows), FLAGS);
        let ((of_rows, faults), (of_columns, same)) = (by_row.finish(), by_column.finish());
        let told: Vec<String> = same.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "`orders` line 2, column `order`: `L1` is the key of an earlier row too",
                "`orders` line 3, column `amounts`: `1.234` is more than 2 decimals, expected an amount in CNY with at most 2 decimals, such as `12.30`",
                "`orders` line 3, column `current`: `2` is not a flag, expected `0` or `1`",
            ]
        );
        assert_eq!(same, faults);
        assert_eq!(of_columns.rows(ids::ORDERS), 3);
        for row in 0..3 {
            assert_eq!(
                of_columns.key(ids::ORDERS, row),
                of_rows.key(ids::ORDERS, row)
            );
            for column in ["encounters", "amounts", "current"] {
                let value = |data: &super::super::Data| data.number(ids::ORDERS, column, row);
                assert_eq!(value(&of_columns), value(&of_rows), "{column} of row {row}");
            }
        }
    }
}
