//! Rows of a Parquet file.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::filter;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use rulepack_contract::schema::{Kind, Table};
use rulepack_host::data::{DataError, FileRejection, Reason, VALUE_BYTES_MAX};

use super::layout::{self, Form, Layout, Rejected, Rows};
use super::{InputFile, Place, RowSource, coded, convert};
use crate::error::AuditError;

/// Rows that are handed on at once.
const ROWS: usize = 8_192;

/// An open Parquet file.
pub(super) struct ParquetRows {
    file: InputFile,
    number: u32,
    reader: ParquetRecordBatchReader,
    layout: Layout,
    key: Option<usize>,
    /// For each column of the layout, its place in the file.
    places: Vec<Option<usize>>,
    /// For each column of the layout, the last dictionary whose texts may all stand in a row.
    sound: Vec<Option<StringArray>>,
    rows: u64,
}

/// The columns of the contract that a file has, each with the form that it is held in.
pub(super) fn forms(file: &InputFile) -> Result<Vec<(usize, Form)>, AuditError> {
    let schema = open(file)?.1.schema().clone();
    let table = file.table.table();
    let (places, key) = columns(file, &schema)?;
    let text = |place: usize, column: &'static str, kind| {
        let field = schema.field(place);
        convert::form(kind, field.data_type()).ok_or_else(|| AuditError::ColumnType {
            path: file.path.clone(),
            column: column.to_owned(),
            found: field.data_type().clone(),
            expected: convert::expected(kind),
        })
    };
    if let (Some(place), Some(name)) = (key, table.key()) {
        text(place, name, Kind::Token)?;
    }
    let of_columns = places.iter().map(|(place, column)| {
        let declared = &table.columns[*column];
        Ok((*column, text(*place, declared.name, declared.kind)?))
    });
    of_columns.collect()
}

/// Places in the file with their columns, and the place of the key.
type Columns = (Vec<(usize, usize)>, Option<usize>);

fn columns(file: &InputFile, schema: &SchemaRef) -> Result<Columns, AuditError> {
    let table: &'static Table = file.table.table();
    let (mut places, mut key) = (Vec::new(), None);
    for (place, field) in schema.fields().iter().enumerate() {
        let name = field.name().as_str();
        let twice = || DataError::ColumnTwice {
            path: file.path.clone(),
            column: name.to_owned(),
        };
        if table.key() == Some(name) {
            if key.replace(place).is_some() {
                return Err(twice().into());
            }
            continue;
        }
        let column = table.column(name);
        let column = column.ok_or_else(|| DataError::unknown_column(&file.path, table, name))?;
        if places.iter().any(|(_, of)| *of == column) {
            return Err(twice().into());
        }
        places.push((place, column));
    }
    let has = |column| places.iter().any(|(_, of)| *of == column);
    match DataError::lacking(&file.path, table, key.is_some(), has) {
        Some(lacking) => Err(lacking.into()),
        None => Ok((places, key)),
    }
}

/// The file, and what it says of itself.
fn open(file: &InputFile) -> Result<(File, ArrowReaderMetadata), AuditError> {
    let opened = File::open(&file.path).map_err(AuditError::io(&file.path))?;
    let told = ArrowReaderMetadata::load(&opened, ArrowReaderOptions::new());
    Ok((opened, told.map_err(not_parquet(file))?))
}

fn not_parquet(file: &InputFile) -> impl Fn(ParquetError) -> AuditError + '_ {
    |source| AuditError::NotParquet {
        path: file.path.clone(),
        source,
    }
}

/// The rows that a file says it has.
pub(super) fn count(file: &InputFile) -> Result<u64, AuditError> {
    let (_, told) = open(file)?;
    let rows = told.metadata().file_metadata().num_rows();
    Ok(u64::try_from(rows).unwrap_or(0))
}

impl ParquetRows {
    pub(super) fn open(
        layout: &Layout,
        (number, file): (u32, &InputFile),
    ) -> Result<Self, AuditError> {
        let (opened, told) = open(file)?;
        let (of_file, key) = columns(file, told.schema())?;
        let schema = with_codes(file, told.schema());
        let options = ArrowReaderOptions::new().with_schema(schema);
        let told = ArrowReaderMetadata::try_new(Arc::clone(told.metadata()), options);
        let told = told.map_err(not_parquet(file))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, told);
        let place = |column: usize| {
            let found = of_file.iter().find(|(_, of)| *of == column);
            found.map(|(place, _)| *place)
        };
        let places = layout.columns.iter().map(|(column, _)| place(*column));
        let places: Vec<_> = places.collect();
        let reader = builder.with_batch_size(ROWS).build();
        let reader = reader.map_err(not_parquet(file))?;
        Ok(ParquetRows {
            file: file.clone(),
            number,
            reader,
            layout: layout.clone(),
            key,
            sound: vec![None; places.len()],
            places,
            rows: 0,
        })
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<Rows, ArrowError> {
        let (rows, before) = (batch.num_rows(), self.rows);
        self.rows += rows as u64;
        let lines = (before + 1)..=self.rows;
        let file = self.number;
        let places = lines.map(|line| Place { file, line }.number());
        let keys = match self.key {
            Some(place) => not_null(&convert::text(batch.column(place))?),
            None => StringArray::from_iter_values(std::iter::repeat_n("", rows)),
        };
        let kinds = self.layout.table.table().columns;
        let columns = self.layout.columns.iter().zip(&self.places);
        let columns = columns.map(|((column, form), place)| {
            let column = &kinds[*column];
            match place {
                Some(place) => held(batch.column(*place), column.kind, *form),
                None => Ok(absent(*form, rows)),
            }
        });
        Ok(Rows {
            places: UInt64Array::from_iter_values(places),
            keys,
            columns: columns.collect::<Result<_, _>>()?,
        })
    }

