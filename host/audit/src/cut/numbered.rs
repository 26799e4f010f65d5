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

use crate::input::coded;
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

/// Codes that one run numbers. The engine notes 16 bytes of each for every pack and thread, so a column that has
/// another code in each of many million rows is held as texts, on the disk.
const CODES_MAX: usize = 1 << 20;

impl Numbered {
    /// Rows with numbers in place of their codes and tokens; `None` where there are more texts than are numbered.
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
            let Some(numbers) = numbers(Arc::make_mut(texts), &columns[place], last)? else {
                return Ok(None);
            };
            columns[place] = Arc::new(numbers);
        }
        if self.codes.len() > CODES_MAX {
            return Ok(None);
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

    /// Forgets the dictionaries of a table that is read.
    pub(crate) fn end(&mut self) {
        self.last.clear();
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
        let is_numbered = *form == Form::Text && coded::is_coded(kind);
        is_numbered.then_some((place, kind))
    })
}

/// The numbers of the texts of a column; `None` where 32 bits do not number them.
fn numbers(
    texts: &mut Texts,
    column: &ArrayRef,
    (last, of_values): &mut (StringArray, Vec<u32>),
) -> Result<Option<UInt32Array>, ArrowError> {
    let Some(dictionary) = coded::dictionary(column) else {
        let column = cast(column, &DataType::Utf8)?;
        let of_rows = of_texts(texts, column.as_string::<i32>());
        return Ok(of_rows.map(UInt32Array::from));
    };
    if !coded::is_same(dictionary, last) {
        let Some(numbers) = of_texts(texts, dictionary) else {
            return Ok(None);
        };
        (*last, *of_values) = (dictionary.clone(), numbers);
    }
    let number = |key: Option<i32>| {
        let place = key.and_then(|key| usize::try_from(key).ok());
        let number = place.and_then(|place| of_values.get(place).copied());
        number.unwrap_or(0)
    };
    let keys = column.as_dictionary::<Int32Type>().keys();
    let numbers = keys.iter().map(number);
    Ok(Some(UInt32Array::from_iter_values(numbers)))
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

#[cfg(test)]
mod tests {
    use rulepack_contract::schema::ids;

    use super::*;

    #[test]
    fn codes_that_are_others_in_every_row_are_not_numbered() {
        let items = ids::ORDERS.table().column("items").unwrap();
        let layout = Layout {
            table: ids::ORDERS,
            columns: vec![(items, Form::Text)],
        };
        let mut numbered = Numbered::default();
        let rows = CODES_MAX / 4;
        let mut number = |batch: usize| {
            let codes = (batch * rows..(batch + 1) * rows).map(|row| format!("{row:x}"));
            let nothing: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|_| "")));
            let codes: ArrayRef = Arc::new(StringArray::from_iter_values(codes));
            let columns = vec![Arc::clone(&nothing), Arc::clone(&nothing), nothing, codes];
            let batch = layout::typed(&layout.schema(), columns).unwrap();
            numbered.number(&layout, &batch).unwrap().is_some()
        };
        // The empty text is a code too.
        assert_eq!([0, 1, 2, 3].map(&mut number), [true, true, true, false]);
    }
}
