//! The files: one CSV or Parquet file a table of the contract, and `planted.csv`.
//!
//! A file has the ending `.new` until it is whole: what is left of a run that was interrupted is not taken for a
//! hospital.
//!
//! No field holds a comma, a quotation mark or a line break: all are codes, numbers, dates or fixed
//! notes, so that none needs quoting.

use std::fmt::{self, Display, Write as _};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rulepack_audit::table_writer::TableWriter;
use rulepack_contract::schema;
use time::Date;

use super::record::{Breach, Money, Verdict};
use super::{GenerateError, TableFormat};

/// A field, written as `docs/DATA.md` has it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    /// Not recorded.
    Empty,
    /// A code or token.
    Text(&'a str),
    /// The key of a row: its letter and number.
    Key(char, u64),
    Flag(bool),
    Number(i64),
    Money(Money),
    /// Millionths of a CNY.
    UnitPrice(i64),
    /// Whole units.
    Quantity(i64),
    Day(Date),
    /// The month of a day.
    Month(Date),
    /// A day and minutes after midnight.
    Instant(Date, u32),
}

impl Display for Cell<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Text(text) => out.write_str(text),
            Cell::Key(letter, number) => write!(out, "{letter}{number:07}"),
            Cell::Flag(flag) => write!(out, "{}", u8::from(*flag)),
            Cell::Number(number) | Cell::Quantity(number) => write!(out, "{number}"),
            Cell::Money(fen) => {
                let sign = if *fen < 0 { "-" } else { "" };
                let fen = fen.unsigned_abs();
                write!(out, "{sign}{}.{:02}", fen / 100, fen % 100)
            }
            Cell::UnitPrice(price) => {
                let fraction = format!("{:06}", price % 1_000_000);
                let fraction = fraction.trim_end_matches('0');
                let point = if fraction.is_empty() { "" } else { "." };
                write!(out, "{}{point}{fraction}", price / 1_000_000)
            }
            Cell::Day(day) => write!(out, "{day}"),
            Cell::Month(day) => write!(out, "{}-{:02}", day.year(), u8::from(day.month())),
            Cell::Instant(day, minutes) => {
                write!(out, "{day} {:02}:{:02}:00", minutes / 60, minutes % 60)
            }
        }
    }
}

/// A cell that is empty where there is nothing to write.
pub(super) fn optional<'a, T>(value: Option<T>, cell: impl FnOnce(T) -> Cell<'a>) -> Cell<'a> {
    value.map_or(Cell::Empty, cell)
}

/// Where files go, and how tables are written.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) format: TableFormat,
}

/// A file with `N` columns that grows row by row.
pub(super) struct Table<const N: usize> {
    path: PathBuf,
    writer: Writer,
    rows: u64,
    /// How many of the columns are written.
    width: usize,
    /// A row as text, and where its cells end.
    text: String,
    ends: Vec<usize>,
}

enum Writer {
    Csv(BufWriter<File>),
    Parquet(Box<TableWriter>),
}

impl<const N: usize> Table<N> {
    /// Creates the file of a table, with its header.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn create(
        folder: &Folder,
        name: &str,
        columns: [&str; N],
    ) -> Result<Self, GenerateError> {
        Self::narrow(folder, name, columns, N)
    }

    /// Creates the file of a table with the first `width` of the columns; what rows have in the others is not
    /// written. What is no table of the contract is written as CSV.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn narrow(
        folder: &Folder,
        name: &str,
        columns: [&str; N],
        width: usize,
    ) -> Result<Self, GenerateError> {
        let table = schema::table(name).filter(|_| folder.format == TableFormat::Parquet);
        let ending = table.map_or("csv", |_| "parquet");
        let path = folder.path.join(name).with_extension(ending);
        let new = new(&path);
        let written = columns.get(..width).unwrap_or(&columns);
        let writer = match table {
            Some(table) => TableWriter::create(&new, table, written)
                .map(|writer| Writer::Parquet(Box::new(writer)))
                .map_err(io::Error::other),
            None => {
                File::create(&new).map(|file| Writer::Csv(BufWriter::with_capacity(1 << 16, file)))
            }
        };
        let mut table = Self {
            writer: writer.map_err(|source| failed(&path, source))?,
            path,
            rows: 0,
            width,
            text: String::new(),
            ends: Vec::with_capacity(N),
        };
        if matches!(table.writer, Writer::Csv(_)) {
            table.line(columns)?;
        }
        Ok(table)
    }

    /// Writes a row and tells its number in the file, from 1.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn row(&mut self, cells: [Cell<'_>; N]) -> Result<u64, GenerateError> {
        self.line(cells)?;
        self.rows += 1;
        Ok(self.rows)
    }

    /// Rows written so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes what is buffered, and gives the file its name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn finish(self) -> Result<(), GenerateError> {
        let written = match self.writer {
            Writer::Csv(mut writer) => writer.flush(),
            Writer::Parquet(writer) => writer.finish().map_err(io::Error::other),
        };
        let whole = written.and_then(|()| fs::rename(new(&self.path), &self.path));
        whole.map_err(|source| failed(&self.path, source))
    }

    fn line<C: Display>(&mut self, cells: [C; N]) -> Result<(), GenerateError> {
        self.text.clear();
        self.ends.clear();
        let is_csv = matches!(self.writer, Writer::Csv(_));
        for (place, cell) in cells.iter().take(self.width).enumerate() {
            if is_csv && place > 0 {
                self.text.push(',');
            }
            write!(self.text, "{cell}").expect("a text can always grow");
            self.ends.push(self.text.len());
        }
        let written = match &mut self.writer {
            Writer::Csv(writer) => {
                self.text.push('\n');
                writer.write_all(self.text.as_bytes())
            }
            Writer::Parquet(writer) => {
                let mut first = 0;
                let cells = self.ends.iter().map(|end| {
                    let cell = self.text.get(first..*end).unwrap_or_default();
                    first = *end;
                    cell
                });
                writer.push(cells).map_err(io::Error::other)
            }
        };
        written.map_err(|source| failed(&self.path, source))
    }
}