    /// Lists rows with a text that is none, as the reader of CSV does, and takes them out.
    fn without_faults(&mut self, rows: Rows, rejected: &mut Rejected) -> Result<Rows, ArrowError> {
        let table = self.layout.table.table();
        let mut faults = vec![];
        let mut look = |texts: &StringArray, name: &str| {
            for (row, text) in texts.iter().enumerate() {
                let Some(text) = text else { continue };
                if let Some(reason) = fault(text) {
                    let line = Place::from_number(rows.places.value(row)).line;
                    let of_line = FileRejection::of_line(&self.file.name, line, name, text, reason);
                    faults.push((row, of_line));
                }
            }
        };
        look(&rows.keys, table.key().unwrap_or(table.name));
        let columns = self.layout.columns.iter().zip(&rows.columns);
        for (((column, form), values), last) in columns.zip(&mut self.sound) {
            if *form == Form::Text && !has_sound_dictionary(values, last) {
                look(&convert::text(values)?, table.columns[*column].name);
            }
        }
        if faults.is_empty() {
            return Ok(rows);
        }
        let is_sound = |row| !faults.iter().any(|(fault, _)| *fault == row);
        let sound: BooleanArray = (0..rows.keys.len())
            .map(|row| Some(is_sound(row)))
            .collect();
        let kept = |array: &ArrayRef| filter(array, &sound);
        let columns = rows.columns.iter().map(kept).collect::<Result<_, _>>()?;
        let places = filter(&rows.places, &sound)?;
        let keys = filter(&rows.keys, &sound)?;
        faults.sort_by_key(|(row, _)| *row);
        faults.dedup_by_key(|(row, _)| *row);
        rejected.extend(faults.into_iter().map(|(_, rejection)| rejection));
        Ok(Rows {
            places: arrow::array::AsArray::as_primitive(&places).clone(),
            keys: arrow::array::AsArray::as_string::<i32>(&keys).clone(),
            columns,
        })
    }
}

impl RowSource for ParquetRows {
    fn next(&mut self, rejected: &mut Rejected) -> Result<Option<Rows>, AuditError> {
        let Some(batch) = self.reader.next() else {
            return Ok(None);
        };
        let path = self.file.path.clone();
        let read = batch.and_then(|batch| self.rows(&batch));
        let sound = read.and_then(|rows| self.without_faults(rows, rejected));
        Ok(Some(sound.map_err(AuditError::rows(&path))?))
    }
}

/// A column in the form that its table holds it in.
fn held(array: &ArrayRef, kind: Kind, form: Form) -> Result<ArrayRef, ArrowError> {
    let of_file = convert::form(kind, array.data_type()).unwrap_or(Form::Text);
    Ok(match (form, of_file) {
        (Form::Number, _) => Arc::new(convert::number(array, kind)?),
        (Form::Text, Form::Number) => Arc::new(layout::texts(&convert::number(array, kind)?, kind)),
        (Form::Text, Form::Text) if coded::is_coded(kind) && coded::dictionary(array).is_some() => {
            Arc::clone(array)
        }
        (Form::Text, Form::Text) => Arc::new(convert::text(array)?),
    })
}

/// Whether each text of a dictionary may stand in a row, so that none of the rows has to be looked at. The last such
/// dictionary of the column is held.
fn has_sound_dictionary(column: &ArrayRef, last: &mut Option<StringArray>) -> bool {
    let Some(texts) = coded::dictionary(column) else {
        return false;
    };
    if last
        .as_ref()
        .is_some_and(|last| coded::is_same(texts, last))
    {
        return true;
    }
    let is_sound = texts.iter().flatten().all(|text| fault(text).is_none());
    *last = is_sound.then(|| texts.clone());
    is_sound
}

