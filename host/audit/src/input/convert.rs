//! Columns of a Parquet file, in the forms that rows are held in: nothing is lost, and nothing is a float.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Int64Array, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Date64Type, Decimal128Type, Int64Type, TimeUnit};
use arrow::error::ArrowError;
use rulepack_contract::schema::Kind;
use rulepack_contract::units;
use rulepack_protocol::moment::CHINA_AHEAD_SECONDS;

use super::layout::Form;

/// Decimal digits that 64 bits always hold.
const DIGITS: u8 = 18;

/// In which form a column of this type is held; `None` where it is of no fitting type.
pub(super) fn form(kind: Kind, data_type: &DataType) -> Option<Form> {
    use DataType::{Boolean, Date32, Date64, Decimal128, Dictionary, Null, Timestamp};
    let whole = data_type.is_integer();
    match (kind, data_type) {
        (_, Dictionary(_, values)) => form(kind, values).map(|_| Form::Text),
        (_, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | Null) => Some(Form::Text),
        (Kind::Code | Kind::Token | Kind::Row(_), _) => whole.then_some(Form::Text),
        (Kind::Flag, Boolean) => Some(Form::Number),
        (Kind::Flag | Kind::Small | Kind::Integer | Kind::Count, _) => {
            let form = match data_type {
                DataType::UInt64 => Form::Text,
                _ => Form::Number,
            };
            whole.then_some(form)
        }
        (Kind::Day, Date32 | Date64) | (Kind::Instant, Timestamp(..)) => Some(Form::Number),
        (Kind::Day | Kind::Instant, _) => None,
        (_, Decimal128(digits, decimals)) => {
            let places = units::places(kind).and_then(|places| i8::try_from(places).ok())?;
            let more = u8::try_from(i16::from(places) - i16::from(*decimals))
                .ok()
                .filter(|_| *decimals >= 0);
            let fits = more.is_some_and(|more| digits.saturating_add(more) <= DIGITS);
            Some(if fits { Form::Number } else { Form::Text })
        }
        // Fen or yuan: a whole number does not say.
        (Kind::Money | Kind::UnitPrice, _) => None,
        (Kind::Quantity | Kind::Ratio | Kind::Measurement, _) => whole.then_some(Form::Text),
    }
}

/// What is told where a column is of no fitting type.
pub(super) fn expected(kind: Kind) -> &'static str {
    match kind {
        Kind::Code | Kind::Token | Kind::Row(_) => "a string or a whole number",
        Kind::Flag => "a boolean, a whole number or a string",
        Kind::Small | Kind::Integer | Kind::Count => "a whole number or a string",
        Kind::Day => "a date or a string",
        Kind::Instant => "a timestamp or a string",
        Kind::Money => "a decimal with 2 decimals or a string, in CNY",
        Kind::UnitPrice => "a decimal with 6 decimals or a string, in CNY",
        Kind::Quantity | Kind::Ratio => "a decimal with 4 decimals, a whole number or a string",
        Kind::Measurement => "a decimal with 6 decimals, a whole number or a string",
    }
}

/// The texts of a column.
pub(super) fn text(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let cast = cast(array, &DataType::Utf8)?;
    Ok(cast.as_string::<i32>().clone())
}

