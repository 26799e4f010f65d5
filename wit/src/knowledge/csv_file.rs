//! Knowledge tables as CSV files.

use csv::{ByteRecord, StringRecord, Terminator};

use super::{KnowledgeTable, TableBuilder, TableDeclaration, TableError};

impl KnowledgeTable {
    /// Reads a table from CSV in UTF-8 with a header of the declared column names, in any order. Lines
    /// without any value, as spreadsheets write them for rows that somebody emptied, are none.
    ///
    /// # Errors
    /// [`TableError`], which names line, column and value.
    pub fn from_csv(declaration: &TableDeclaration, bytes: &[u8]) -> Result<Self, TableError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            // A carriage return before the line feed stays in the value, which is trimmed: otherwise lines
            // of such files are counted one behind.
            .terminator(Terminator::Any(b'\n'))
            .from_reader(bytes);
        let file = File { declaration };
        let header = reader.byte_headers().map_err(|error| file.csv(error))?;
        let header = file.text(header.clone(), 1, &StringRecord::new())?;
        // A sheet reaches as far as anybody ever clicked; what has no heading is not of the table.
        let named = |place: usize| header.get(place).is_some_and(|it| !it.trim().is_empty());
        let width = (0..header.len()).rposition(named);
        let width = width.map_or(0, |last| last.saturating_add(1));
        let mut builder = TableBuilder::new(declaration, header.iter().take(width))?;
        let mut record = ByteRecord::new();
        loop {
            let before = reader.position().line();
            let read = reader.read_byte_record(&mut record);
            if !read.map_err(|error| file.csv(error))? {
                return builder.finish();
            }
            let line = line_of(&record, before, reader.position().line());
            let cells = file.text(record.clone(), line, &header)?;
            let mut blank = cells.iter().map(|cell| cell.trim().is_empty());
            if blank.clone().all(|is_blank| is_blank) {
                continue;
            }
            if cells.len() < width || !blank.by_ref().skip(width).all(|is_blank| is_blank) {
                return Err(file.uneven(line, cells.len(), width));
            }
            builder.push(line, cells.iter().take(width))?;
        }
    }
}

/// The line of a CSV file on which a record begins, from where the reader stood before it (blank lines may
/// follow) and after it. The reader must end records at line feeds alone.
#[must_use]
pub fn line_of(record: &ByteRecord, before: u64, after: u64) -> u64 {
    let fields = record.iter();
    let breaks: usize = fields
        .map(|value| value.iter().filter(|byte| **byte == b'\n').count())
        .sum();
    let after_last = after.saturating_sub(breaks as u64);
    if after_last > before {
        after_last - 1
    } else {
        before
    }
}

/// The file of a table, for what is wrong with it.
struct File<'a> {
    declaration: &'a TableDeclaration,
}

