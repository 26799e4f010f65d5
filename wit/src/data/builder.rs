//! Builds data row by row from texts, in any order, and says which rows it had to leave out.

use std::fmt;
use std::sync::Arc;

use super::order::{self, Pending};
use super::{Coverage, Data, Presence, Reach, TableData, Texts, Values};
use crate::schema::{Kind, TABLES, TableId};
use crate::units::{self, ValueError};

/// Collects rows. Values are texts as people write them (see [`units`]); a column of row
/// numbers takes the key of the row that it points to, which may come later.
#[derive(Debug, Default)]
pub struct DataBuilder {
    codes: Arc<Texts>,
    tokens: Arc<Texts>,
    pub(super) tables: Vec<Pending>,
    rejections: Vec<Rejection>,
    reach: Option<Reach>,
    known_by_line: bool,
}

/// A value on its way into a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'c> {
    /// As people write it; empty where it is not recorded.
    Text(&'c str),
    /// In the unit of its column, for the kinds that are numbers (see [`units`]).
    Number(i64),
}

/// A row that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The table.
    pub table: TableId,
    /// Where the row stood in its source: a line, or a place in a list.
    pub line: u64,
    /// The column at fault; the key of the table where none is.
    pub column: &'static str,
    /// The value at fault. Patient data: not for logs.
    pub value: String,
    /// What is wrong.
    pub problem: Problem,
}

/// Why a row is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The text is not a value of the column.
    Value(ValueError, Kind),
    /// The row must say to what it belongs.
    Missing,
    /// Another row has this key already.
    DuplicateKey,
    /// No row has the key that this one points to.
    UnknownRow(TableId),
    /// The row that this one belongs to was left out.
    OwnerRejected(TableId),
    /// It contradicts itself or another row: the sentence says how.
    Inconsistent(&'static str),
    /// More rows or texts than 32 bits count.
    TooMany,
}

