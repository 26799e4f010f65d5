//! A host's journal as a Parquet file, for those who count with a database: a row for each sealed entry, with what is
//! asked for most in columns, and the whole entry as JSON. Like the journal itself it names no patient.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use rulepack_host::journal::{self, Entry, Event, JournalError};
use serde_json::Value;

use crate::error::AuditError;
use crate::parquet_file;

/// Rows that are held until they are written.
const ROWS: u64 = 16_384;

/// Why a journal is not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be read, or is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file cannot be written.
    #[error(transparent)]
    File(#[from] AuditError),
}

/// Writes the sealed entries of a period, in milliseconds from 1970-01-01 UTC, to a new file; answers how many.
///
/// # Errors
/// [`ExportError`]; what was begun of the file is then gone.
pub fn export(folder: &Path, period: Range<i64>, to: &Path) -> Result<u64, ExportError> {
    write(folder, period, to).inspect_err(|_| {
        // Half a file is none; where it cannot be removed, the error says that it is not whole.
        let _ = std::fs::remove_file(to);
    })
}

fn write(folder: &Path, period: Range<i64>, to: &Path) -> Result<u64, ExportError> {
    let mut writer = parquet_file::create(to, schema())?;
    let (mut columns, mut entries) = (Columns::default(), 0);
    let mut written = Ok(());
    journal::entries_in(folder, period, |entry| {
        columns.push(entry);
        entries += 1;
        if entries % ROWS == 0 && written.is_ok() {
            written = columns.batch().and_then(|batch| Ok(writer.write(&batch)?));
        }
    })?;
    let written = written.and_then(|()| Ok(writer.write(&columns.batch()?)?));
    written.map_err(AuditError::rows(to))?;
    parquet_file::finish(to, writer)?;
    Ok(entries)
}

fn schema() -> SchemaRef {
    let field = |name, kind, is_open| Field::new(name, kind, is_open);
    let utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Arc::new(Schema::new(vec![
        field("number", DataType::Int64, false),
        field("time", utc, false),
        field("event", DataType::Utf8, false),
        field("answer", DataType::Utf8, true),
        field("infno", DataType::Utf8, true),
        field("findings", DataType::Int64, true),
        field("amount", DataType::Decimal128(18, 2), true),
        field("entry", DataType::Utf8, false),
    ]))
}

/// Rows that are held.
#[derive(Default)]
struct Columns {
    numbers: Int64Builder,
    times: TimestampMillisecondBuilder,
    events: StringBuilder,
    answers: StringBuilder,
    infnos: StringBuilder,
    findings: Int64Builder,
    amounts: Decimal128Builder,
    entries: StringBuilder,
}

impl Columns {
    fn push(&mut self, entry: &Entry) {
        let (answer, infno, found) = match &entry.event {
            Event::Verdict(verdict) => {
                let amounts = verdict.findings.iter().map(|it| i128::from(it.amount));
                let count = i64::try_from(verdict.findings.len()).unwrap_or(i64::MAX);
                let found = Some((count, amounts.sum()));
                (Some(&verdict.answer), Some(&verdict.infno), found)
            }
            Event::Unreviewed { answer, infno, .. } => (Some(answer), Some(infno), None),
            _ => (None, None, None),
        };
        self.numbers
            .append_value(i64::try_from(entry.number).unwrap_or(i64::MAX));
        self.times.append_value(entry.time);
        let event = serde_json::to_value(&entry.event).unwrap_or_default();
        self.events.append_value(name(&event));
        self.answers.append_option(answer);
        self.infnos.append_option(infno);
        self.findings.append_option(found.map(|(count, _)| count));
        self.amounts.append_option(found.map(|(_, fen)| fen));
        self.entries.append_value(event.to_string());
    }

    /// What is held, which then is nothing.
    fn batch(&mut self) -> Result<RecordBatch, ArrowError> {
        let times = self.times.finish().with_timezone("UTC");
        let amounts = self.amounts.finish().with_precision_and_scale(18, 2)?;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.numbers.finish()),
            Arc::new(times),
            Arc::new(self.events.finish()),
            Arc::new(self.answers.finish()),
            Arc::new(self.infnos.finish()),
            Arc::new(self.findings.finish()),
            Arc::new(amounts),
            Arc::new(self.entries.finish()),
        ];
        RecordBatch::try_new(schema(), columns)
    }
}

/// Which event it is, as the journal names it.
fn name(event: &Value) -> &str {
    match event {
        Value::String(name) => name,
        Value::Object(fields) => fields.keys().next().map_or("", String::as_str),
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray as _;
    use arrow::datatypes::{Int64Type, TimestampMillisecondType};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use rulepack_host::client::NoFailures;
    use rulepack_host::journal::{Journal, Setup};
    use rulepack_protocol::key::SecretKey;

    use super::*;

    const NOW: i64 = 1_795_300_000_000;

    #[test]
    fn a_damaged_journal_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        std::fs::create_dir(&journal).unwrap();
        std::fs::write(journal.join("000001.jsonl"), "{}\n").unwrap();
        let to = folder.path().join("journal.parquet");
        let error = export(&journal, 0..NOW, &to).unwrap_err();
        assert!(matches!(error, ExportError::Journal(_)), "{error}");
        assert!(!to.exists());
    }

    #[test]
    fn each_sealed_entry_of_the_period_is_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let setup = Setup {
            folder: journal.clone(),
            institution: "H37030000001".into(),
            clock: || NOW,
            failures: Arc::new(NoFailures),
        };
        let key = SecretKey::from_seed([7; 32], "host".parse().unwrap());
        let open = Journal::open(setup, key).unwrap();
        open.record(Event::Clock { back_ms: 5 }).unwrap();
        let unreviewed = Event::Unreviewed {
            answer: "00000000000007".into(),
            infno: "3101".into(),
            reason: "the request is not JSON".into(),
        };
        open.record(unreviewed).unwrap();
        drop(open);
        let to = folder.path().join("journal.parquet");
        assert_eq!(export(&journal, 0..NOW, &to).unwrap(), 0);
        assert_eq!(export(&journal, NOW..NOW + 1, &to).unwrap(), 2);
        let file = std::fs::File::open(&to).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let text = |column: usize, row| batch.column(column).as_string::<i32>().value(row);
        assert_eq!(
            batch.column(0).as_primitive::<Int64Type>().values(),
            &[1, 2]
        );
        let times = batch.column(1).as_primitive::<TimestampMillisecondType>();
        assert_eq!(times.values(), &[NOW, NOW]);
        assert_eq!((text(2, 0), text(2, 1)), ("clock", "unreviewed"));
        assert_eq!((text(3, 1), text(4, 1)), ("00000000000007", "3101"));
        assert_eq!(text(7, 0), r#"{"clock":{"back_ms":5}}"#);
    }
}
