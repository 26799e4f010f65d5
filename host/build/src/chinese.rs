//! The faults of tables in Chinese, for the staff who maintain them: which sheet, row and column, what stands
//! there, and what was expected.

use std::io;

use rulepack_contract::knowledge::{ColumnType, TableError};
use rulepack_contract::units::ValueError;

use crate::encoding::NotGbk;
use crate::sheet::{FoundInCell, SheetError};
use crate::tables::TablesError;

impl TablesError {
    /// The fault in Chinese (中文).
    #[must_use]
    pub fn chinese(&self) -> String {
        match self {
            TablesError::Read { path, source } => {
                let path = path.display();
                match source.kind() {
                    io::ErrorKind::NotFound => format!("没有文件 `{path}`"),
                    io::ErrorKind::PermissionDenied => format!("没有读取 `{path}` 的权限"),
                    _ => format!("无法读取 `{path}`：{source}"),
                }
            }
            TablesError::Missing { folder, name } => {
                let folder = folder.display();
                format!("文件夹 `{folder}` 中既没有 `{name}.csv`，也没有 `{name}.xlsx`")
            }
            TablesError::Table { path, source } => {
                format!("`{}`：{}", path.display(), table(source))
            }
            TablesError::Encoding { path, source } => {
                let path = path.display();
                match source {
                    NotGbk::Utf8 => {
                        format!("`{path}`：文件是 UTF-8 编码，不是 GBK；请去掉 `--encoding gbk`")
                    }
                    NotGbk::Line(line) => format!("`{path}`：第 {line} 行不是 GBK 编码"),
                }
            }
            TablesError::Told { path, source } => format!("`{}`：{source}", path.display()),
            TablesError::Sheet { path, source } => {
                format!("`{}`：{}", path.display(), sheet(source))
            }
        }
    }
}

fn sheet(error: &SheetError) -> String {
    match error {
        SheetError::Workbook(_) => {
            "不是 Excel 工作簿（.xlsx），或文件不完整；旧版 .xls 文件请另存为 .xlsx".to_owned()
        }
        SheetError::Merged { sheet, cells } => {
            format!("工作表“{sheet}”：单元格 {cells} 已合并，应取消合并，并在每个单元格中填写内容")
        }
        SheetError::Empty => "工作簿没有第一张工作表，或第一张工作表没有表头".to_owned(),
        SheetError::Table { sheet, source } => {
            let advice = match source {
                TableError::NoHeader { .. } => "；表格应在第一张工作表，表头应在第一行",
                _ => "",
            };
            format!("工作表“{sheet}”{}{advice}", table(source))
        }
        SheetError::Cell {
            sheet,
            row,
            column,
            found,
            column_type,
        } => {
            let found = match found {
                FoundInCell::Number(number) => format!("数字 `{number}`"),
                FoundInCell::Formula => "没有计算结果的公式".to_owned(),
                FoundInCell::Time => "带有时刻的日期".to_owned(),
                FoundInCell::Date => "日期".to_owned(),
                FoundInCell::Other(value) => format!("`{value}`"),
            };
            let expected = match column_type.kind() {
                Some(_) => expectation(*column_type),
                None => "文本格式的单元格（数字会丢失前导零）",
            };
            format!("工作表“{sheet}”第 {row} 行“{column}”列：单元格为{found}，应为{expected}")
        }
    }
}

fn table(error: &TableError) -> String {
    match error {
        TableError::Csv { source, .. } => format!("不是 CSV 文件：{source}"),
        TableError::Encoding { line, column, .. } => {
            format!(
                "第 {line} 行“{column}”列：不是 UTF-8 编码（请另存为“CSV UTF-8”，或注明 `--encoding gbk`）"
            )
        }
        TableError::Uneven {
            line,
            found,
            expected,
            ..
        } => format!(
            "第 {line} 行有 {found} 个值，应与表头一致，为 {expected} 个（值中有逗号时须加双引号）"
        ),
        TableError::NoHeader {
            found, expected, ..
        } => format!("第一行为 `{found}`，应为表头：{}", listed(expected)),
        TableError::NoHeading { number, .. } => format!("第 {number} 列没有表头"),
        TableError::ColumnMissing { column, .. } => format!("缺少“{column}”列"),
        TableError::ColumnTwice { column, .. } => format!("“{column}”列出现了两次"),
        TableError::ColumnUndeclared { column, .. } => {
            format!("有“{column}”列，规则包清单没有声明这一列")
        }
        TableError::DuplicateKey {
            line, first, key, ..
        } => format!("第 {line} 行与第 {first} 行主键相同：`{key}`"),
        TableError::TooManyRows { .. } => "行数过多".to_owned(),
        TableError::Word { line, column, .. }
        | TableError::Value { line, column, .. }
        | TableError::Empty { line, column, .. } => {
            format!("第 {line} 行“{column}”列：{}", cell(error))
        }
    }
}