impl DataBuilder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        DataBuilder {
            tables: TableId::all().map(Pending::new).collect(),
            ..DataBuilder::default()
        }
    }

    /// Nothing yet, but codes and tokens that have numbers: those of [`Self::push_known`].
    #[must_use]
    pub fn with_texts(codes: Arc<Texts>, tokens: Arc<Texts>) -> Self {
        DataBuilder {
            codes,
            tokens,
            ..DataBuilder::new()
        }
    }

    /// Says that a table is there with these columns, even if no row comes.
    pub fn declare(&mut self, table: TableId, columns: impl IntoIterator<Item = usize>) {
        let pending = &mut self.tables[table.index()];
        pending.presence.get_or_insert(Presence::Complete);
        for column in columns {
            pending.column(table, column);
        }
    }

    /// Says what is known of a table; it is complete where nobody says.
    pub fn cover(&mut self, table: TableId, coverage: Coverage) {
        let pending = &mut self.tables[table.index()];
        pending.presence = Some(coverage.presence);
        pending.history_start = coverage.history_start;
    }

    /// Says how far history reaches; the institution only where nobody says.
    pub fn reach(&mut self, reach: Reach) {
        self.reach = Some(reach);
    }

    /// Rows of tables without a key are known by the line that they are pushed with, not by their place in the
    /// order of arrival: for those who build the same data in parts.
    pub fn known_by_line(&mut self) {
        self.known_by_line = true;
    }

    /// Adds a row. `line` is where it stands in its source; `key` its key, where the table has one;
    /// `cells` are columns of the table (by place) with their texts. A row with a fault is left out and
    /// listed in [`Self::rejections`]; the answer is its number before sorting, for [`Self::reject`].
    pub fn push<'c>(
        &mut self,
        table: TableId,
        line: u64,
        key: &str,
        cells: impl IntoIterator<Item = (usize, &'c str)>,
    ) -> Option<u32> {
        let cells = cells.into_iter();
        let cells = cells.map(|(column, text)| (column, Cell::Text(text)));
        self.push_cells(table, line, key, cells)
    }

    /// As [`Self::push`], of values some of which are numbers already.
    pub fn push_cells<'c>(
        &mut self,
        table: TableId,
        line: u64,
        key: &str,
        cells: impl IntoIterator<Item = (usize, Cell<'c>)>,
    ) -> Option<u32> {
        let row = self.push_row(table, line, key)?;
        let mut sound = true;
        for (column, cell) in cells {
            let set = match cell {
                Cell::Text(text) => self.set(table, row, column, text.trim()),
                Cell::Number(number) => self.put(table, row, column, number),
            };
            if let Err(problem) = set {
                self.reject_cell((table, row), (column, cell), problem);
                sound = false;
            }
        }
        sound.then_some(row)
    }

    /// Leaves out a row that was added.
    pub fn reject(&mut self, table: TableId, row: u32, column: &'static str, problem: Problem) {
        let pending = &mut self.tables[table.index()];
        let Some(rejected) = pending.rejected.get_mut(row as usize) else {
            return;
        };
        if std::mem::replace(rejected, true) {
            return;
        }
        self.rejections.push(Rejection {
            table,
            line: pending.lines[row as usize],
            column,
            value: String::new(),
            problem,
        });
    }

    /// Leaves out a row for one of its values.
    pub(super) fn reject_cell(
        &mut self,
        (table, row): (TableId, u32),
        (column, cell): (usize, Cell<'_>),
        problem: Problem,
    ) {
        let pending = &mut self.tables[table.index()];
        pending.rejected[row as usize] = true;
        self.rejections.push(Rejection {
            table,
            line: pending.lines[row as usize],
            column: table.table().columns[column].name,
            value: match cell {
                Cell::Text(text) => text.trim().to_owned(),
                Cell::Number(number) => number.to_string(),
            },
            problem,
        });
    }

    /// The values of a column as they stand before sorting; row numbers are not resolved yet.
    #[must_use]
    pub fn values(&self, table: TableId, column: &str) -> Option<&Values> {
        let column = table.table().column(column)?;
        self.tables[table.index()].columns[column].as_ref()
    }

    /// The number, before sorting, of the row that a column of row numbers points to.
    #[must_use]
    pub fn target(&self, table: TableId, column: &str, row: u32) -> Option<u32> {
        let index = table.table().column(column)?;
        let Kind::Row(target) = table.table().columns[index].kind else {
            return None;
        };
        match self.tables[table.index()].columns[index].as_ref()? {
            Values::U32(keys) => self.tables[target.index()].row_of_key(*keys.get(row as usize)?),
            _ => None,
        }
    }

    /// How many rows of a table were added, the rejected ones included.
    #[must_use]
    pub fn rows(&self, table: TableId) -> u32 {
        self.tables[table.index()].rows
    }

    /// The rows left out so far.
    #[must_use]
    pub fn rejections(&self) -> &[Rejection] {
        &self.rejections
    }

    /// Resolves keys, leaves out what belongs to rows left out, and puts all into the order of the
    /// contract. The second part lists every row left out.
    #[must_use]
    pub fn finish(mut self) -> (Data, Vec<Rejection>) {
        order::resolve(&mut self.tables, &mut self.rejections);
        let orders = order::permutations(&self.tables);
        let tables: Vec<Arc<TableData>> = TableId::all()
            .map(|table| {
                let names = self.known_by_line;
                Arc::new(order::sorted(&mut self.tables, &orders, table, names))
            })
            .collect();
        let data = Data {
            codes: self.codes,
            tokens: self.tokens,
            tables,
            reach: self.reach.unwrap_or(Reach::Institution),
        };
        (data, self.rejections)
    }

    /// Adds a row without values; `None` where it is left out.
    pub(super) fn push_row(&mut self, table: TableId, line: u64, key: &str) -> Option<u32> {
        self.declare(table, []);
        let started = self.start_row(table, line, key);
        started.map_err(|fault| self.rejections.push(fault)).ok()
    }

    /// Makes room for so many more keys.
    pub(super) fn reserve_keys(&mut self, table: TableId, more: usize) {
        self.tables[table.index()].keys.reserve(more);
    }

    fn start_row(&mut self, table: TableId, line: u64, key: &str) -> Result<u32, Rejection> {
        let rejection = |problem| Rejection {
            table,
            line,
            column: table.table().key().unwrap_or(table.table().name),
            value: key.to_owned(),
            problem,
        };
        let has_key = table.table().key().is_some();
        if has_key && key.is_empty() {
            return Err(rejection(Problem::Missing));
        }
        let pending = &mut self.tables[table.index()];
        match pending.start_row(line, has_key.then_some(key)) {
            Some(row) => Ok(row),
            None if has_key && pending.has_key(key) => Err(rejection(Problem::DuplicateKey)),
            None => Err(rejection(Problem::TooMany)),
        }
    }

    fn set(&mut self, table: TableId, row: u32, column: usize, text: &str) -> Result<(), Problem> {
        match self.read(TABLES[table.index()].columns[column].kind, text)? {
            Some(number) => self.put(table, row, column, number),
            None => {
                self.tables[table.index()].column(table, column);
                Ok(())
            }
        }
    }

    /// The number that a text stands for in a column of a kind; `None` where nothing is recorded.
    pub(super) fn read(&mut self, kind: Kind, text: &str) -> Result<Option<i64>, Problem> {
        let wrong = |problem| Problem::Value(problem, kind);
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(match kind {
            Kind::Code => i64::from(number(&mut self.codes, text)?),
            Kind::Token => i64::from(number(&mut self.tokens, text)?),
            Kind::Row(target) => {
                let keys = &mut self.tables[target.index()].keys;
                i64::from(keys.intern(text).ok_or(Problem::TooMany)?)
            }
            Kind::Flag => match text {
                "0" => 0,
                "1" => 1,
                _ => return Err(wrong(ValueError::NotAFlag)),
            },
            Kind::Day => i64::from(units::parse_day(text).map_err(wrong)?),
            Kind::Instant => units::parse_instant(text).map_err(wrong)?,
            _ => units::parse_decimal(text, units::places(kind).unwrap_or(0)).map_err(wrong)?,
        }))
    }

    fn put(&mut self, table: TableId, row: u32, column: usize, number: i64) -> Result<(), Problem> {
        let kind = TABLES[table.index()].columns[column].kind;
        let values = self.tables[table.index()].column(table, column);
        order::put(values, (kind, row), number).map_err(|problem| Problem::Value(problem, kind))
    }
}

