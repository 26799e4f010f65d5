//! Knowledge tables as spreadsheets that a bureau's staff edit: a workbook (.xlsx) with the rows on its
//! first sheet and what each column takes on its second, or CSV in UTF-8 with the mark that Excel asks for.

use rulepack_contract::knowledge::{ColumnType, KnowledgeTable, TableDeclaration};
use rust_xlsxwriter::{DataValidation, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::chinese;

/// Columns that stand last: from when, until when, on what ground.
const LAST: [&str; 3] = ["valid_from", "valid_to", "basis"];

/// The last row of a sheet, from 0.
const LAST_ROW: u32 = 1_048_575;

/// Excel keeps so many digits of a number.
const DIGITS_MAX: usize = 15;

/// Why a table cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetWriteError {
    /// A workbook.
    #[error("table `{table}` cannot be written as a workbook: {source}")]
    Workbook {
        /// The table.
        table: String,
        /// What the writer said.
        source: XlsxError,
    },
    /// A text that a program for spreadsheets runs when it opens the CSV.
    #[error("table `{table}` row {row}, column `{column}`: `{value}` would be run as a formula")]
    Formula {
        /// The table.
        table: String,
        /// The row, from 1, without the header.
        row: u64,
        /// The column.
        column: String,
        /// The text.
        value: String,
    },
    /// CSV.
    #[error("table `{table}` cannot be written as CSV: {source}")]
    Csv {
        /// The table.
        table: String,
        /// What the writer said.
        source: csv::Error,
    },
}

/// The columns in the order of a sheet: the key, the rest, then validity and basis.
pub(crate) fn columns(declaration: &TableDeclaration) -> Vec<(&str, ColumnType)> {
    let key = declaration.key.iter().map(String::as_str);
    let all = declaration.columns.keys().map(String::as_str);
    let mut names: Vec<&str> = Vec::new();
    for name in key.chain(all).filter(|name| !LAST.contains(name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.extend(LAST);
    let typed = names
        .into_iter()
        .filter_map(|name| declaration.column(name));
    typed.collect()
}

/// A workbook.
///
/// # Errors
/// [`SheetWriteError::Workbook`], among others where the table has more rows than a sheet.
pub(crate) fn to_xlsx(
    declaration: &TableDeclaration,
    table: &KnowledgeTable,
) -> Result<Vec<u8>, SheetWriteError> {
    let mut workbook = Workbook::new();
    let write = |workbook: &mut Workbook| {
        let rows = workbook.add_worksheet();
        rows.set_name(declaration.title.as_deref().unwrap_or(&declaration.name))?;
        write_rows(rows, declaration, table)?;
        let help = workbook.add_worksheet();
        help.set_name("填写说明")?;
        write_help(help, declaration)?;
        workbook.save_to_buffer()
    };
    write(&mut workbook).map_err(|source| SheetWriteError::Workbook {
        table: declaration.name.clone(),
        source,
    })
}

fn write_rows(
    sheet: &mut Worksheet,
    declaration: &TableDeclaration,
    table: &KnowledgeTable,
) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    // Whatever is typed into these columns stays a text: codes keep their leading zeros.
    let text = Format::new().set_num_format("@");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    sheet.set_freeze_panes(1, 0)?;
    for (at, (name, column_type)) in (0..).zip(columns(declaration)) {
        match column_type {
            ColumnType::Code | ColumnType::Text => sheet.set_column_format(at, &text)?,
            ColumnType::Day => sheet.set_column_format(at, &day)?,
            _ => sheet,
        };
        sheet.set_column_width(
            at,
            if column_type == ColumnType::Code {
                28
            } else {
                16
            },
        )?;
        sheet.write_string_with_format(0, at, declaration.heading(name), &bold)?;
        write_choice(sheet, declaration, (name, at))?;
        for row in 0..table.rows {
            let value = for_people(declaration, table, (name, row));
            let line = row.saturating_add(1);
            match cell(&value, column_type) {
                Cell::Nothing => {}
                Cell::Day(moment) => {
                    sheet.write_datetime_with_format(line, at, moment, &day)?;
                }
                Cell::Number(number) => {
                    sheet.write_number(line, at, number)?;
                }
                Cell::Text => {
                    sheet.write_string_with_format(line, at, value, &text)?;
                }
            }
        }
    }
    Ok(())
}

/// A list to choose from, where a column takes some words only.
fn write_choice(
    sheet: &mut Worksheet,
    declaration: &TableDeclaration,
    (name, at): (&str, u16),
) -> Result<(), XlsxError> {
    let Some(words) = declaration.words.get(name) else {
        return Ok(());
    };
    let words = Vec::from_iter(words.values());
    // Excel takes lists of at most 255 characters; a longer one is told on the second sheet alone.
    if let Ok(choice) = DataValidation::new().allow_list_strings(&words) {
        sheet.add_data_validation(1, at, LAST_ROW, at, &choice)?;
    }
    Ok(())
}

/// A cell as people read it.
fn for_people(
    declaration: &TableDeclaration,
    table: &KnowledgeTable,
    (name, row): (&str, u32),
) -> String {
    let value = table.cell(declaration, name, row);
    declaration.called(name, &value).to_owned()
}

/// What to write into a column: its heading, its name, whether it tells rows apart, whether each row has it, what it takes.
fn write_help(sheet: &mut Worksheet, declaration: &TableDeclaration) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (at, heading) in (0..).zip(["列", "字段名", "是否主键", "是否必填", "填写要求"])
    {
        sheet.write_string_with_format(0, at, heading, &bold)?;
        sheet.set_column_width(at, if at == 4 { 60 } else { 20 })?;
    }
    for (line, (name, column_type)) in (1..).zip(columns(declaration)) {
        let is_key = declaration.key.iter().any(|key| key == name);
        let told = |is_so: bool| if is_so { "是" } else { "" };
        sheet.write_string(line, 0, declaration.heading(name))?;
        sheet.write_string(line, 1, name)?;
        sheet.write_string(line, 2, told(is_key))?;
        sheet.write_string(line, 3, told(declaration.requires(name)))?;
        let words = declaration.words.get(name);
        let words = words.map(|words| Vec::from_iter(words.values().map(String::as_str)));
        let expected = match words {
            Some(words) => format!("{}之一", words.join("、")),
            None => chinese::expectation(column_type).to_owned(),
        };
        sheet.write_string(line, 4, expected)?;
    }
    Ok(())
}