impl File<'_> {
    fn text(
        &self,
        record: ByteRecord,
        line: u64,
        header: &StringRecord,
    ) -> Result<StringRecord, TableError> {
        StringRecord::from_byte_record(record).map_err(|error| {
            let field = error.utf8_error().field();
            let named = header.get(field).map(|name| name.trim().to_owned());
            TableError::Encoding {
                table: self.declaration.name.clone(),
                line,
                column: named.unwrap_or_else(|| field.saturating_add(1).to_string()),
            }
        })
    }

    fn uneven(&self, line: u64, found: usize, expected: usize) -> TableError {
        TableError::Uneven {
            table: self.declaration.name.clone(),
            line,
            found: found as u64,
            expected: expected as u64,
        }
    }

    fn csv(&self, source: csv::Error) -> TableError {
        TableError::Csv {
            table: self.declaration.name.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ColumnType, KnowledgeColumn, Supplier};
    use super::*;
    use crate::units;

    fn declaration() -> TableDeclaration {
        TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.csv".into()),
            columns: [
                ("item".to_owned(), ColumnType::Code),
                ("price".to_owned(), ColumnType::Money),
                ("valid_from".to_owned(), ColumnType::Day),
            ]
            .into(),
            key: vec!["item".into(), "valid_from".into()],
            required: Vec::new(),
            supplied_by: Supplier::Pack,
            title: None,
            headings: [("item", "医保编码"), ("price", "单价")]
                .map(|(name, heading)| (name.to_owned(), heading.to_owned()))
                .into(),
            words: [(
                "scope".to_owned(),
                [
                    ("day".to_owned(), "单日".to_owned()),
                    ("visit".to_owned(), "单次就诊".to_owned()),
                ]
                .into(),
            )]
            .into(),
        }
    }

    fn refusal(csv: &str) -> String {
        KnowledgeTable::from_csv(&declaration(), csv.as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_table_reads_into_columns() {
        let csv = "\u{feff}valid_from,item,price\n2026-01-01,A,1.50\n,B,\n2026-02-01,A,2\n";
        let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
        assert_eq!(table.rows, 3);
        assert_eq!(table.text("item", 2), Some("A"));
        assert_eq!(
            table.columns["price"],
            KnowledgeColumn::Integers(vec![150, units::NOT_RECORDED_S64, 200])
        );
        assert_eq!(
            table.columns["valid_from"],
            KnowledgeColumn::Days(vec![20_454, units::NOT_RECORDED_S32, 20_485])
        );
    }

    #[test]
    fn a_header_may_name_columns_as_people_do_and_cells_are_written_as_they_were_read() {
        let csv = "valid_from,医保编码,price\n2026-01-01,A,1.50\n,B,\n";
        let declaration = declaration();
        let table = KnowledgeTable::from_csv(&declaration, csv.as_bytes()).unwrap();
        let cells = |row| {
            ["item", "price", "valid_from", "none"].map(|name| table.cell(&declaration, name, row))
        };
        assert_eq!(cells(0), ["A", "1.5", "2026-01-01", ""]);
        assert_eq!(cells(1), ["B", "", "", ""]);
        assert_eq!(
            refusal("医保编码,item,price,valid_from\n"),
            "table `limits` has the column `item` twice"
        );
        assert_eq!(
            refusal("单价,valid_from\n"),
            "table `limits` has no column `医保编码`"
        );
        assert_eq!(
            refusal("price,valid_from\n"),
            "table `limits` has no column `item`"
        );
    }

    #[test]
    fn errors_name_line_column_and_value() {
        assert_eq!(
            refusal("item,price,valid_from\nA,1.505,2026-01-01\n"),
            "table `limits` line 2, column `price`: `1.505` is more than 2 decimals, expected an \
             amount in CNY with at most 2 decimals, such as `12.30`"
        );
        assert_eq!(
            refusal("item,price\nA,1\n"),
            "table `limits` has no column `valid_from`"
        );
        assert_eq!(
            refusal("item,price,valid_from,note\n"),
            "table `limits` has the column `note`, which the manifest does not declare"
        );
        assert_eq!(
            refusal("item,price,valid_from\nA,1,2026-01-01\nA,2,2026-01-01\n"),
            "table `limits` line 3 has the same key `A/2026-01-01` as line 2"
        );
        assert_eq!(
            refusal("item,price,valid_from\r\n\r\nA,1\r\n"),
            "table `limits` line 3 has 2 values, expected 3 as in the header"
        );
        assert_eq!(
            refusal("item,price,valid_from\nA,1,2026-01-01,x\n"),
            "table `limits` line 2 has 4 values, expected 3 as in the header"
        );
        assert_eq!(
            refusal("item;price;valid_from\nA;1;\n"),
            "table `limits` begins with `item;price;valid_from`, expected a row of column names: \
             医保编码, 单价, valid_from"
        );
    }

    #[test]
    fn a_text_in_another_encoding_is_named_by_line_and_column() {
        let refusal = |bytes: &[u8]| {
            let refusal = KnowledgeTable::from_csv(&declaration(), bytes).unwrap_err();
            refusal.to_string()
        };
        assert_eq!(
            refusal(b"item,price,valid_from\r\nA,1,2026-01-01\r\n\xb1\xe0,1,2026-01-01\r\n"),
            "table `limits` line 3, column `item`: the text is not in UTF-8"
        );
        assert_eq!(
            refusal(b"valid_from,\xb1\xe0\xc2\xeb\n"),
            "table `limits` line 1, column `2`: the text is not in UTF-8"
        );
    }

    #[test]
    fn empty_lines_and_columns_of_a_spreadsheet_are_not_of_the_table() {
        let csv = "item,price,valid_from,,\r\n,,,,\r\nA,1,2026-01-01,,\r\n\r\n , ,,,\r\n";
        let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
        assert_eq!((table.rows, table.text("item", 0)), (1, Some("A")));
    }

    #[test]
    fn a_gap_is_refused_where_every_row_has_a_value_and_an_emptied_row_is_no_gap() {
        let mut declaration = declaration();
        declaration.required = vec!["item".to_owned(), "price".to_owned()];
        let read = |csv: &str| KnowledgeTable::from_csv(&declaration, csv.as_bytes());
        let table = read("item,price,valid_from\nA,0,\n,,\n").unwrap();
        assert_eq!(table.rows, 1);
        assert_eq!(
            read("医保编码,price,valid_from\nA,1,\n \u{3000},1,\n")
                .unwrap_err()
                .to_string(),
            "table `limits` line 3, column `医保编码`: the cell is empty, expected a text"
        );
        assert_eq!(
            read("item,price,valid_from\nA,,\n")
                .unwrap_err()
                .to_string(),
            "table `limits` line 2, column `price`: the cell is empty, expected an amount in CNY with at most 2 \
             decimals, such as `12.30`"
        );
    }

    #[test]
    fn a_code_in_disguise_is_refused_and_a_name_is_not() {
        for code in ["ＮＬ－０１", "A\u{200b}1", "A\u{ad}", "\"A\nB\"", "１"] {
            let refusal = refusal(&format!("item,price,valid_from\n{code},1,2026-01-01\n"));
            let code = code.trim_matches('"').replace('\n', "\\n");
            assert_eq!(
                refusal,
                format!(
                    "table `limits` line 2, column `item`: `{code}` is written with full-width or \
                     invisible characters, expected a text"
                )
            );
        }
        let csv = "item,price,valid_from\n淄博（Ａ）公司,1,2026-01-01\n％,1,\n";
        let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
        assert_eq!(table.text("item", 0), Some("淄博（Ａ）公司"));
    }

    #[test]
    fn a_heading_may_be_broken_into_lines_and_one_that_is_missing_is_told_by_its_number() {
        let csv = "\"医保\n编码\",单 价,valid_from\nA,1.50,\n";
        let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
        assert_eq!(table.text("item", 0), Some("A"));
        assert_eq!(
            refusal("item,,price,valid_from\nA,,1,\n"),
            "table `limits` has no heading over its column 2"
        );
    }

    #[test]
    fn a_cell_is_shown_on_one_line_and_not_whole() {
        assert_eq!(
            refusal("item,price,valid_from\nA,\"1\n\u{1b}[2J\",\n"),
            "table `limits` line 2, column `price`: `1\\n\\u{1b}[2J` is not a number, expected an amount in CNY \
             with at most 2 decimals, such as `12.30`"
        );
        let refused = refusal(&format!(
            "item,price,valid_from\nA,{},\n",
            "x".repeat(40_000)
        ));
        assert!(
            refused.contains(&format!("`{}…`", "x".repeat(100))),
            "{refused}"
        );
    }

    #[test]
    fn a_code_that_a_spreadsheet_rounded_is_refused() {
        assert_eq!(
            refusal("item,price,valid_from\n1.23E+15,1,\n"),
            "table `limits` line 2, column `item`: `1.23E+15` is a number in scientific notation, expected a text"
        );
        for code in [
            "E11.900",
            "A17.0+G01",
            "E+1",
            "1E15",
            "1E+",
            "1.E+2",
            "3E+A",
        ] {
            let csv = format!("item,price,valid_from\n{code},1,\n");
            let table = KnowledgeTable::from_csv(&declaration(), csv.as_bytes()).unwrap();
            assert_eq!(table.text("item", 0), Some(code));
        }
    }

    #[test]
    fn a_column_of_words_takes_each_by_itself_or_as_people_call_it() {
        let mut declaration = declaration();
        let columns = &mut declaration.columns;
        columns.insert("scope".to_owned(), ColumnType::Text);
        let read = |scope: &str| {
            let csv = format!("item,price,valid_from,scope\nA,1,,{scope}\n");
            KnowledgeTable::from_csv(&declaration, csv.as_bytes())
        };
        assert_eq!(read("day").unwrap().text("scope", 0), Some("day"));
        assert_eq!(read("单日").unwrap().text("scope", 0), Some("day"));
        assert_eq!(read("").unwrap().text("scope", 0), Some(""));
        assert_eq!(declaration.called("scope", "visit"), "单次就诊");
        assert_eq!(
            read("每天").unwrap_err().to_string(),
            "table `limits` line 2, column `scope`: `每天` is not known, expected one of `day` \
             (单日), `visit` (单次就诊)"
        );
    }
}