/// The name of a file that is not whole yet.
fn new(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// `planted.csv`, with its counts.
pub(super) struct Planted {
    table: Table<9>,
    hits: u64,
    near_misses: u64,
}

impl Planted {
    /// Creates the file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn create(folder: &Folder) -> Result<Self, GenerateError> {
        let columns = [
            "breach", "pack", "rule", "verdict", "table", "key", "patient", "amount", "note",
        ];
        let table = Table::create(folder, "planted", columns)?;
        Ok(Self {
            table,
            hits: 0,
            near_misses: 0,
        })
    }

    /// Notes a planted row.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn note(&mut self, row: &PlantedRow<'_>) -> Result<(), GenerateError> {
        let verdict = match row.verdict {
            Verdict::Hit => "hit",
            Verdict::NearMiss => "near-miss",
        };
        let count = match row.verdict {
            Verdict::Hit => &mut self.hits,
            Verdict::NearMiss => &mut self.near_misses,
        };
        *count += 1;
        self.table.row([
            Cell::Text(row.breach.id),
            Cell::Text(row.breach.pack),
            Cell::Text(row.breach.rule),
            Cell::Text(verdict),
            Cell::Text(row.table),
            row.key,
            row.patient,
            optional(row.amount, Cell::Money),
            Cell::Text(row.note),
        ])?;
        Ok(())
    }

    /// Writes what is buffered, and tells how many breaches and near misses were planted.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn finish(self) -> Result<(u64, u64), GenerateError> {
        self.table.finish()?;
        Ok((self.hits, self.near_misses))
    }
}

/// A row of `planted.csv`.
#[derive(Debug)]
pub(super) struct PlantedRow<'a> {
    pub(super) breach: &'a Breach,
    pub(super) verdict: Verdict,
    pub(super) table: &'a str,
    pub(super) key: Cell<'a>,
    pub(super) patient: Cell<'a>,
    pub(super) amount: Option<Money>,
    pub(super) note: &'a str,
}

/// Makes an empty directory, or takes one that is empty.
///
/// # Errors
/// When it has entries already, or cannot be made or read.
pub(super) fn prepare(directory: &Path) -> Result<(), GenerateError> {
    fs::create_dir_all(directory).map_err(|source| failed(directory, source))?;
    let mut entries = fs::read_dir(directory).map_err(|source| failed(directory, source))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(GenerateError::NotEmpty {
            directory: directory.to_owned(),
        }),
    }
}

fn failed(path: &Path, source: std::io::Error) -> GenerateError {
    GenerateError::Write {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;
    use time::macros::date;

    #[test]
    fn cells_are_written_in_the_units_of_the_import_format() {
        assert_eq!(Cell::Money(-5).to_string(), "-0.05");
        assert_eq!(Cell::Money(123_450).to_string(), "1234.50");
        assert_eq!(Cell::UnitPrice(9_870_000).to_string(), "9.87");
        assert_eq!(Cell::UnitPrice(18_000_000).to_string(), "18");
        assert_eq!(Cell::Key('P', 12).to_string(), "P0000012");
        let minute = Cell::Instant(date!(2026 - 03 - 01), 510);
        assert_eq!(minute.to_string(), "2026-03-01 08:30:00");
    }
}
