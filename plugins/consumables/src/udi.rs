//! 唯一标识 (UDI) of a device as GS1 writes it on its carrier.
//!
//! What a hospital hands over is the bare identifier (UDI-DI, a GTIN of 8, 12, 13 or 14 digits) or the whole
//! carrier: element strings, each an application identifier (AI) and its value, one after the other as a
//! scanner reads them (a value of open length ends with FNC1, the character 0x1D, or with the text), or
//! with the AI in parentheses as it is printed. The agencies MA and AHM write differently; what they issue
//! is told apart and not judged.

use rulepack_sdk::prelude::*;

use crate::calendar;

/// Ends a value of open length.
const FNC1: char = '\u{1D}';

/// What an identifier says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// Of GS1.
    Gs1(Carrier),
    /// Of another issuing agency (MA, AHM).
    OtherAgency,
}

/// The element strings of GS1 that rules look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carrier {
    /// AI 01, the UDI-DI: a GTIN of 14 digits, shorter ones filled up with zeros.
    pub device: String,
    /// AI 11, 生产日期.
    pub made: Option<Day>,
    /// AI 17, 失效日期.
    pub expires: Option<Day>,
    /// AI 10, 批号.
    pub lot: Option<String>,
    /// AI 21, 序列号.
    pub serial: Option<String>,
}

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UdiError {
    /// The last digit of the GTIN does not follow from the others.
    CheckDigit,
    /// Not the form of an identifier, or a date that is none.
    Malformed,
}

/// An application identifier, and how its value is written.
struct Element {
    ai: &'static str,
    length: Length,
}

#[derive(Clone, Copy)]
enum Length {
    Exactly(usize),
    AtMost(usize),
}

/// The application identifiers that devices bear. One that is not here ends the reading: nobody knows
/// where its value ends.
const ELEMENTS: [Element; 16] = [
    element("00", Length::Exactly(18)),
    element("01", Length::Exactly(14)),
    element("02", Length::Exactly(14)),
    element("11", Length::Exactly(6)),
    element("13", Length::Exactly(6)),
    element("15", Length::Exactly(6)),
    element("17", Length::Exactly(6)),
    element("20", Length::Exactly(2)),
    element("10", Length::AtMost(20)),
    element("21", Length::AtMost(20)),
    element("22", Length::AtMost(20)),
    element("30", Length::AtMost(8)),
    element("37", Length::AtMost(8)),
    element("240", Length::AtMost(30)),
    element("241", Length::AtMost(30)),
    element("250", Length::AtMost(30)),
];

const fn element(ai: &'static str, length: Length) -> Element {
    Element { ai, length }
}

/// Reads an identifier. Years have two digits on a carrier: the century is the one that brings them
/// nearest to `today`.
///
/// # Errors
/// [`UdiError`].
pub fn parse(text: &str, today: Day) -> Result<Identifier, UdiError> {
    if text.starts_with("MA.") || text.starts_with("AHM") {
        return Ok(Identifier::OtherAgency);
    }
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits && matches!(text.len(), 8 | 12 | 13 | 14) {
        let device = gtin(text)?;
        return Ok(Identifier::Gs1(Carrier {
            device,
            ..Carrier::default()
        }));
    }
    let elements = match text.starts_with('(') {
        true => printed(text)?,
        false => scanned(text)?,
    };
    Carrier::of(&elements, today).map(Identifier::Gs1)
}

impl Carrier {
    fn of(elements: &[(&str, &str)], today: Day) -> Result<Self, UdiError> {
        let mut carrier = Carrier::default();
        for (ai, value) in elements {
            let fresh = match *ai {
                "01" => std::mem::replace(&mut carrier.device, gtin(value)?).is_empty(),
                "11" => carrier.made.replace(date(value, today)?).is_none(),
                "17" => carrier.expires.replace(date(value, today)?).is_none(),
                "10" => carrier.lot.replace((*value).to_owned()).is_none(),
                "21" => carrier.serial.replace((*value).to_owned()).is_none(),
                _ => true,
            };
            if !fresh {
                return Err(UdiError::Malformed);
            }
        }
        match carrier.device.is_empty() {
            true => Err(UdiError::Malformed),
            false => Ok(carrier),
        }
    }
}

/// Elements as a scanner reads them: `01…17…10…␝21…`, perhaps after the identifier of the symbology.
fn scanned(text: &str) -> Result<Vec<(&str, &str)>, UdiError> {
    let symbologies = ["]C1", "]d2", "]Q3", "]e0"];
    let begin = symbologies.iter().find_map(|it| text.strip_prefix(it));
    let mut rest = begin.unwrap_or(text).trim_start_matches(FNC1);
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let known = ELEMENTS.iter().find(|it| rest.starts_with(it.ai));
        let element = known.ok_or(UdiError::Malformed)?;
        let after = rest.get(element.ai.len()..).unwrap_or_default();
        let end = match element.length {
            Length::Exactly(length) => length,
            Length::AtMost(_) => after.find(FNC1).unwrap_or(after.len()),
        };
        let value = after.get(..end).ok_or(UdiError::Malformed)?;
        elements.push(element.with(value)?);
        let after = after.get(end..).unwrap_or_default();
        rest = after.strip_prefix(FNC1).unwrap_or(after);
    }
    Ok(elements)
}

