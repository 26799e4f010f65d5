//! How people write the values of the contract, and how they are read without ever being a float.
//!
//! | kind | written | stored |
//! |---|---|---|
//! | money | `12.34` CNY, at most 2 decimals | fen |
//! | unit price | at most 6 decimals | millionths |
//! | quantity, days of supply | at most 4 decimals | ten-thousandths |
//! | ratio | at most 4 decimals, `0.5` is a half | ten-thousandths |
//! | measurement | at most 6 decimals | millionths |
//! | day | `2026-11-22` | days from 1970-01-01 |
//! | instant | `2026-11-22 09:30:00` (or a `T` between) | seconds from 1970-01-01T00:00:00 CST |
//! | flag | `0` or `1` | 0 or 1 |
//!
//! An empty text is "not recorded" everywhere.

use time::{Date, Month, PrimitiveDateTime, Time};

use crate::schema::Kind;

/// "Not recorded" in a column of 8 bits.
pub const NOT_RECORDED_U8: u8 = u8::MAX;
/// "Not recorded" in a column of row numbers. Codes and tokens use 0.
pub const NOT_RECORDED_ROW: u32 = u32::MAX;
/// "Not recorded" in a column of 32 bits, signed.
pub const NOT_RECORDED_S32: i32 = i32::MIN;
/// "Not recorded" in a column of 64 bits, signed.
pub const NOT_RECORDED_S64: i64 = i64::MIN;

/// Why a text is not a value of its kind. The text itself is kept by the caller, who knows whether it
/// may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a number at all.
    #[error("not a number")]
    NotANumber,
    /// More decimals than the unit has.
    #[error("more than {0} decimals")]
    TooManyDecimals(u32),
    /// A number that the column cannot hold.
    #[error("out of range")]
    OutOfRange,
    /// Not a date of the calendar.
    #[error("not a date")]
    NotADate,
    /// Not a date and time.
    #[error("not a date and time")]
    NotAnInstant,
    /// Neither 0 nor 1.
    #[error("not a flag")]
    NotAFlag,
    /// A code that looks like another one.
    #[error("written with full-width or invisible characters")]
    Disguised,
    /// A code of digits that a program for spreadsheets took for a number, and rounded.
    #[error("a number in scientific notation")]
    Scientific,
}

/// Reads a decimal number into units of 10^-`places`: `parse_decimal("12.3", 2)` is 1230.
///
/// # Errors
/// [`ValueError`] where the text is no number, has more decimals than `places` (trailing zeros are
/// allowed), or does not fit; the smallest `i64` stands for "not recorded" and is refused.
pub fn parse_decimal(text: &str, places: u32) -> Result<i64, ValueError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || digits.ends_with('.') {
        return Err(ValueError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let decimals =
        u32::try_from(fraction.len()).map_err(|_| ValueError::TooManyDecimals(places))?;
    if decimals > places {
        return Err(ValueError::TooManyDecimals(places));
    }
    let mut value: i64 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i64::from(byte - b'0')))
            .ok_or(ValueError::OutOfRange)?;
    }
    value = value
        .checked_mul(10_i64.pow(places - decimals))
        .ok_or(ValueError::OutOfRange)?;
    Ok(if negative { -value } else { value })
}

/// Writes a number of units of 10^-`places` with all its decimals: `format_decimal(1230, 2)` is `12.30`.
#[must_use]
pub fn format_decimal(value: i64, places: u32) -> String {
    let scale = 10_u64.pow(places);
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    let (whole, fraction) = (magnitude / scale, magnitude % scale);
    match places {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction:0width$}", width = places as usize),
    }
}

