//! `findings.parquet`: a row for each [`AuditFinding`], its offending and related rows as lists.
//!
//! Amounts are decimals in CNY with two places, days are dates, `retroactive` is a flag; everything else is text. The order is that of
//! patients and institutions by the digest of their key, then of their rows: it depends on the data alone.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, BooleanArray, Date32Array, Decimal128Array, ListArray,
    RecordBatch, StringArray, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use rulepack_contract::units;

use crate::error::AuditError;
use crate::finding::{AuditFinding, AuditRow};
use crate::parquet_file;

/// Digits and decimals of an amount.
const AMOUNT: DataType = DataType::Decimal128(18, 2);
/// The texts of a finding before its amount, and after its day.
const TEXTS: [&str; 8] = [
    "pack",
    "rule",
    "title",
    "kind",
    "basis",
    "behaviour",
    "certainty",
    "message",
];
const WHOSE: [&str; 5] = [
    "institution",
    "department",
    "doctor",
    "patient",
    "encounter",
];

/// A file of findings that is being written.
pub struct FindingsWriter {
    writer: ArrowWriter<File>,
    path: std::path::PathBuf,
}

/// The findings of a file, some thousands at a time.
pub struct FindingsReader {
    reader: ParquetRecordBatchReader,
    path: std::path::PathBuf,
}

impl FindingsWriter {
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub fn create(path: &Path) -> Result<Self, AuditError> {
        Ok(FindingsWriter {
            writer: parquet_file::create(path, schema())?,
            path: path.to_owned(),
        })
    }

    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub fn write(&mut self, findings: &[AuditFinding]) -> Result<(), AuditError> {
        let batch = batch(findings).map_err(AuditError::rows(&self.path))?;
        self.write_rows(&batch)
    }

    /// Findings whose columns are those of [`schema`] already.
    ///
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn write_rows(&mut self, rows: &RecordBatch) -> Result<(), AuditError> {
        let written = self.writer.write(rows);
        written.map_err(AuditError::parquet(&self.path))
    }

    /// Ends the file, and waits until it lies on the disk.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub fn finish(self) -> Result<(), AuditError> {
        parquet_file::finish(&self.path, self.writer)
    }
}

impl FindingsReader {
    /// # Errors
    /// [`AuditError`] where the file cannot be read or is none of findings.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let not_parquet = |source| AuditError::NotParquet {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(AuditError::io(path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(not_parquet)?;
        if builder.schema().fields() != schema().fields() {
            let other = "its columns are not those of findings".to_owned();
            return Err(AuditError::rows(path)(ArrowError::SchemaError(other)));
        }
        Ok(FindingsReader {
            reader: builder
                .with_batch_size(4_096)
                .build()
                .map_err(not_parquet)?,
            path: path.to_owned(),
        })
    }
}

impl Iterator for FindingsReader {
    type Item = Result<Vec<AuditFinding>, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(
            batch
                .map(|batch| findings(&batch))
                .map_err(AuditError::rows(&self.path)),
        )
    }
}

/// The columns of the file.
#[must_use]
pub fn schema() -> SchemaRef {
    let text = |name: &&str| Field::new(*name, DataType::Utf8, false);
    let mut fields: Vec<Field> = TEXTS.iter().map(text).collect();
    fields.push(Field::new("amount", AMOUNT, false));
    fields.push(Field::new("day", DataType::Date32, true));
    fields.push(Field::new("retroactive", DataType::Boolean, false));
    fields.extend(WHOSE.iter().map(text));
    for name in ["offending", "related"] {
        let item = Field::new_list_field(DataType::Struct(row_fields()), false);
        fields.push(Field::new(name, DataType::List(Arc::new(item)), false));
    }
    Arc::new(Schema::new(fields))
}

fn row_fields() -> Fields {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let mut fields: Vec<Field> = ["table", "key", "item", "name"].map(text).into();
    fields.push(Field::new("amount", AMOUNT, false));
    fields.into()
}

/// Findings as rows of the columns of [`schema`].
pub(crate) fn batch(findings: &[AuditFinding]) -> Result<RecordBatch, ArrowError> {
    type Get = fn(&AuditFinding) -> &String;
    let texts: [Get; 8] = [
        |finding| &finding.pack,
        |finding| &finding.rule,
        |finding| &finding.title,
        |finding| &finding.kind,
        |finding| &finding.basis,
        |finding| &finding.behaviour,
        |finding| &finding.certainty,
        |finding| &finding.message,
    ];
    let whose: [Get; 5] = [
        |finding| &finding.institution,
        |finding| &finding.department,
        |finding| &finding.doctor,
        |finding| &finding.patient,
        |finding| &finding.encounter,
    ];
    let text = |get: Get| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(findings.iter().map(get)))
    };
    let days = findings
        .iter()
        .map(|finding| units::parse_day(&finding.day).ok());
    let days: Date32Array = days.collect();
    let mut columns: Vec<ArrayRef> = texts.into_iter().map(text).collect();
    columns.push(amounts(findings.iter().map(|finding| finding.amount))?);
    columns.push(Arc::new(days));
    let retroactive = findings.iter().map(|finding| Some(finding.retroactive));
    columns.push(Arc::new(retroactive.collect::<BooleanArray>()));
    columns.extend(whose.into_iter().map(text));
    columns.push(lists(findings.iter().map(|finding| &finding.offending))?);
    columns.push(lists(findings.iter().map(|finding| &finding.related))?);
    RecordBatch::try_new(schema(), columns)
}

