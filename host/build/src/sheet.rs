//! Knowledge tables in Excel files: the first sheet, its first row names the columns.
//!
//! Cells of codes and texts must be texts: a number would have lost its leading zeros. Numbers are taken
//! with the 15 digits that Excel keeps, and days as Excel's dates or as texts such as `2026-11-22`.
//! Of merged cells (合并单元格) all but the first are empty in the file, and a formula that no program has
//! worked out has no value: both would read as "not recorded", so they are refused.

use std::io::Cursor;

use calamine::{Data, Dimensions, Range, Reader as _, Xlsx, XlsxError};
use rulepack_contract::knowledge::{
    ColumnType, KnowledgeTable, TableBuilder, TableDeclaration, TableError,
};

/// The numbers that Excel shows as days: from 1899-12-31 to 9999-12-31. Someone who types `20260101` into a cell of days
/// means another.
const DAYS_OF_EXCEL: std::ops::Range<f64> = 0.0..2_958_466.0;

/// Why a sheet is not the table.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Not an Excel file.
    #[error("not an Excel file (.xlsx): {0}")]
    Workbook(#[from] XlsxError),
    /// A workbook without sheets, or an empty first sheet.
    #[error("the workbook has no first sheet with a row of column names")]
    Empty,
    /// The content.
    #[error("sheet `{sheet}`: {source}")]
    Table {
        /// The sheet.
        sheet: String,
        /// What is wrong with it; its lines are rows of the sheet.
        source: TableError,
    },
    /// Cells of the table that are merged.
    #[error("sheet `{sheet}`: the cells {cells} are merged, expected a value in each cell")]
    Merged {
        /// The sheet.
        sheet: String,
        /// Which, such as `A2:A4`.
        cells: String,
    },
    /// A cell that cannot be of its column.
    #[error(
        "sheet `{sheet}` row {row}, column `{column}`: the cell holds {found}, expected {}",
        expectation(*.column_type)
    )]
    Cell {
        /// The sheet.
        sheet: String,
        /// The row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// What it holds.
        found: FoundInCell,
        /// What the column holds.
        column_type: ColumnType,
    },
}

/// Reads the first sheet of a workbook.
pub(crate) fn read(
    declaration: &TableDeclaration,
    bytes: &[u8],
) -> Result<KnowledgeTable, SheetError> {
    let sheet = Sheet::open(bytes)?;
    let mut rows = sheet.cells.rows().zip(sheet.first_row..);
    let (header, _) = rows.next().ok_or(SheetError::Empty)?;
    let mut header: Vec<String> = header.iter().map(heading).collect();
    // A sheet reaches as far as anybody ever clicked; what has no heading is not of the table.
    let width = header
        .iter()
        .rposition(|heading| !heading.trim().is_empty());
    header.truncate(width.map_or(0, |last| last + 1));
    let headings = header.iter().map(String::as_str);
    let builder = TableBuilder::new(declaration, headings);
    // Merged cells leave headings empty; a title over the table is told as what it is.
    if !matches!(builder, Err(TableError::NoHeader { .. })) {
        sheet.check_merged(header.len())?;
    }
    let mut builder = builder.map_err(|it| sheet.wrong(it))?;
    sheet.check_formulas(declaration, &header)?;
    let types: Vec<ColumnType> = header.iter().map(|it| type_of(declaration, it)).collect();
    for (cells, row) in rows {
        let mut texts = Vec::with_capacity(header.len());
        for ((cell, column), column_type) in cells.iter().zip(&header).zip(types.iter().copied()) {
            let text = text_of(cell, column_type);
            texts.push(text.map_err(|found| SheetError::Cell {
                sheet: sheet.name.clone(),
                row,
                column: column.clone(),
                found,
                column_type,
            })?);
        }
        if texts.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        let pushed = builder.push(row, texts.iter().map(String::as_str));
        pushed.map_err(|it| sheet.wrong(it))?;
    }
    builder.finish().map_err(|it| sheet.wrong(it))
}