/// As [`format_decimal`], without trailing zeros: `12.3`, `7`.
#[must_use]
pub fn format_short(value: i64, places: u32) -> String {
    let text = format_decimal(value, places);
    if places == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Reads `2026-11-22` into days from 1970-01-01.
///
/// # Errors
/// [`ValueError::NotADate`].
pub fn parse_day(text: &str) -> Result<i32, ValueError> {
    Ok(date(text)?.to_julian_day() - EPOCH_JULIAN_DAY)
}

/// Writes days from 1970-01-01 as `2026-11-22`; a day outside the calendar as its number.
#[must_use]
pub fn format_day(day: i32) -> String {
    match day.checked_add(EPOCH_JULIAN_DAY).map(Date::from_julian_day) {
        Some(Ok(date)) => format!(
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        ),
        _ => day.to_string(),
    }
}

/// Reads `2026-11-22 09:30:00`, or a bare day as its first second.
///
/// # Errors
/// [`ValueError::NotAnInstant`].
pub fn parse_instant(text: &str) -> Result<i64, ValueError> {
    let not_an_instant = |_| ValueError::NotAnInstant;
    let Some((day, clock)) = text.split_once([' ', 'T']) else {
        return Ok(i64::from(parse_day(text).map_err(not_an_instant)?) * SECONDS_OF_A_DAY);
    };
    let day = parse_day(day).map_err(not_an_instant)?;
    let mut parts = clock.splitn(3, ':').map(two_digits);
    let mut next = || parts.next().flatten().ok_or(ValueError::NotAnInstant);
    let time = Time::from_hms(next()?, next()?, next()?).map_err(|_| ValueError::NotAnInstant)?;
    let seconds = (time - Time::MIDNIGHT).whole_seconds();
    Ok(i64::from(day) * SECONDS_OF_A_DAY + seconds)
}

/// Writes seconds from 1970-01-01 as `2026-11-22 09:30:00`; an instant outside the calendar as its number.
#[must_use]
pub fn format_instant(instant: i64) -> String {
    let day = i32::try_from(instant.div_euclid(SECONDS_OF_A_DAY)).ok();
    let date = day
        .and_then(|day| day.checked_add(EPOCH_JULIAN_DAY))
        .and_then(|day| Date::from_julian_day(day).ok());
    let Some(date) = date else {
        return instant.to_string();
    };
    let seconds = instant.rem_euclid(SECONDS_OF_A_DAY);
    let moment = PrimitiveDateTime::new(date, Time::MIDNIGHT) + time::Duration::seconds(seconds);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    )
}

/// The day on which an instant lies.
#[must_use]
pub fn day_of(instant: i64) -> i32 {
    if instant == NOT_RECORDED_S64 {
        return NOT_RECORDED_S32;
    }
    i32::try_from(instant.div_euclid(SECONDS_OF_A_DAY)).unwrap_or(NOT_RECORDED_S32)
}

/// The number of decimals in which a kind is written, for kinds that are decimal numbers.
#[must_use]
pub const fn places(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Integer | Kind::Count | Kind::Small => Some(0),
        Kind::Money => Some(2),
        Kind::Quantity | Kind::Ratio => Some(4),
        Kind::UnitPrice | Kind::Measurement => Some(6),
        _ => None,
    }
}

/// What is expected of a value of this kind, as a phrase for people.
#[must_use]
pub const fn expectation(kind: Kind) -> &'static str {
    match kind {
        Kind::Code => "a code",
        Kind::Token => "an identifier",
        Kind::Row(_) => "the key of a row",
        Kind::Flag => "`0` or `1`",
        Kind::Small => "a number from 0 to 254",
        Kind::Integer | Kind::Count => "a whole number",
        Kind::Day => "a day such as `2026-11-22`",
        Kind::Instant => "a time such as `2026-11-22 09:30:00`",
        Kind::Money => "an amount in CNY with at most 2 decimals, such as `12.30`",
        Kind::UnitPrice => "a price in CNY with at most 6 decimals",
        Kind::Quantity => "a quantity with at most 4 decimals",
        Kind::Ratio => "a ratio with at most 4 decimals, such as `0.5`",
        Kind::Measurement => "a value with at most 6 decimals",
    }
}

/// Julian day of 1970-01-01.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;
const SECONDS_OF_A_DAY: i64 = 86_400;