/// What is wrong with one cell; nothing where the fault is not of one.
fn cell(error: &TableError) -> String {
    match error {
        TableError::Word {
            value, expected, ..
        } => format!(
            "`{value}` 不在可填写的内容之内，应为{}之一",
            listed(expected)
        ),
        TableError::Value {
            value,
            problem,
            column_type,
            ..
        } => {
            let (problem, expected) = (refusal(*problem), expectation(*column_type));
            format!("`{value}` {problem}，应为{expected}")
        }
        TableError::Empty { column_type, .. } => {
            format!("单元格为空，应为{}", expectation(*column_type))
        }
        _ => String::new(),
    }
}

/// A list with the marks of Chinese.
fn listed(words: &str) -> String {
    let words = words.replace(" (", "（").replace(')', "）");
    words.replace(", ", "、")
}

fn refusal(problem: ValueError) -> String {
    match problem {
        ValueError::NotANumber => "不是数字".to_owned(),
        ValueError::TooManyDecimals(places) => format!("多于 {places} 位小数"),
        ValueError::OutOfRange => "超出范围".to_owned(),
        ValueError::NotADate => "不是日期".to_owned(),
        ValueError::NotAnInstant => "不是日期和时刻".to_owned(),
        ValueError::NotAFlag => "不是 0 或 1".to_owned(),
        ValueError::Scientific => "是科学计数法（电子表格把编码当作数字，位数已丢失）".to_owned(),
        ValueError::Disguised => "含有全角或不可见字符".to_owned(),
    }
}