/// A heading on one line.
fn heading(cell: &Data) -> String {
    let text = cell.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the column of a heading holds.
fn type_of(declaration: &TableDeclaration, heading: &str) -> ColumnType {
    let declared = declaration.column(heading.trim());
    declared.map_or(ColumnType::Text, |(_, column_type)| column_type)
}

/// The first sheet of a workbook.
struct Sheet {
    name: String,
    cells: Range<Data>,
    formulas: Range<String>,
    merged: Vec<Dimensions>,
    /// The row on which its cells begin, from 1.
    first_row: u64,
}

impl Sheet {
    fn open(bytes: &[u8]) -> Result<Self, SheetError> {
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
        let names = workbook.sheet_names();
        let name = names.first().cloned().ok_or(SheetError::Empty)?;
        let cells = workbook.worksheet_range(&name)?;
        Ok(Sheet {
            formulas: workbook.worksheet_formula(&name)?,
            merged: workbook.merge_cells_by_sheet_name(&name)?,
            first_row: u64::from(cells.start().map_or(0, |(row, _)| row)) + 1,
            name,
            cells,
        })
    }

    fn wrong(&self, source: TableError) -> SheetError {
        SheetError::Table {
            sheet: self.name.clone(),
            source,
        }
    }

    /// # Errors
    /// [`SheetError::Cell`] for a formula of the table that has no value, under these headings.
    fn check_formulas(
        &self,
        declaration: &TableDeclaration,
        header: &[String],
    ) -> Result<(), SheetError> {
        let Some((top, left)) = self.formulas.start() else {
            return Ok(());
        };
        let (_, first) = self.cells.start().unwrap_or_default();
        let formulas = self.formulas.used_cells();
        for (row, column, _) in formulas.filter(|(.., formula)| !formula.is_empty()) {
            let offset = |from: u32, by: usize| u64::from(from) + by as u64;
            let (row, column) = (offset(top, row), offset(left, column));
            let at = u32::try_from(row).ok().zip(u32::try_from(column).ok());
            let value = at.and_then(|at| self.cells.get_value(at));
            let place = column.checked_sub(u64::from(first));
            let heading = place.and_then(|it| header.get(usize::try_from(it).ok()?));
            if let (None | Some(Data::Empty), Some(heading)) = (value, heading) {
                return Err(SheetError::Cell {
                    sheet: self.name.clone(),
                    row: row + 1,
                    column: heading.clone(),
                    found: FoundInCell::Formula,
                    column_type: type_of(declaration, heading),
                });
            }
        }
        Ok(())
    }

    /// # Errors
    /// [`SheetError::Merged`] for merged cells of the table, which has so many columns.
    fn check_merged(&self, columns: usize) -> Result<(), SheetError> {
        let first = self.cells.start().map_or(0, |(_, column)| column);
        let after = first.saturating_add(u32::try_from(columns).unwrap_or(u32::MAX));
        match self.merged.iter().find(|merged| merged.start.1 < after) {
            None => Ok(()),
            Some(merged) => Err(SheetError::Merged {
                sheet: self.name.clone(),
                cells: format!("{}:{}", cell_name(merged.start), cell_name(merged.end)),
            }),
        }
    }
}

/// `B3` of row 2 and column 1, counted from 0.
fn cell_name((row, column): (u32, u32)) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

/// What a cell holds that cannot be of its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoundInCell {
    /// A number where a text must stand: leading zeros may be lost already.
    #[error("the number `{0}`")]
    Number(String),
    /// A formula without a value.
    #[error("a formula that was not worked out")]
    Formula,
    /// A date with a time of the day.
    #[error("a time of the day")]
    Time,
    /// A date where something else must stand.
    #[error("a date")]
    Date,
    /// Anything else: a truth value, an error of a formula.
    #[error("`{0}`")]
    Other(String),
}

/// What is expected of a cell, as a phrase for people.
fn expectation(column_type: ColumnType) -> &'static str {
    match column_type.kind() {
        Some(_) => column_type.expectation(),
        None => "a cell formatted as text",
    }
}

/// The text that CSV would hold for a cell; else what the cell holds.
fn text_of(cell: &Data, column_type: ColumnType) -> Result<String, FoundInCell> {
    let number = |text: String| match column_type {
        ColumnType::Code | ColumnType::Text => Err(FoundInCell::Number(text)),
        _ => Ok(text),
    };
    match cell {
        Data::Empty => Ok(String::new()),
        Data::String(text) | Data::DateTimeIso(text) => Ok(text.clone()),
        Data::Int(value) => number(value.to_string()),
        Data::Float(value) => number(fifteen_digits(*value)),
        Data::DateTime(moment) if column_type == ColumnType::Day => {
            if !DAYS_OF_EXCEL.contains(&moment.as_f64()) {
                return Err(FoundInCell::Number(fifteen_digits(moment.as_f64())));
            }
            let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
            if (hour, minute, second, milli) == (0, 0, 0, 0) {
                return Ok(format!("{year:04}-{month:02}-{day:02}"));
            }
            Err(FoundInCell::Time)
        }
        Data::DateTime(_) => Err(FoundInCell::Date),
        other => Err(FoundInCell::Other(other.to_string())),
    }
}

