//! A report as a workbook (.xlsx): the summary, a sheet for each breakdown, and all findings, split over as
//! many sheets as Excel's limit of rows asks for. Rows are written to a temporary file as they come, so that
//! findings by the million need no memory.

use std::io::Write;

use rulepack_contract::units::format_decimal;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError,
};

use super::list::{AMOUNT, HEADINGS, cells};
use super::table::{Cell, Kind, Table};
use super::{Language, Report, tables};
use crate::finding::AuditFinding;

/// A workbook that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError<E: std::error::Error + 'static> {
    /// A finding could not be read.
    #[error(transparent)]
    Finding(E),
    /// The workbook.
    #[error("report cannot be written as a workbook: {0}")]
    Workbook(#[from] XlsxError),
}

/// Rows of a sheet, the headings among them: Excel's limit.
const SHEET_ROWS_MAX: u32 = 1_048_576;
/// Characters of a cell, as Excel counts them (UTF-16).
const CELL_CHARACTERS_MAX: usize = 32_767;
/// Excel keeps so many digits of a number.
const DIGITS_MAX: usize = 15;

/// Writes the workbook, with the findings in the order in which they come, and tells how many there are.
/// Every text is a text: a cell that begins as a formula does is none. A text that is longer than Excel's
/// limit of 32,767 characters ends in `…`; the CSV has it whole.
///
/// # Errors
/// The first error of the findings, and where temporary files or `out` cannot be written.
pub fn write_xlsx<E: std::error::Error + 'static>(
    report: &Report,
    language: Language,
    findings: impl IntoIterator<Item = Result<AuditFinding, E>>,
    out: impl Write + Send,
) -> Result<u64, WorkbookError<E>> {
    write(report, language, findings, (out, SHEET_ROWS_MAX))
}

fn write<E: std::error::Error + 'static>(
    report: &Report,
    language: Language,
    findings: impl IntoIterator<Item = Result<AuditFinding, E>>,
    (out, rows_max): (impl Write + Send, u32),
) -> Result<u64, WorkbookError<E>> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(report, language));
    write_summary(&mut workbook, report, language)?;
    let name = language.say("疑点明细", "Findings");
    let mut list = List::new(name, rows_max);
    let mut count = 0;
    for finding in findings {
        list.push(&mut workbook, &finding.map_err(WorkbookError::Finding)?)?;
        count += 1;
    }
    workbook.save_to_writer(out)?;
    Ok(count)
}

/// The writer would take the time of now.
fn properties(report: &Report, language: Language) -> DocProperties {
    let properties = DocProperties::new().set_title(report.title(language));
    match ExcelDateTime::from_timestamp(report.facts.made.unix()) {
        Ok(made) => properties.set_creation_datetime(&made),
        Err(_) => properties,
    }
}

fn write_summary(
    workbook: &mut Workbook,
    report: &Report,
    language: Language,
) -> Result<(), XlsxError> {
    let of = |table: fn(&Report, Language) -> Table| table(report, language);
    let sheet = workbook.add_worksheet();
    sheet.set_name(language.say("汇总", "Summary"))?;
    let title = Format::new().set_bold().set_font_size(16);
    sheet.write_string_with_format(0, 0, report.title(language), &title)?;
    let mut row = 1;
    let exceeded = report
        .exceeded
        .iter()
        .map(|exceeded| exceeded.words(language));
    for words in exceeded.chain(report.facts.choice.words(language)) {
        sheet.write_string(row, 0, format!("! {words}"))?;
        row += 1;
    }
    for table in [
        of(tables::overview),
        of(tables::no_verdict),
        of(tables::certainties),
        of(tables::behaviours),
        of(tables::not_evaluable),
        of(tables::not_used),
        of(tables::rejected),
        of(tables::packs),
    ] {
        if !table.rows.is_empty() {
            let heading = Format::new().set_bold().set_font_size(13);
            sheet.write_string_with_format(row + 1, 0, table.title, &heading)?;
            row = write_table(sheet, &table, (row + 2, language))?;
        }
    }
    for (at, width) in (0..).zip([34, 26, 24, 22, 30, 18, 18, 18]) {
        sheet.set_column_width(at, width)?;
    }
    for table in [
        of(tables::months),
        of(tables::rules),
        of(tables::institutions),
        of(tables::departments),
        of(tables::doctors),
        of(tables::items),
    ] {
        let sheet = workbook.add_worksheet();
        sheet.set_name(table.title)?;
        sheet.set_freeze_panes(1, 0)?;
        for at in (0..).take(table.columns.len()) {
            sheet.set_column_width(at, 22)?;
        }
        write_table(sheet, &table, (0, language))?;
        filter(sheet, table.rows.len(), table.columns.len())?;
    }
    Ok(())
}

