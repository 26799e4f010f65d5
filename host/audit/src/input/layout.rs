//! How the rows of a table are held between reading and review: as columns of two forms.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use rulepack_contract::schema::{Kind, TableId};
use rulepack_contract::units;
use rulepack_host::data::{FileRejection, TableFile};

use super::{Format, Input, InputFile, RowSource, csv_rows, parquet_rows};
use crate::error::AuditError;

/// Columns of rows with whose they are before those of the contract: root, place and key.
pub(crate) const COLUMNS_BEFORE: usize = 3;

/// In which form the values of a column are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As people write them, to be read by the builder of the contract, which knows every fault.
    Text,
    /// In the unit of the contract.
    Number,
}

/// The columns that a table has in any of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What the rows are.
    pub table: TableId,
    /// Places of columns in the contract, ascending, each with its form.
    pub columns: Vec<(usize, Form)>,
}

/// Some rows of one table.
#[derive(Debug, Clone)]
pub struct Rows {
    /// [`Place`](super::Place)s.
    pub places: UInt64Array,
    /// Keys; empty where the table has none.
    pub keys: StringArray,
    /// In the order of [`Layout::columns`].
    pub columns: Vec<ArrayRef>,
}

impl Layout {
    /// The columns of all files of a table. A column is held as numbers where every file that has it holds
    /// numbers.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be opened, or a column is not of the table or of no fitting type.
    pub fn of(table: TableId, input: &Input) -> Result<Self, AuditError> {
        let mut forms: Vec<Option<Form>> = vec![None; table.table().columns.len()];
        for (_, file) in input.of(table) {
            let of_file = match file.format {
                Format::Csv => {
                    let file = TableFile::open(&file.path, table, file.encoding)?;
                    file.columns().map(|column| (column, Form::Text)).collect()
                }
                Format::Parquet => parquet_rows::forms(file)?,
            };
            for (column, form) in of_file {
                let known = forms[column].get_or_insert(form);
                if form == Form::Text {
                    *known = Form::Text;
                }
            }
        }
        let columns = forms.into_iter().enumerate();
        let columns = columns.filter_map(|(column, form)| Some((column, form?)));
        Ok(Layout {
            table,
            columns: columns.collect(),
        })
    }

    /// The rows of a file in this layout.
    pub(crate) fn open(
        &self,
        (number, file): (u32, &InputFile),
    ) -> Result<Box<dyn RowSource + Send>, AuditError> {
        Ok(match file.format {
            Format::Csv => Box::new(csv_rows::CsvRows::open(self, (number, file))?),
            Format::Parquet => Box::new(parquet_rows::ParquetRows::open(self, (number, file))?),
        })
    }

    /// The place in [`Self::columns`] of the column that says to what a row belongs.
    #[must_use]
    pub fn owner(&self) -> Option<usize> {
        let (owner, _) = self.table.table().owner()?;
        self.columns.iter().position(|(column, _)| *column == owner)
    }

    /// The schema of rows on the disk: whose they are, where they stood, their key, their columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let mut fields = vec![
            Field::new("root", DataType::FixedSizeBinary(16), false),
            Field::new("place", DataType::UInt64, false),
            Field::new("key", DataType::Utf8, false),
        ];
        for (column, form) in &self.columns {
            let name = self.table.table().columns[*column].name;
            let data_type = match form {
                Form::Text => DataType::Utf8,
                Form::Number => DataType::Int64,
            };
            fields.push(Field::new(name, data_type, true));
        }
        Arc::new(Schema::new(fields))
    }

    /// Rows with whose they are.
    ///
    /// # Errors
    /// [`ArrowError`] where they are not of this layout.
    pub(crate) fn batch(&self, root: ArrayRef, rows: Rows) -> Result<RecordBatch, ArrowError> {
        let mut columns: Vec<ArrayRef> = vec![root, Arc::new(rows.places), Arc::new(rows.keys)];
        columns.extend(rows.columns);
        typed(&self.schema(), columns)
    }
}

/// Rows of columns with these names, whatever their types are.
///
/// # Errors
/// [`ArrowError`] where they are not as long as each other.
pub(crate) fn typed(names: &Schema, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let fields = names.fields().iter().zip(&columns);
    let fields = fields.map(|(field, column)| {
        let data_type = column.data_type().clone();
        field.as_ref().clone().with_data_type(data_type)
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    RecordBatch::try_new(Arc::new(schema), columns)
}

/// Numbers as people write them: for a column that other files of the table hold as texts.
pub(super) fn texts(numbers: &Int64Array, kind: Kind) -> StringArray {
    let texts = numbers.iter().map(|number| {
        number.map(|number| match kind {
            Kind::Day => units::format_day(i32::try_from(number).unwrap_or(i32::MAX)),
            Kind::Instant => units::format_instant(number),
            _ => units::format_decimal(number, units::places(kind).unwrap_or(0)),
        })
    });
    texts.collect()
}

/// Where lines that are no rows are listed.
pub(super) type Rejected = Vec<FileRejection>;