/// The schema of a file, with dictionaries for the texts of coded columns.
fn with_codes(file: &InputFile, schema: &SchemaRef) -> SchemaRef {
    let table = file.table.table();
    let fields = schema.fields().iter().map(|field| {
        let column = table
            .column(field.name())
            .map(|column| &table.columns[column]);
        let is_coded = column.is_some_and(|column| coded::is_coded(column.kind));
        match is_coded && *field.data_type() == DataType::Utf8 {
            true => Arc::new(field.as_ref().clone().with_data_type(coded::data_type())),
            false => Arc::clone(field),
        }
    });
    let fields: Vec<_> = fields.collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn absent(form: Form, rows: usize) -> ArrayRef {
    let data_type = match form {
        Form::Text => DataType::Utf8,
        Form::Number => DataType::Int64,
    };
    arrow::array::new_null_array(&data_type, rows)
}

fn not_null(keys: &StringArray) -> StringArray {
    match keys.null_count() {
        0 => keys.clone(),
        _ => StringArray::from_iter_values(keys.iter().map(Option::unwrap_or_default)),
    }
}

fn fault(text: &str) -> Option<Reason> {
    if text
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return Some(Reason::ControlCharacter);
    }
    (text.len() > VALUE_BYTES_MAX).then_some(Reason::TooLong)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::compute::cast;
    use arrow::datatypes::Field;
    use parquet::arrow::ArrowWriter;
    use rulepack_contract::schema::ids;
    use rulepack_host::data::Encoding;

    use super::super::{Format, Input};
    use super::*;

    const COLUMNS: [&str; 5] = ["order", "encounters", "items", "doctors", "days"];
    const LINES: [[&str; 5]; 3] = [
        ["L1", "E1", "X1", "D1", "2026-01-02"],
        ["L2", "E2", "X1", "D1", "2026-01-03"],
        ["L3", "E2", "X2", "D1", "2026-01-03"],
    ];

    /// Lines as other programs write them: every column as categories of this type.
    fn write(path: &Path, data_type: &DataType) {
        let column = |place: usize| {
            let texts: StringArray = LINES.iter().map(|line| Some(line[place])).collect();
            cast(&texts, data_type).unwrap()
        };
        let fields = COLUMNS.map(|name| Field::new(name, data_type.clone(), true));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let columns = (0..COLUMNS.len()).map(column).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn categories_are_read_as_the_texts_that_they_stand_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.parquet");
        let category = |key, text| DataType::Dictionary(Box::new(key), Box::new(text));
        for data_type in [
            category(DataType::Int32, DataType::Utf8),
            category(DataType::Int8, DataType::Utf8),
            category(DataType::Int32, DataType::LargeUtf8),
        ] {
            write(&path, &data_type);
            let input = Input {
                files: vec![InputFile {
                    path: path.clone(),
                    name: "orders.parquet".to_owned(),
                    table: ids::ORDERS,
                    format: Format::Parquet,
                    encoding: Encoding::Utf8,
                }],
                ..Input::default()
            };
            let layout = Layout::of(ids::ORDERS, &input).unwrap();
            let mut rows = ParquetRows::open(&layout, (0, &input.files[0])).unwrap();
            let mut rejected = Rejected::new();
            let read = rows.next(&mut rejected).unwrap().unwrap();
            assert!(rejected.is_empty() && rows.next(&mut rejected).unwrap().is_none());
            let keys: Vec<&str> = read.keys.iter().flatten().collect();
            assert_eq!(keys, LINES.map(|line| line[0]));
            for ((column, _), values) in layout.columns.iter().zip(&read.columns) {
                let column = &ids::ORDERS.table().columns[*column];
                // Only codes and tokens may come as dictionaries: whoever takes the rows looks for no others.
                let is_text = *values.data_type() == DataType::Utf8;
                assert!(is_text || coded::is_coded(column.kind), "{}", column.name);
                let place = COLUMNS.iter().position(|name| *name == column.name);
                let texts = convert::text(values).unwrap();
                let texts: Vec<&str> = texts.iter().flatten().collect();
                assert_eq!(texts, LINES.map(|line| line[place.unwrap()]));
            }
        }
    }

    #[test]
    fn a_text_of_a_dictionary_that_is_none_is_told_in_each_batch_that_has_it() {
        let coded = |texts: &[&str]| -> ArrayRef {
            let texts: StringArray = texts.iter().copied().map(Some).collect();
            cast(&texts, &coded::data_type()).unwrap()
        };
        let (sound, faulty) = (coded(&["A", "B", "A"]), coded(&["A", "a\nb"]));
        let mut last = None;
        for (column, is_sound) in [(&sound, true), (&sound, true), (&faulty, false)] {
            assert_eq!(has_sound_dictionary(column, &mut last), is_sound);
        }
        assert!(!has_sound_dictionary(&faulty, &mut last));
        assert!(has_sound_dictionary(&sound, &mut last));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["A"]));
        assert!(!has_sound_dictionary(&texts, &mut last));
    }
}
