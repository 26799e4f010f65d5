//! Knowledge tables in Excel files: the first sheet, its first row names the columns.
//!
//! Cells of codes and texts must be texts: a number would have lost its leading zeros. Numbers are taken
//! with the 15 digits that Excel keeps, and days as Excel's dates or as texts such as `2026-11-22`.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx, XlsxError};
use rulepack_contract::knowledge::{
    ColumnType, KnowledgeTable, TableBuilder, TableDeclaration, TableError,
};

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
    bytes: Vec<u8>,
) -> Result<KnowledgeTable, SheetError> {
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheet = workbook
        .sheet_names()
        .first()
        .cloned()
        .ok_or(SheetError::Empty)?;
    let range = workbook.worksheet_range(&sheet)?;
    let first = u64::from(range.start().map_or(0, |(row, _)| row)) + 1;
    let mut rows = range.rows().zip(first..);
    let (header, _) = rows.next().ok_or(SheetError::Empty)?;
    let mut header: Vec<String> = header.iter().map(ToString::to_string).collect();
    // A sheet reaches as far as anybody ever clicked; what has no heading is not of the table.
    let width = header
        .iter()
        .rposition(|heading| !heading.trim().is_empty());
    header.truncate(width.map_or(0, |last| last + 1));
    let wrong = |source| SheetError::Table {
        sheet: sheet.clone(),
        source,
    };
    let mut builder =
        TableBuilder::new(declaration, header.iter().map(String::as_str)).map_err(wrong)?;
    for (cells, row) in rows {
        let cells = cells.get(..header.len()).unwrap_or(cells);
        if cells.iter().all(|cell| matches!(cell, Data::Empty)) {
            continue;
        }
        let mut texts = Vec::with_capacity(cells.len());
        for (cell, column) in cells.iter().zip(&header) {
            let declared = declaration.column(column.trim());
            let column_type = declared.map_or(ColumnType::Text, |(_, column_type)| column_type);
            let text = text_of(cell, column_type);
            texts.push(text.map_err(|found| SheetError::Cell {
                sheet: sheet.clone(),
                row,
                column: column.clone(),
                found,
                column_type,
            })?);
        }
        builder
            .push(row, texts.iter().map(String::as_str))
            .map_err(wrong)?;
    }
    builder.finish().map_err(wrong)
}

/// What a cell holds that cannot be of its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoundInCell {
    /// A number where a text must stand: leading zeros may be lost already.
    #[error("the number `{0}`")]
    Number(String),
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
    use calamine::{ExcelDateTime, ExcelDateTimeType};

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
}