/// What a column takes, in Chinese.
pub(crate) fn expectation(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Code => "编码（文本格式，保留前导零）",
        ColumnType::Text => "文本",
        ColumnType::Integer => "整数",
        ColumnType::Day => "日期，例如 2026-11-22",
        ColumnType::Money => "金额（元），最多 2 位小数，例如 12.30",
        ColumnType::UnitPrice => "单价（元），最多 6 位小数",
        ColumnType::Quantity => "数量，最多 4 位小数",
        ColumnType::Ratio => "比例，最多 4 位小数，例如 0.5",
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rulepack_contract::knowledge::{KnowledgeTable, Supplier, TableDeclaration};
    use rust_xlsxwriter::{Format, Workbook, Worksheet};

    use super::*;
    use crate::sheet;

    fn declaration() -> TableDeclaration {
        let columns = [
            ("item", ColumnType::Code),
            ("price", ColumnType::Money),
            ("valid_from", ColumnType::Day),
        ];
        let headings = [
            ("item", "医保编码"),
            ("price", "限价"),
            ("valid_from", "生效日期"),
        ];
        let owned = |(name, heading): (&str, &str)| (name.to_owned(), heading.to_owned());
        TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.xlsx".into()),
            columns: columns.map(|(name, of)| (name.to_owned(), of)).into(),
            key: vec!["item".into(), "valid_from".into()],
            required: vec!["item".into(), "price".into()],
            supplied_by: Supplier::Pack,
            title: Some("限价表".into()),
            headings: headings.map(owned).into(),
            words: [(
                "item".to_owned(),
                [("001".to_owned(), "甲".to_owned())].into(),
            )]
            .into(),
        }
    }

    /// The faults of a workbook with this header and these rows, in Chinese and in English.
    fn told(header: [&str; 3], rows: &[[&str; 3]], number: Option<f64>) -> (String, String) {
        told_of(header, rows, |sheet| {
            if let Some(number) = number {
                sheet.write_number(1, 0, number).unwrap();
            }
        })
    }

    fn told_of(
        header: [&str; 3],
        rows: &[[&str; 3]],
        change: impl Fn(&mut Worksheet),
    ) -> (String, String) {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.set_name("限价表").unwrap();
        for (line, row) in (0..).zip(std::iter::once(&header).chain(rows)) {
            for (at, value) in (0..).zip(row) {
                sheet.write_string(line, at, *value).unwrap();
            }
        }
        change(sheet);
        let bytes = workbook.save_to_buffer().unwrap();
        let error = TablesError::Sheet {
            path: PathBuf::from("limits.xlsx"),
            source: sheet::read(&declaration(), &bytes).unwrap_err(),
        };
        (error.chinese(), error.to_string())
    }

    const HEADER: [&str; 3] = ["医保编码", "限价", "生效日期"];

    #[test]
    fn a_fault_names_sheet_row_column_value_and_what_was_expected() {
        let (chinese, english) = told(HEADER, &[["001", "12.345", "2026-01-01"]], None);
        assert_eq!(
            chinese,
            "`limits.xlsx`：工作表“限价表”第 2 行“限价”列：`12.345` 多于 2 位小数，应为金额（元），最多 2 \
             位小数，例如 12.30"
        );
        assert_eq!(
            english,
            "`limits.xlsx`: sheet `限价表`: table `limits` line 2, column `限价`: `12.345` is more than \
             2 decimals, expected an amount in CNY with at most 2 decimals, such as `12.30`"
        );
        let (chinese, english) = told(HEADER, &[["", "1", "2026-01-01"]], Some(1.0));
        assert_eq!(
            chinese,
            "`limits.xlsx`：工作表“限价表”第 2 行“医保编码”列：单元格为数字 `1`，应为文本格式的单元格（数字会丢失前导零）"
        );
        assert_eq!(
            english,
            "`limits.xlsx`: sheet `限价表` row 2, column `医保编码`: the cell holds the number `1`, \
             expected a cell formatted as text"
        );
    }

    #[test]
    fn a_gap_where_every_row_has_a_value_is_told_in_chinese() {
        assert_eq!(
            told(HEADER, &[["001", "1", ""], ["", "1", ""]], None).0,
            "`limits.xlsx`：工作表“限价表”第 3 行“医保编码”列：单元格为空，应为编码（文本格式，保留前导零）"
        );
        assert_eq!(
            told(HEADER, &[["001", "", ""]], None).0,
            "`limits.xlsx`：工作表“限价表”第 2 行“限价”列：单元格为空，应为金额（元），最多 2 位小数，例如 12.30"
        );
    }

    #[test]
    fn faults_of_headers_and_keys_are_told_in_chinese() {
        let same = ["001", "1", "2026-01-01"];
        assert_eq!(
            told(HEADER, &[same, same], None).0,
            "`limits.xlsx`：工作表“限价表”第 3 行与第 2 行主键相同：`001/2026-01-01`"
        );
        assert_eq!(
            told(["医保编码", "限价", "item"], &[], None).0,
            "`limits.xlsx`：工作表“限价表”“item”列出现了两次"
        );
        assert_eq!(
            told(["医保编码", "限价", "备注"], &[], None).0,
            "`limits.xlsx`：工作表“限价表”有“备注”列，规则包清单没有声明这一列"
        );
    }

    #[test]
    fn faults_that_read_as_something_else_are_told_in_chinese() {
        let day = "2026-01-01";
        assert_eq!(
            told(["限价表", "", ""], &[HEADER], None).0,
            "`limits.xlsx`：工作表“限价表”第一行为 `限价表`，应为表头：医保编码、限价、生效日期；表格应在第一张工作表，\
             表头应在第一行"
        );
        assert_eq!(
            told(HEADER, &[["００１", "1", day]], None).0,
            "`limits.xlsx`：工作表“限价表”第 2 行“医保编码”列：`００１` 不在可填写的内容之内，应为`001`（甲）之一"
        );
        assert_eq!(
            told(HEADER, &[["001", "１", day]], None).0,
            "`limits.xlsx`：工作表“限价表”第 2 行“限价”列：`１` 不是数字，应为金额（元），最多 2 位小数，例如 12.30"
        );
        let merged = |sheet: &mut Worksheet| {
            let format = Format::new();
            sheet.merge_range(1, 2, 2, 2, day, &format).unwrap();
        };
        assert_eq!(
            told_of(HEADER, &[["001", "1", ""], ["甲", "1", ""]], merged).0,
            "`limits.xlsx`：工作表“限价表”：单元格 C2:C3 已合并，应取消合并，并在每个单元格中填写内容"
        );
        let merged_headings = |sheet: &mut Worksheet| {
            let format = Format::new();
            sheet.merge_range(0, 0, 0, 1, "医保编码", &format).unwrap();
        };
        assert_eq!(
            told_of(["医保编码", "", "生效日期"], &[], merged_headings).0,
            "`limits.xlsx`：工作表“限价表”：单元格 A1:B1 已合并，应取消合并，并在每个单元格中填写内容"
        );
        assert_eq!(
            refusal(ValueError::Scientific),
            "是科学计数法（电子表格把编码当作数字，位数已丢失）"
        );
        assert_eq!(
            told(["医保编码", "", "生效日期"], &[], None).0,
            "`limits.xlsx`：工作表“限价表”第 2 列没有表头"
        );
        let not_a_workbook = TablesError::Sheet {
            path: PathBuf::from("limits.xlsx"),
            source: sheet::read(&declaration(), b"a,b").unwrap_err(),
        };
        assert_eq!(
            not_a_workbook.chinese(),
            "`limits.xlsx`：不是 Excel 工作簿（.xlsx），或文件不完整；旧版 .xls 文件请另存为 .xlsx"
        );
    }

    #[test]
    fn faults_of_files_are_told_in_chinese() {
        let source = KnowledgeTable::from_csv(&declaration(), b"\xc4\xe3\n\xc4,1,2\n").unwrap_err();
        let path = PathBuf::from("a.csv");
        let told = TablesError::Table { path, source }.chinese();
        assert_eq!(
            told,
            "`a.csv`：第 1 行“1”列：不是 UTF-8 编码（请另存为“CSV UTF-8”，或注明 `--encoding gbk`）"
        );
        let missing = TablesError::Missing {
            folder: "x".into(),
            name: "limits".into(),
        };
        assert_eq!(
            missing.chinese(),
            "文件夹 `x` 中既没有 `limits.csv`，也没有 `limits.xlsx`"
        );
    }
}