/// A number with the digits that Excel keeps and shows: 0.1 + 0.2 is `0.3`.
fn fifteen_digits(value: f64) -> String {
    let rounded = format!("{value:.14e}").parse().unwrap_or(value);
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use calamine::{Cell, ExcelDateTime, ExcelDateTimeType};
    use rulepack_contract::knowledge::Supplier;

    use super::*;

    #[test]
    fn cells_read_as_csv_would_write_them() {
        let day = |serial| {
            Data::DateTime(ExcelDateTime::new(
                serial,
                ExcelDateTimeType::DateTime,
                false,
            ))
        };
        let read = |cell: &Data, column_type| text_of(cell, column_type).unwrap();
        assert_eq!(read(&Data::Float(0.1 + 0.2), ColumnType::Money), "0.3");
        assert_eq!(
            read(&Data::Float(1e15), ColumnType::Integer),
            "1000000000000000"
        );
        assert_eq!(read(&Data::Float(12.5), ColumnType::Ratio), "12.5");
        assert_eq!(read(&day(46_348.0), ColumnType::Day), "2026-11-22");
        assert_eq!(read(&Data::String("001".into()), ColumnType::Code), "001");
        assert_eq!(read(&Data::Empty, ColumnType::Code), "");
        for (cell, column_type, found, expected) in [
            (
                Data::Float(1.0),
                ColumnType::Code,
                "the number `1`",
                "a cell formatted as text",
            ),
            (
                day(46_348.5),
                ColumnType::Day,
                "a time of the day",
                "a day such as `2026-11-22`",
            ),
            (
                day(20_260_101.0),
                ColumnType::Day,
                "the number `20260101`",
                "a day such as `2026-11-22`",
            ),
            (
                day(1.0),
                ColumnType::Text,
                "a date",
                "a cell formatted as text",
            ),
            (
                Data::Bool(true),
                ColumnType::Integer,
                "`true`",
                "a whole number",
            ),
        ] {
            let refusal = text_of(&cell, column_type).unwrap_err();
            let told = (refusal.to_string(), expectation(column_type));
            assert_eq!(told, (found.to_owned(), expected));
        }
    }

    #[test]
    fn a_formula_without_a_value_is_refused_and_one_with_a_value_is_read() {
        let declaration = TableDeclaration {
            name: "limits".into(),
            file: None,
            columns: [("price".to_owned(), ColumnType::Money)].into(),
            key: Vec::new(),
            required: Vec::new(),
            supplied_by: Supplier::Pack,
            title: None,
            headings: BTreeMap::new(),
            words: BTreeMap::new(),
        };
        let cell = |row, text: &str| Cell::new((row, 0), Data::String(text.to_owned()));
        let formula = |row| Cell::new((row, 0), "1+1".to_owned());
        let refusal = |formulas| {
            let sheet = Sheet {
                name: "限价".to_owned(),
                cells: Range::from_sparse(vec![cell(0, "price"), cell(1, "2")]),
                formulas: Range::from_sparse(formulas),
                merged: Vec::new(),
                first_row: 1,
            };
            let refused = sheet.check_formulas(&declaration, &["price".to_owned()]);
            refused.err().map(|error| error.to_string())
        };
        assert_eq!(refusal(vec![formula(1)]), None);
        // The last row of the sheet holds nothing else.
        assert_eq!(
            refusal(vec![formula(2)]).unwrap(),
            "sheet `限价` row 3, column `price`: the cell holds a formula that was not worked out, expected an \
             amount in CNY with at most 2 decimals, such as `12.30`"
        );
    }

    #[test]
    fn cells_are_named_as_excel_names_them() {
        let cells = [(0, 0), (1, 25), (2, 26), (9, 701), (9, 702)];
        assert_eq!(cells.map(cell_name), ["A1", "Z2", "AA3", "ZZ10", "AAA10"]);
    }
}