/// Writes headings and rows from a row on, and tells the one after them.
fn write_table(
    sheet: &mut Worksheet,
    table: &Table,
    (first, language): (u32, Language),
) -> Result<u32, XlsxError> {
    let heading = Format::new().set_bold().set_background_color(0x00DD_E6F0);
    for (at, column) in (0..).zip(&table.columns) {
        sheet.write_string_with_format(first, at, column.title, &heading)?;
    }
    let mut row = first + 1;
    for cells in table.rows.iter().chain(&table.rest) {
        for ((at, cell), column) in (0..).zip(cells).zip(&table.columns) {
            write_cell(sheet, (row, at), (cell, column.kind, language))?;
        }
        row += 1;
    }
    Ok(row)
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    (cell, kind, language): (&Cell, Kind, Language),
) -> Result<(), XlsxError> {
    let number = |text: String| number(&text);
    let figure = match cell {
        Cell::Count(count) => number(count.to_string()).map(|count| (count, "#,##0")),
        Cell::Patients(patients) if patients.exact => {
            number(patients.count.to_string()).map(|count| (count, "#,##0"))
        }
        Cell::Money(fen) => number(format_decimal(*fen, 2)).map(|yuan| (yuan, "#,##0.00")),
        Cell::Share(share) => {
            let share = i64::try_from(*share).unwrap_or(i64::MAX);
            number(format_decimal(share, 4)).map(|share| (share, "0.00%"))
        }
        Cell::Nothing => return Ok(()),
        Cell::Patients(_) | Cell::Text(_) => None,
    };
    match figure {
        Some((figure, format)) => {
            let format = Format::new().set_num_format(format);
            sheet.write_number_with_format(row, at, figure, &format)?;
        }
        None => {
            let text = fitting(&cell.words(language));
            let format = Format::new().set_num_format("@");
            let format = match kind {
                Kind::Number => format.set_align(FormatAlign::Right),
                Kind::Text | Kind::Code => format,
            };
            sheet.write_string_with_format(row, at, text, &format)?;
        }
    }
    Ok(())
}

/// The sheets of findings while they are written.
struct List {
    name: &'static str,
    rows_max: u32,
    sheets: usize,
    /// Index of the sheet that is being written, and its next row.
    at: Option<(usize, u32)>,
    text: Format,
    money: Format,
}

impl List {
    fn new(name: &'static str, rows_max: u32) -> Self {
        List {
            name,
            rows_max,
            sheets: 0,
            at: None,
            text: Format::new().set_num_format("@"),
            money: Format::new().set_num_format("#,##0.00"),
        }
    }

    fn push(&mut self, workbook: &mut Workbook, finding: &AuditFinding) -> Result<(), XlsxError> {
        let (index, row) = match self.at {
            Some((index, row)) if row < self.rows_max => (index, row),
            _ => self.begin(workbook)?,
        };
        let sheet = workbook.worksheet_from_index(index)?;
        for (at, (column, text)) in (0..).zip(cells(finding).into_iter().enumerate()) {
            match number(&text) {
                Some(figure) if column == AMOUNT => {
                    sheet.write_number_with_format(row, at, figure, &self.money)?;
                }
                _ => {
                    sheet.write_string_with_format(row, at, fitting(&text), &self.text)?;
                }
            }
        }
        self.at = Some((index, row + 1));
        Ok(())
    }

    /// A sheet with the headings.
    fn begin(&mut self, workbook: &mut Workbook) -> Result<(usize, u32), XlsxError> {
        self.sheets += 1;
        let index = workbook.worksheets().len();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(format!("{}{}", self.name, self.sheets))?;
        sheet.set_freeze_panes(1, 0)?;
        let heading = Format::new().set_bold().set_background_color(0x00DD_E6F0);
        for (at, title) in (0..).zip(HEADINGS) {
            let is_long = matches!(title, "违规内容" | "违规项" | "政策依据");
            sheet.set_column_width(at, if is_long { 48 } else { 18 })?;
            sheet.write_string_with_format(0, at, title, &heading)?;
        }
        Ok((index, 1))
    }
}

/// A filter over a table that begins in the first row.
fn filter(sheet: &mut Worksheet, rows: usize, columns: usize) -> Result<(), XlsxError> {
    let last_row = u32::try_from(rows).ok().filter(|rows| *rows > 0);
    let last_column = u16::try_from(columns)
        .ok()
        .and_then(|columns| columns.checked_sub(1));
    if let Some((row, column)) = last_row.zip(last_column) {
        sheet.autofilter(0, 0, row, column)?;
    }
    Ok(())
}

/// A figure that Excel keeps whole.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.parse().ok().filter(|_| digits <= DIGITS_MAX)
}

/// As much of a text as a cell holds.
fn fitting(text: &str) -> String {
    let mut length = 0;
    let longest = CELL_CHARACTERS_MAX - 1;
    let mut fits = |character: char| {
        length += character.len_utf16();
        length <= longest
    };
    let cut: String = text
        .chars()
        .take_while(|character| fits(*character))
        .collect();
    match cut.len() < text.len() {
        true => cut + "…",
        false => cut,
    }
}

#[cfg(test)]
mod tests;