/// The numbers of a column, in the unit of the contract.
pub(super) fn number(array: &ArrayRef, kind: Kind) -> Result<Int64Array, ArrowError> {
    let whole = |array: &ArrayRef| -> Result<Int64Array, ArrowError> {
        Ok(cast(array, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .clone())
    };
    Ok(match array.data_type() {
        DataType::Date32 => array.as_primitive::<Date32Type>().unary(i64::from),
        DataType::Date64 => {
            let milliseconds = array.as_primitive::<Date64Type>();
            milliseconds.unary(|value| value.div_euclid(86_400_000))
        }
        DataType::Timestamp(_, zone) => {
            // What names a zone counts from 1970 in UTC; what names none is the clock on the wall.
            let ahead = if zone.is_some() {
                CHINA_AHEAD_SECONDS
            } else {
                0
            };
            seconds(array)?.unary(|value| value.saturating_add(ahead))
        }
        DataType::Decimal128(_, decimals) => {
            let places = units::places(kind).unwrap_or(0);
            let more = i64::from(places) - i64::from(*decimals);
            let factor = 10_i64.pow(u32::try_from(more).unwrap_or(0));
            let mantissas = array.as_primitive::<Decimal128Type>();
            // `form` lets through only what 64 bits hold.
            mantissas.unary(|value| {
                i64::try_from(value)
                    .unwrap_or(i64::MAX)
                    .saturating_mul(factor)
            })
        }
        _ => whole(array)?,
    })
}

fn seconds(array: &ArrayRef) -> Result<Int64Array, ArrowError> {
    let DataType::Timestamp(unit, _) = array.data_type() else {
        return Err(ArrowError::CastError("no timestamp".to_owned()));
    };
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let counts = cast(array, &DataType::Int64)?;
    let counts = counts.as_primitive::<Int64Type>();
    Ok(counts.unary(|count: i64| count.div_euclid(per_second)))
}

fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, to, &options)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BooleanArray, Date64Array, Decimal128Array, Int32Array, TimestampMicrosecondArray,
    };

    use super::*;

    fn decimals(mantissas: Vec<i128>, digits: u8, places: i8) -> ArrayRef {
        let array = Decimal128Array::from(mantissas);
        Arc::new(array.with_precision_and_scale(digits, places).unwrap())
    }

    #[test]
    fn what_could_lose_a_fen_is_refused_or_read_as_text() {
        use DataType::{Decimal128, Float64, Int64, Utf8};
        for (kind, data_type, expected) in [
            (Kind::Money, Decimal128(18, 2), Some(Form::Number)),
            (Kind::Money, Decimal128(10, 1), Some(Form::Number)),
            (Kind::Money, Decimal128(18, 4), Some(Form::Text)),
            (Kind::Money, Decimal128(38, 2), Some(Form::Text)),
            (Kind::Money, Utf8, Some(Form::Text)),
            (Kind::Money, Int64, None),
            (Kind::UnitPrice, Int64, None),
            (Kind::Quantity, Int64, Some(Form::Text)),
            (Kind::Quantity, Decimal128(18, 4), Some(Form::Number)),
            (Kind::Integer, Int64, Some(Form::Number)),
            (Kind::Integer, DataType::UInt64, Some(Form::Text)),
            (Kind::Code, Int64, Some(Form::Text)),
            (Kind::Day, DataType::Date32, Some(Form::Number)),
            (Kind::Day, Int64, None),
            (Kind::Flag, DataType::Boolean, Some(Form::Number)),
            (Kind::Flag, DataType::Date32, None),
        ] {
            assert_eq!(form(kind, &data_type), expected, "{kind:?} {data_type}");
        }
        for kind in [
            Kind::Money,
            Kind::Quantity,
            Kind::Integer,
            Kind::Code,
            Kind::Flag,
            Kind::Day,
        ] {
            assert_eq!(form(kind, &Float64), None, "{kind:?}");
        }
    }

    #[test]
    fn numbers_come_in_the_units_of_the_contract() {
        let told = |array: ArrayRef, kind| number(&array, kind).unwrap().values().to_vec();
        assert_eq!(
            told(decimals(vec![1230, -5], 18, 2), Kind::Money),
            [1230, -5]
        );
        assert_eq!(told(decimals(vec![123], 10, 1), Kind::Money), [1230]);
        assert_eq!(told(decimals(vec![25], 10, 0), Kind::Quantity), [250_000]);
        let flags = Arc::new(BooleanArray::from(vec![true, false]));
        assert_eq!(told(flags, Kind::Flag), [1, 0]);
        let whole = Arc::new(Int32Array::from(vec![-7]));
        assert_eq!(told(whole, Kind::Integer), [-7]);
        let day = Arc::new(Date64Array::from(vec![86_400_000, -1]));
        assert_eq!(told(day, Kind::Day), [1, -1]);
    }

    #[test]
    fn an_instant_with_a_zone_is_turned_into_china_standard_time() {
        let bare = TimestampMicrosecondArray::from(vec![1_500_000, -1]);
        let zoned: ArrayRef = Arc::new(bare.clone().with_timezone("UTC"));
        let told = |array: &ArrayRef| number(array, Kind::Instant).unwrap().values().to_vec();
        assert_eq!(told(&(Arc::new(bare) as ArrayRef)), [1, -1]);
        assert_eq!(told(&zoned), [1 + 28_800, -1 + 28_800]);
    }

    #[test]
    fn decimals_as_texts_read_back_as_they_are() {
        let array = decimals(vec![123_400, 123_456], 18, 4);
        let texts = text(&array).unwrap();
        assert_eq!([texts.value(0), texts.value(1)], ["12.3400", "12.3456"]);
        assert_eq!(units::parse_decimal("12.3400", 2), Ok(1234));
    }
}