fn amounts(fen: impl Iterator<Item = i64>) -> Result<ArrayRef, ArrowError> {
    let fen = fen.map(i128::from);
    let array = Decimal128Array::from_iter_values(fen);
    // More fen than 18 digits hold are not money.
    Ok(Arc::new(array.with_precision_and_scale(18, 2)?))
}

fn lists<'f>(
    lists: impl Iterator<Item = &'f Vec<AuditRow>> + Clone,
) -> Result<ArrayRef, ArrowError> {
    let rows: Vec<&AuditRow> = lists.clone().flatten().collect();
    let text = |get: fn(&AuditRow) -> &String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(
            rows.iter().map(|row| get(row)),
        ))
    };
    let columns = vec![
        text(|row| &row.table),
        text(|row| &row.key),
        text(|row| &row.item),
        text(|row| &row.name),
        amounts(rows.iter().map(|row| row.amount))?,
    ];
    let values = StructArray::try_new(row_fields(), columns, None)?;
    let item = Field::new_list_field(DataType::Struct(row_fields()), false);
    let offsets = OffsetBuffer::from_lengths(lists.map(Vec::len));
    Ok(Arc::new(ListArray::try_new(
        Arc::new(item),
        offsets,
        Arc::new(values),
        None,
    )?))
}

/// The findings of a batch whose columns are those of [`schema`].
pub(crate) fn findings(batch: &RecordBatch) -> Vec<AuditFinding> {
    let texts = |names: &[&str]| -> Vec<StringArray> {
        let columns = names.iter().filter_map(|name| batch.column_by_name(name));
        columns
            .map(|column| column.as_string::<i32>().clone())
            .collect()
    };
    let (told, whose) = (texts(&TEXTS), texts(&WHOSE));
    let amounts = batch.column(TEXTS.len()).as_primitive::<Decimal128Type>();
    let days = batch.column(TEXTS.len() + 1).as_primitive::<Date32Type>();
    let retroactive = batch.column(TEXTS.len() + 2).as_boolean();
    let first_list = TEXTS.len() + 3 + WHOSE.len();
    let finding = |row: usize| {
        let [
            pack,
            rule,
            title,
            kind,
            basis,
            behaviour,
            certainty,
            message,
        ] = std::array::from_fn(|column| told[column].value(row).to_owned());
        let [institution, department, doctor, patient, encounter] =
            std::array::from_fn(|column| whose[column].value(row).to_owned());
        let day = days
            .is_valid(row)
            .then(|| units::format_day(days.value(row)));
        AuditFinding {
            pack,
            rule,
            title,
            kind,
            basis,
            behaviour,
            certainty,
            message,
            amount: fen(amounts.value(row)),
            day: day.unwrap_or_default(),
            retroactive: retroactive.value(row),
            institution,
            department,
            doctor,
            patient,
            encounter,
            offending: rows(batch.column(first_list), row),
            related: rows(batch.column(first_list + 1), row),
        }
    };
    (0..batch.num_rows()).map(finding).collect()
}

fn rows(lists: &ArrayRef, row: usize) -> Vec<AuditRow> {
    let list = lists.as_list::<i32>().value(row);
    let list = list.as_struct();
    let texts: [StringArray; 4] =
        std::array::from_fn(|column| list.column(column).as_string::<i32>().clone());
    let amounts = list.column(4).as_primitive::<Decimal128Type>();
    let row = |at: usize| {
        let [table, key, item, name] =
            std::array::from_fn(|column| texts[column].value(at).to_owned());
        AuditRow {
            table,
            key,
            item,
            name,
            amount: fen(amounts.value(at)),
        }
    };
    (0..list.len()).map(row).collect()
}

fn fen(mantissa: i128) -> i64 {
    i64::try_from(mantissa).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(message: &str, amount: i64) -> AuditFinding {
        let row = |key: &str, amount| AuditRow {
            table: "orders".into(),
            key: key.into(),
            item: "XC08".into(),
            name: String::new(),
            amount,
        };
        AuditFinding {
            pack: "37/limits/1.0.0.wasm".into(),
            rule: "CHR-01".into(),
            title: "目录外".into(),
            kind: String::new(),
            basis: "政策".into(),
            behaviour: "项目类".into(),
            certainty: "明确违规".into(),
            message: message.into(),
            amount,
            day: "2026-06-01".into(),
            retroactive: amount > 0,
            institution: "H1".into(),
            department: String::new(),
            doctor: "D1".into(),
            patient: "P1".into(),
            encounter: "E1".into(),
            offending: vec![row("L1", amount), row("L2", 0)],
            related: Vec::new(),
        }
    }

    #[test]
    fn findings_read_back_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.parquet");
        let written = [finding("甲", 1230), finding("乙", -5)];
        let mut writer = FindingsWriter::create(&path).unwrap();
        writer.write(&written[..1]).unwrap();
        writer.write(&[]).unwrap();
        writer.write(&written[1..]).unwrap();
        writer.finish().unwrap();
        let read: Vec<AuditFinding> = FindingsReader::open(&path)
            .unwrap()
            .flat_map(Result::unwrap)
            .collect();
        assert_eq!(read, written);
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, "PAR1").unwrap();
        let told = |path: &Path| FindingsReader::open(path).err().unwrap().to_string();
        let name = path.display().to_string();
        assert_eq!(
            told(&path),
            format!("`{name}` is not a Parquet file, or is cut off")
        );
        let table = rulepack_contract::schema::ids::PATIENTS;
        let mut writer =
            crate::table_writer::TableWriter::create(&path, table, &["patient"]).unwrap();
        writer.push(["P1"]).unwrap();
        writer.finish().unwrap();
        assert_eq!(told(&path), format!("`{name}` cannot be read to its end"));
    }
}
