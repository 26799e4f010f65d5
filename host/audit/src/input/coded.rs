//! Columns whose texts stand in many rows each: they are read as dictionaries, so that a text is checked and numbered
//! once for some thousand rows. All other columns of texts are held row by row.

use arrow::array::{Array as _, ArrayRef, AsArray as _, StringArray};
use arrow::datatypes::{DataType, Int32Type};
use rulepack_contract::schema::Kind;

/// Whether a column of this kind is one.
pub(crate) fn is_coded(kind: Kind) -> bool {
    matches!(kind, Kind::Code | Kind::Token)
}

/// As such a column is read from a Parquet file.
pub(super) fn data_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The texts of a column that was read so; `None` where it was not.
pub(crate) fn dictionary(column: &ArrayRef) -> Option<&StringArray> {
    let coded = column.as_dictionary_opt::<Int32Type>()?;
    coded.values().as_string_opt::<i32>()
}

/// Whether two dictionaries are one. A file has one for many batches; what is known of it is known of them all. The
/// other is held, so that its place in memory is its own.
pub(crate) fn is_same(one: &StringArray, other: &StringArray) -> bool {
    one.len() == other.len()
        && one.offsets().ptr_eq(other.offsets())
        && one.value_data().as_ptr() == other.value_data().as_ptr()
}
