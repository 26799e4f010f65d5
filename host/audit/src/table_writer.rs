//! Parquet files of the contract's tables, written from values as people write them: the types that
//! `docs/DATA.md` lists, so that what is written here reads back exactly.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, RecordBatch,
    StringBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use rulepack_contract::schema::{Kind, Table, TableId};
use rulepack_contract::units::{self, ValueError};

use crate::error::AuditError;
use crate::parquet_file;

/// Rows that are held until they are written.
const ROWS: usize = 65_536;

/// The type that a column of a kind has.
#[must_use]
pub const fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Code | Kind::Token | Kind::Row(_) => DataType::Utf8,
        Kind::Flag => DataType::Boolean,
        Kind::Small | Kind::Integer | Kind::Count => DataType::Int64,
        Kind::Day => DataType::Date32,
        Kind::Instant => DataType::Timestamp(TimeUnit::Millisecond, None),
        Kind::Money => DataType::Decimal128(18, 2),
        Kind::Quantity | Kind::Ratio => DataType::Decimal128(18, 4),
        Kind::UnitPrice | Kind::Measurement => DataType::Decimal128(18, 6),
    }
}

/// A file that grows row by row.
pub struct TableWriter {
    path: PathBuf,
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    kinds: Vec<Kind>,
    columns: Vec<Values>,
    rows: usize,
}

/// The values of a column that are held.
enum Values {
    Text(StringBuilder),
    Flag(BooleanBuilder),
    Whole(Int64Builder),
    Day(Date32Builder),
    Instant(TimestampMillisecondBuilder),
    Decimal(Decimal128Builder),
}

/// A value that is none of its column.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The table has no such column.
    #[error("the table `{table}` has no column `{column}`")]
    Column {
        /// The table.
        table: &'static str,
        /// What was asked for.
        column: String,
    },
    /// The text is no value of its column.
    #[error("`{value}` in the column `{column}`")]
    Value {
        /// The column.
        column: String,
        /// The text.
        value: String,
        /// What is wrong with it.
        source: ValueError,
    },
}

impl TableWriter {
    /// Creates a file with these columns, the key by its name among them.
    ///
    /// # Errors
    /// [`WriteError`] where a column is not of the table or the file cannot be written.
    pub fn create(path: &Path, table: TableId, columns: &[&str]) -> Result<Self, WriteError> {
        let table = table.table();
        let kinds = columns.iter().map(|name| kind(table, name));
        let kinds: Vec<Kind> = kinds.collect::<Result<_, _>>()?;
        let fields = columns.iter().zip(&kinds);
        let fields = fields.map(|(name, kind)| Field::new(*name, data_type(*kind), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(TableWriter {
            path: path.to_owned(),
            writer: parquet_file::create(path, Arc::clone(&schema))?,
            columns: kinds.iter().map(|kind| Values::of(*kind)).collect(),
            schema,
            kinds,
            rows: 0,
        })
    }

    /// Adds a row, in the order of the columns; an empty text is not recorded.
    ///
    /// # Errors
    /// [`WriteError`] where a text is no value of its column, or the file cannot be written.
    pub fn push<'v>(&mut self, row: impl IntoIterator<Item = &'v str>) -> Result<(), WriteError> {
        let columns = self.columns.iter_mut().zip(&self.kinds).zip(row);
        for (place, ((values, kind), text)) in columns.enumerate() {
            values
                .push(text, *kind)
                .map_err(|source| WriteError::Value {
                    column: self.schema.field(place).name().clone(),
                    value: text.to_owned(),
                    source,
                })?;
        }
        self.rows += 1;
        match self.rows >= ROWS {
            true => Ok(self.flush()?),
            false => Ok(()),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`WriteError`] where it cannot be written.
    pub fn finish(mut self) -> Result<(), WriteError> {
        self.flush()?;
        let closed = self.writer.close();
        closed.map_err(AuditError::parquet(&self.path))?;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), AuditError> {
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(Values::finish).collect();
        self.rows = 0;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let batch = batch.map_err(AuditError::rows(&self.path))?;
        let written = self.writer.write(&batch);
        written.map_err(AuditError::parquet(&self.path))
    }
}

impl Values {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Code | Kind::Token | Kind::Row(_) => Values::Text(StringBuilder::new()),
            Kind::Flag => Values::Flag(BooleanBuilder::new()),
            Kind::Small | Kind::Integer | Kind::Count => Values::Whole(Int64Builder::new()),
            Kind::Day => Values::Day(Date32Builder::new()),
            Kind::Instant => Values::Instant(TimestampMillisecondBuilder::new()),
            Kind::Money | Kind::Quantity | Kind::Ratio | Kind::UnitPrice | Kind::Measurement => {
                Values::Decimal(Decimal128Builder::new().with_data_type(data_type(kind)))
            }
        }
    }

    fn push(&mut self, text: &str, kind: Kind) -> Result<(), ValueError> {
        let text = Some(text.trim()).filter(|text| !text.is_empty());
        let places = units::places(kind).unwrap_or(0);
        match self {
            Values::Text(values) => values.append_option(text),
            Values::Flag(values) => values.append_option(match text {
                None => None,
                Some("0") => Some(false),
                Some("1") => Some(true),
                Some(_) => return Err(ValueError::NotAFlag),
            }),
            Values::Whole(values) => {
                let number = text.map(|text| units::parse_decimal(text, places));
                values.append_option(number.transpose()?);
            }
            Values::Day(values) => {
                values.append_option(text.map(units::parse_day).transpose()?);
            }
            Values::Instant(values) => {
                let seconds = text.map(units::parse_instant).transpose()?;
                let milliseconds = seconds.map(|it| it.checked_mul(1_000));
                if milliseconds == Some(None) {
                    return Err(ValueError::OutOfRange);
                }
                values.append_option(milliseconds.flatten());
            }
            Values::Decimal(values) => {
                let number = text.map(|text| units::parse_decimal(text, places));
                values.append_option(number.transpose()?.map(i128::from));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Values::Text(values) => Arc::new(values.finish()),
            Values::Flag(values) => Arc::new(values.finish()),
            Values::Whole(values) => Arc::new(values.finish()),
            Values::Day(values) => Arc::new(values.finish()),
            Values::Instant(values) => Arc::new(values.finish()),
            Values::Decimal(values) => Arc::new(values.finish()),
        }
    }
}

fn kind(table: &'static Table, name: &str) -> Result<Kind, WriteError> {
    if table.key() == Some(name) {
        return Ok(Kind::Token);
    }
    let column = table.column(name).ok_or_else(|| WriteError::Column {
        table: table.name,
        column: name.to_owned(),
    })?;
    Ok(table.columns[column].kind)
}

#[cfg(test)]
mod tests {
    use rulepack_contract::schema::ids;

    use super::*;

    #[test]
    fn what_is_no_value_of_its_column_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let columns = ["order", "encounters", "amounts"];
        let mut writer = TableWriter::create(&path, ids::ORDERS, &columns).unwrap();
        let error = writer.push(["L1", "E1", "1.234"]).unwrap_err();
        assert_eq!(error.to_string(), "`1.234` in the column `amounts`");
        let error = TableWriter::create(&path, ids::ORDERS, &["amount"])
            .err()
            .unwrap();
        assert_eq!(
            error.to_string(),
            "the table `orders` has no column `amount`"
        );
    }
}