/// How a value stands in a cell.
enum Cell {
    Nothing,
    Day(ExcelDateTime),
    Number(f64),
    Text,
}

/// A number keeps its type where Excel keeps its digits, a day where Excel knows it.
fn cell(value: &str, column_type: ColumnType) -> Cell {
    if value.is_empty() {
        return Cell::Nothing;
    }
    match column_type {
        ColumnType::Code | ColumnType::Text => Cell::Text,
        ColumnType::Day => match ExcelDateTime::parse_from_str(value) {
            Ok(moment) => Cell::Day(moment),
            Err(_) => Cell::Text,
        },
        _ => {
            let digits = value.bytes().filter(u8::is_ascii_digit).count();
            match value.parse() {
                Ok(number) if digits <= DIGITS_MAX => Cell::Number(number),
                _ => Cell::Text,
            }
        }
    }
}

/// CSV that Excel opens as UTF-8.
///
/// # Errors
/// [`SheetWriteError::Formula`] for a text that begins as a formula does: CSV cannot say that it is none.
pub(crate) fn to_csv(
    declaration: &TableDeclaration,
    table: &KnowledgeTable,
) -> Result<Vec<u8>, SheetWriteError> {
    let failed = |source| SheetWriteError::Csv {
        table: declaration.name.clone(),
        source,
    };
    let columns = columns(declaration);
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let header = columns.iter().map(|(name, _)| declaration.heading(name));
    writer.write_record(header).map_err(failed)?;
    for row in 0..table.rows {
        let mut record = Vec::with_capacity(columns.len());
        for (name, column_type) in &columns {
            let value = for_people(declaration, table, (name, row));
            let text = matches!(column_type, ColumnType::Code | ColumnType::Text);
            if text && value.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                return Err(SheetWriteError::Formula {
                    table: declaration.name.clone(),
                    row: u64::from(row) + 1,
                    column: (*name).to_owned(),
                    value,
                });
            }
            record.push(value);
        }
        writer.write_record(&record).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    bytes.map_err(|error| failed(error.into_error().into()))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use calamine::{Data, Reader as _, Xlsx};
    use rulepack_contract::knowledge::Supplier;

    use super::*;
    use crate::sheet;

    fn declaration() -> TableDeclaration {
        let columns = [
            ("basis", ColumnType::Text),
            ("item", ColumnType::Code),
            ("price", ColumnType::UnitPrice),
            ("scope", ColumnType::Text),
            ("share", ColumnType::Ratio),
            ("valid_from", ColumnType::Day),
        ];
        let headings = [
            ("item", "医保编码"),
            ("price", "限价"),
            ("valid_from", "生效日期"),
            ("basis", "依据"),
        ];
        TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.xlsx".into()),
            columns: columns.map(|(name, of)| (name.to_owned(), of)).into(),
            key: vec!["item".into(), "valid_from".into()],
            required: Vec::new(),
            supplied_by: Supplier::Pack,
            title: Some("限价".into()),
            headings: headings
                .map(|(name, heading)| (name.to_owned(), heading.to_owned()))
                .into(),
            words: [(
                "scope".to_owned(),
                [("day".to_owned(), "单日".to_owned())].into(),
            )]
            .into(),
        }
    }

    const CSV: &str = "医保编码,限价,scope,share,生效日期,依据\n\
        001,0.000001,day,0.5,2026-01-01,甲\n\
        =1+1,123456789012.345678,,,,\n\
        003,-12.3,单日,1,1899-12-31,\n";

    fn table() -> KnowledgeTable {
        KnowledgeTable::from_csv(&declaration(), CSV.as_bytes()).unwrap()
    }

    #[test]
    fn a_workbook_reads_back_as_the_same_table() {
        let bytes = to_xlsx(&declaration(), &table()).unwrap();
        assert_eq!(sheet::read(&declaration(), &bytes).unwrap(), table());
    }

    #[test]
    fn the_second_sheet_says_what_tells_rows_apart_and_what_each_row_has() {
        let mut declaration = declaration();
        declaration.required = vec!["item".into(), "scope".into()];
        let bytes = to_xlsx(&declaration, &table()).unwrap();
        let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
        let help = workbook.worksheet_range("填写说明").unwrap();
        let told = |row: &[Data]| {
            row.iter()
                .map(Data::to_string)
                .collect::<Vec<_>>()
                .join("|")
        };
        let rows: Vec<String> = help.rows().map(told).collect();
        assert_eq!(rows[0], "列|字段名|是否主键|是否必填|填写要求");
        assert_eq!(rows[1], "医保编码|item|是|是|编码（文本格式，保留前导零）");
        assert_eq!(rows[3], "scope|scope||是|单日之一");
        assert_eq!(rows[5], "生效日期|valid_from|是||日期，例如 2026-11-22");
    }

    #[test]
    fn csv_reads_back_as_the_same_table_and_holds_no_formula() {
        let refusal = to_csv(&declaration(), &table()).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "table `limits` row 2, column `item`: `=1+1` would be run as a formula"
        );
        let plain = CSV.replace("=1+1", "002");
        let plain = KnowledgeTable::from_csv(&declaration(), plain.as_bytes()).unwrap();
        let bytes = to_csv(&declaration(), &plain).unwrap();
        assert!(bytes.starts_with(
            "\u{feff}医保编码,限价,scope,share,生效日期,依据\n001,0.000001,单日,".as_bytes()
        ));
        assert_eq!(
            KnowledgeTable::from_csv(&declaration(), &bytes).unwrap(),
            plain
        );
    }

    #[test]
    fn columns_stand_in_the_order_in_which_people_fill_them() {
        let declaration = declaration();
        let names: Vec<&str> = columns(&declaration)
            .iter()
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(
            names,
            ["item", "price", "scope", "share", "valid_from", "basis"]
        );
    }
}