/// Elements as they are printed: `(01)…(17)…`.
fn printed(text: &str) -> Result<Vec<(&str, &str)>, UdiError> {
    let parts = text.split('(').skip(1);
    let elements = parts.map(|part| {
        let (ai, value) = part.split_once(')').ok_or(UdiError::Malformed)?;
        let known = ELEMENTS.iter().find(|element| element.ai == ai);
        known.ok_or(UdiError::Malformed)?.with(value)
    });
    elements.collect()
}

impl Element {
    fn with<'a>(&self, value: &'a str) -> Result<(&'static str, &'a str), UdiError> {
        let proper = match self.length {
            Length::Exactly(length) => {
                value.len() == length && value.bytes().all(|byte| byte.is_ascii_digit())
            }
            Length::AtMost(length) => (1..=length).contains(&value.len()),
        };
        match proper {
            true => Ok((self.ai, value)),
            false => Err(UdiError::Malformed),
        }
    }
}

/// A GTIN of 14 digits whose check digit is right: from the right, digits weigh 1 and 3 by turns, and the sum
/// is a multiple of ten.
fn gtin(digits: &str) -> Result<String, UdiError> {
    let weights = [1, 3].into_iter().cycle();
    let weighted = digits.bytes().rev().zip(weights);
    let sum: u32 = weighted
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum();
    match sum.is_multiple_of(10) {
        true => Ok(format!("{digits:0>14}")),
        false => Err(UdiError::CheckDigit),
    }
}

/// A date yyMMdd; day 00 is the last of the month.
fn date(digits: &str, today: Day) -> Result<Day, UdiError> {
    let part = |range: std::ops::Range<usize>| {
        digits.get(range).and_then(|it: &str| it.parse::<u8>().ok())
    };
    let parts = (part(0..2), part(2..4), part(4..6));
    let (Some(year), Some(month), Some(day)) = parts else {
        return Err(UdiError::Malformed);
    };
    let year = calendar::full_year(year, today);
    let last = calendar::last_of_month(year, month).ok_or(UdiError::Malformed)?;
    match day {
        0 => Ok(last),
        day => calendar::day_of(year, month, day).ok_or(UdiError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22.
    const TODAY: Day = Day(20_779);

    fn carrier(text: &str) -> Carrier {
        match parse(text, TODAY) {
            Ok(Identifier::Gs1(carrier)) => carrier,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_scanned_and_a_printed_carrier_say_the_same() {
        let scanned = carrier("0106901234567892172805001125050110LOT7\u{1D}21S1");
        let printed = carrier("(01)06901234567892(17)280500(11)250501(10)LOT7(21)S1");
        assert_eq!(scanned, printed);
        assert_eq!(scanned.device, "06901234567892");
        assert_eq!(scanned.expires.map(Day::date), Some((2028, 5, 31)));
        assert_eq!(scanned.made.map(Day::date), Some((2025, 5, 1)));
        assert_eq!(scanned.lot.as_deref(), Some("LOT7"));
        assert_eq!(scanned.serial.as_deref(), Some("S1"));
    }

    #[test]
    fn the_end_of_february_knows_leap_years() {
        let expires = |text| carrier(text).expires.map(Day::date);
        assert_eq!(expires("(01)06901234567892(17)280200"), Some((2028, 2, 29)));
        assert_eq!(expires("(01)06901234567892(17)270200"), Some((2027, 2, 28)));
    }

    #[test]
    fn a_bare_identifier_is_filled_up_to_fourteen_digits() {
        assert_eq!(carrier("6901234567892").device, "06901234567892");
        assert_eq!(carrier("06901234567892"), carrier("6901234567892"));
    }

    #[test]
    fn every_wrong_digit_is_noticed() {
        let right = "06901234567892";
        for place in 0..14 {
            for digit in '0'..='9' {
                let mut wrong: Vec<char> = right.chars().collect();
                if wrong[place] == digit {
                    continue;
                }
                wrong[place] = digit;
                let wrong: String = wrong.into_iter().collect();
                assert_eq!(parse(&wrong, TODAY), Err(UdiError::CheckDigit), "{wrong}");
            }
        }
    }

    #[test]
    fn other_agencies_are_told_apart_and_nonsense_is_refused() {
        let other = parse("MA.156.M0.100113.28B8B2E5.2XX8.C", TODAY);
        assert_eq!(other, Ok(Identifier::OtherAgency));
        assert_eq!(parse("AHM1X", TODAY), Ok(Identifier::OtherAgency));
        for text in [
            "",
            "ABC",
            "123",
            "(01)0690123456789",
            "(01)06901234567892(17)281301",
            "(99)X",
            "(01)06901234567892(20)AB",
            "(01)06901234567892(17)280230",
            "(01)06901234567892(10)",
            "(17)280101",
            "010690123456789",
            "(01)06901234567892(01)06901234567892",
            "0106901234567892ZZ",
            "(01",
            "01\u{FF08}",
        ] {
            assert_eq!(parse(text, TODAY), Err(UdiError::Malformed), "{text}");
        }
    }
}
