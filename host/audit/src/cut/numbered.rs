//! Codes and tokens as numbers while memory holds the rows: most of them stand in many rows, so that each text is
//! held, looked up and checked once for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, StringArray, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int32Type, UInt32Type};
use arrow::error::ArrowError;
use rulepack_contract::data::Texts;
use rulepack_contract::schema::{Kind, TableId};

use crate::input::layout::{self, COLUMNS_BEFORE, Form, Layout};

/// The texts of all codes and of all tokens of a run. 0 is the empty text.
#[derive(Debug, Default)]
pub(crate) struct Numbered {
    pub(crate) codes: Arc<Texts>,
    pub(crate) tokens: Arc<Texts>,
    /// By table and place: the dictionary that the last rows came with, and the numbers of its texts. A file has one
    /// for many batches.
    last: BTreeMap<(TableId, usize), (StringArray, Vec<u32>)>,
}

impl Numbered {
    /// Rows with numbers in place of their codes and tokens; `None` where there are more texts than numbers.
    ///
    /// # Errors
    /// [`ArrowError`] where the rows are not of the layout.
    pub(crate) fn number(
        &mut self,
        layout: &Layout,
        batch: &RecordBatch,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        let mut columns = batch.columns().to_vec();
        for (place, kind) in numbered(layout) {
            let nothing = || (StringArray::new_null(0), Vec::new());
            let last = self
                .last
                .entry((layout.table, place))
                .or_insert_with(nothing);
            let texts = match kind {
                Kind::Token => &mut self.tokens,
                _ => &mut self.codes,
            };
            let Some(numbers) = numbers(Arc::make_mut(texts), &columns[place], last) else {
                return Ok(None);
            };
            columns[place] = Arc::new(numbers);
        }
        layout::typed(&batch.schema(), columns).map(Some)
    }

    /// Such rows with their texts again, as they lie on the disk.
    ///
    /// # Errors
    /// [`ArrowError`] where the rows are not of the layout.
    pub(crate) fn spell(
        &self,
        layout: &Layout,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, ArrowError> {
        let mut columns = batch.columns().to_vec();
        for (place, kind) in numbered(layout) {
            let texts = match kind {
                Kind::Token => &self.tokens,
                _ => &self.codes,
            };
            let numbers = columns[place].as_primitive::<UInt32Type>();
            let text = |number: &u32| texts.text(*number).unwrap_or_default();
            columns[place] = Arc::new(StringArray::from_iter_values(
                numbers.values().iter().map(text),
            ));
        }
        layout::typed(&batch.schema(), columns)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.codes.bytes() + self.tokens.bytes()
    }
}

/// Rows as they came, with texts in place of the dictionaries that a file has them in.
///
/// # Errors
/// [`ArrowError`] where a column is no text.
pub(crate) fn plain(layout: &Layout, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    for (place, _) in numbered(layout) {
        columns[place] = cast(&columns[place], &DataType::Utf8)?;
    }
    layout::typed(&batch.schema(), columns)
}

/// The places, among the columns of rows, of those that are numbered.
fn numbered(layout: &Layout) -> impl Iterator<Item = (usize, Kind)> {
    let columns = (COLUMNS_BEFORE..).zip(&layout.columns);
    columns.filter_map(|(place, (column, form))| {
        let kind = layout.table.table().columns[*column].kind;
        let is_numbered = *form == Form::Text && matches!(kind, Kind::Code | Kind::Token);
        is_numbered.then_some((place, kind))
    })
}

/// The numbers of the texts of a column.
fn numbers(
    texts: &mut Texts,
    column: &ArrayRef,
    (dictionary, of_values): &mut (StringArray, Vec<u32>),
) -> Option<UInt32Array> {
    let Some(coded) = column.as_dictionary_opt::<Int32Type>() else {
        let of_rows = of_texts(texts, column.as_string_opt::<i32>()?)?;
        return Some(UInt32Array::from(of_rows));
    };
    let values = coded.values().as_string_opt::<i32>()?;
    if !is_same(values, dictionary) {
        *of_values = of_texts(texts, values)?;
        *dictionary = values.clone();
    }
    let number = |key: Option<i32>| {
        let place = key.and_then(|key| usize::try_from(key).ok());
        let number = place.and_then(|place| of_values.get(place).copied());
        number.unwrap_or(0)
    };
    let numbers = coded.keys().iter().map(number);
    Some(UInt32Array::from_iter_values(numbers))
}

/// Whether two dictionaries are one: the other is held, so that its place in memory is its own.
fn is_same(one: &StringArray, other: &StringArray) -> bool {
    one.offsets().ptr_eq(other.offsets())
        && one.value_data().as_ptr() == other.value_data().as_ptr()
}

fn of_texts(texts: &mut Texts, column: &StringArray) -> Option<Vec<u32>> {
    // Rows that follow each other often say the same.
    let mut last = ("", 0);
    let numbers = column.iter().map(|text| {
        let text = text.unwrap_or_default();
        if last.0 != text {
            last = (text, texts.intern(text.trim())?);
        }
        Some(last.1)
    });
    numbers.collect()
}