/// The number of a text. Texts that others hold too are copied for the first one that is not among them.
fn number(texts: &mut Arc<Texts>, text: &str) -> Result<u32, Problem> {
    match texts.number(text) {
        Some(number) => Ok(number),
        None => {
            let given = Arc::make_mut(texts).intern(text);
            given.ok_or(Problem::TooMany)
        }
    }
}

impl Rejection {
    /// What is wrong, and what was expected, without the place: for those who name the place their own way.
    #[must_use]
    pub fn reason(&self) -> String {
        let value = &self.value;
        match self.problem {
            Problem::Value(problem, kind) => {
                format!(
                    "`{value}` is {problem}, expected {}",
                    units::expectation(kind)
                )
            }
            Problem::Missing => "nothing is recorded, expected a key".to_owned(),
            Problem::DuplicateKey => format!("`{value}` is the key of an earlier row too"),
            Problem::UnknownRow(target) => {
                format!("`{value}` is no row of `{}`", target.table().name)
            }
            Problem::OwnerRejected(owner) => {
                format!("`{value}` of `{}` was left out", owner.table().name)
            }
            Problem::Inconsistent(how) => how.to_owned(),
            Problem::TooMany => "more rows or texts than 32 bits count".to_owned(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` line {}, column `{}`: {}",
            self.table.table().name,
            self.line,
            self.column,
            self.reason()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::ids;

    #[test]
    fn numbers_are_held_as_texts_are() {
        let column = |table: TableId, name| table.table().column(name).unwrap();
        let [encounters, amounts, current] =
            ["encounters", "amounts", "current"].map(|name| column(ids::ORDERS, name));
        let patients = column(ids::ENCOUNTERS, "patients");
        let mut builder = DataBuilder::new();
        builder.push(ids::PATIENTS, 1, "P1", []);
        builder.push(ids::ENCOUNTERS, 1, "E1", [(patients, "P1")]);
        let line = |amount, flag| {
            let owner = (encounters, Cell::Text("E1"));
            [owner, (amounts, amount), (current, flag)]
        };
        let text = line(Cell::Text("12.30"), Cell::Text("1"));
        builder.push_cells(ids::ORDERS, 1, "L1", text);
        let number = line(Cell::Number(1230), Cell::Number(1));
        builder.push_cells(ids::ORDERS, 2, "L2", number);
        let fault = line(Cell::Number(1230), Cell::Number(2));
        assert_eq!(builder.push_cells(ids::ORDERS, 3, "L3", fault), None);
        let (data, rejections) = builder.finish();
        assert_eq!(data.number(ids::ORDERS, "amounts", 0), Some(1230));
        assert_eq!(data.number(ids::ORDERS, "amounts", 1), Some(1230));
        assert_eq!(
            rejections[0].to_string(),
            "`orders` line 3, column `current`: `2` is not a flag, expected `0` or `1`"
        );
    }

    #[test]
    fn rows_without_a_key_can_be_known_by_their_line() {
        let patients = ids::ENROLMENTS.table().column("patients").unwrap();
        for (by_line, keys) in [(false, ["1", "2"]), (true, ["70", "80"])] {
            let mut builder = DataBuilder::new();
            if by_line {
                builder.known_by_line();
            }
            builder.push(ids::PATIENTS, 5, "P1", []);
            for line in [70, 80] {
                builder.push(ids::ENROLMENTS, line, "", [(patients, "P1")]);
            }
            let (data, _) = builder.finish();
            assert_eq!(
                [0, 1].map(|row| data.key(ids::ENROLMENTS, row).unwrap()),
                keys
            );
            assert_eq!(data.key(ids::PATIENTS, 0), Some("P1"));
        }
    }

    #[test]
    fn other_encounters_can_be_put_under_review() {
        let patients = ids::ENCOUNTERS.table().column("patients").unwrap();
        let mut builder = DataBuilder::new();
        builder.push(ids::PATIENTS, 1, "P1", []);
        for key in ["E1", "E2"] {
            builder.push(ids::ENCOUNTERS, 1, key, [(patients, "P1")]);
        }
        let (data, _) = builder.finish();
        let second = data.with_under_review(|row| row == 1);
        let current = |data: &Data| [0, 1].map(|row| data.number(ids::ENCOUNTERS, "current", row));
        assert_eq!(current(&data), [None, None]);
        assert_eq!(current(&second), [Some(0), Some(1)]);
        assert_eq!(second.key(ids::ENCOUNTERS, 1), Some("E2"));
    }
}