fn date(text: &str) -> Result<Date, ValueError> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-' && text.is_ascii();
    if !shaped {
        return Err(ValueError::NotADate);
    }
    let year: i32 = digits(&text[..4]).ok_or(ValueError::NotADate)?;
    let month = two_digits(&text[5..7]).ok_or(ValueError::NotADate)?;
    let day = two_digits(&text[8..]).ok_or(ValueError::NotADate)?;
    let month = Month::try_from(month).map_err(|_| ValueError::NotADate)?;
    Date::from_calendar_date(year, month, day).map_err(|_| ValueError::NotADate)
}

fn two_digits(text: &str) -> Option<u8> {
    (text.len() == 2).then(|| digits(text))?
}

fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_exact_and_refuse_what_the_unit_has_not() {
        assert_eq!(parse_decimal("12.3", 2), Ok(1230));
        assert_eq!(parse_decimal("-0.01", 2), Ok(-1));
        assert_eq!(parse_decimal("12.300000", 2), Ok(1230));
        assert_eq!(
            parse_decimal("12.345", 2),
            Err(ValueError::TooManyDecimals(2))
        );
        for text in [
            "", "-", ".", "1.", ".5", "1e3", "+1", "1,000", "１", " 1", "--1",
        ] {
            assert_eq!(
                parse_decimal(text, 2),
                Err(ValueError::NotANumber),
                "{text}"
            );
        }
        assert_eq!(
            parse_decimal("92233720368547758.08", 2),
            Err(ValueError::OutOfRange)
        );
        assert_eq!(
            parse_decimal("-9223372036854775808", 0),
            Err(ValueError::OutOfRange)
        );
        assert_eq!(format_short(1230, 2), "12.3");
        assert_eq!(format_short(-700, 2), "-7");
        assert_eq!(format_short(70, 0), "70");
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let texts = [
            (ValueError::NotANumber, "not a number"),
            (ValueError::TooManyDecimals(4), "more than 4 decimals"),
            (ValueError::OutOfRange, "out of range"),
            (ValueError::NotADate, "not a date"),
            (ValueError::NotAnInstant, "not a date and time"),
            (ValueError::NotAFlag, "not a flag"),
        ];
        for (error, text) in texts {
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn days_and_instants_are_of_the_calendar() {
        assert_eq!(parse_day("1970-01-01"), Ok(0));
        assert_eq!(parse_day("2026-11-22"), Ok(20_779));
        assert_eq!(parse_day("2024-02-29"), Ok(19_782));
        for text in [
            "2023-02-29",
            "2026-13-01",
            "2026-1-01",
            "20261122",
            "二〇二六-1",
            "",
        ] {
            assert_eq!(parse_day(text), Err(ValueError::NotADate), "{text}");
        }
        assert_eq!(parse_instant("1970-01-02 00:00:01"), Ok(86_401));
        assert_eq!(parse_instant("1970-01-02T00:00:01"), Ok(86_401));
        assert_eq!(parse_instant("1970-01-02"), Ok(86_400));
        for text in [
            "1970-01-02 24:00:00",
            "1970-01-02 1:00:00",
            "1970-01-02 01:00",
            "x",
        ] {
            assert_eq!(parse_instant(text), Err(ValueError::NotAnInstant), "{text}");
        }
        assert_eq!(day_of(-1), -1);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in -i64::MAX..i64::MAX, places in 0_u32..7) {
            prop_assert_eq!(parse_decimal(&format_decimal(value, places), places), Ok(value));
            prop_assert_eq!(parse_decimal(&format_short(value, places), places), Ok(value));
        }

        #[test]
        fn days_read_back(day in -100_000_i32..100_000, second in 0_i64..86_400) {
            prop_assert_eq!(parse_day(&format_day(day)), Ok(day));
            let instant = i64::from(day) * 86_400 + second;
            prop_assert_eq!(parse_instant(&format_instant(instant)), Ok(instant));
        }

        #[test]
        fn no_text_panics(text in ".{0,24}") {
            let _ = parse_decimal(&text, 4);
            let _ = parse_instant(&text);
        }
    }
}
