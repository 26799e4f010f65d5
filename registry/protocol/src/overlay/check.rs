//! What an overlay must keep to beyond its shape, whatever pack it is for.

use std::fmt::Display;

use rulepack_contract::parameters::ParameterValue;

use super::{Overlay, OverlayError, OverlaySetter, SetParameter};
use crate::moment::{Day, Effective};
use crate::pack::Bounds;

/// The longest name or basis, in bytes.
const TEXT_BYTES_MAX: usize = 4096;
/// Codes of one value.
const CODES_MAX: usize = 10_000;

type Checked = Result<(), OverlayError>;

impl Overlay {
    pub(super) fn check(&self) -> Checked {
        self.check_header()?;
        let bounds = Bounds::NATIVE;
        count("`parameter`", self.parameters.len(), bounds.parameters)?;
        count("`table`", self.tables.len(), bounds.tables)?;
        if self.parameters.is_empty() && self.tables.is_empty() {
            let expected = "at least one `[[parameter]]` or `[[table]]`";
            return refuse("`parameter`", "empty", expected);
        }
        for (place, parameter) in self.parameters.iter().enumerate() {
            let before = self.parameters.get(..place).unwrap_or_default();
            self.check_parameter(parameter, before)?;
        }
        for (place, table) in self.tables.iter().enumerate() {
            line("`table.name`", &table.name)?;
            let before = self.tables.get(..place).unwrap_or_default();
            if before.iter().any(|other| other.name == table.name) {
                return refuse("`table.name`", &table.name, "each table once");
            }
            if table.file.is_some() != table.rows.is_empty() {
                let field = format!("`table[{}]`", table.name);
                return refuse(
                    field,
                    "without rows",
                    "either `rows` or a `file`, and not both",
                );
            }
        }
        Ok(())
    }

    /// As published, nothing lies beside it.
    pub(super) fn check_whole(&self) -> Checked {
        let file = self
            .tables
            .iter()
            .find_map(|table| Some((&table.name, table.file.as_ref()?)));
        match file {
            None => Ok(()),
            Some((name, file)) => refuse(
                format!("`table[{name}].file`"),
                file,
                "`rows`: `rulepack overlay build` puts them in its place",
            ),
        }
    }

    fn check_header(&self) -> Checked {
        let header = &self.header;
        if header.pack.is_overlay() {
            return refuse("`overlay.pack`", &header.pack, "the name of a pack");
        }
        line("`overlay.basis`", &header.basis)?;
        if let Some(retroactive) = &header.retroactive {
            line("`overlay.retroactive.basis`", &retroactive.basis)?;
        }
        if !header.version.build.is_empty() {
            let expected = "a version without build metadata (`+…`)";
            return refuse("`overlay.version`", &header.version, expected);
        }
        period("`overlay.effective`", &header.effective)?;
        for place in &header.jurisdictions {
            let expected = match &header.setter {
                OverlaySetter::Hospital => "nothing: a hospital sets for itself alone".to_owned(),
                OverlaySetter::Bureau(setter) if !setter.may_declare(place) => {
                    format!("a place under `{setter}`")
                }
                OverlaySetter::Bureau(_) => continue,
            };
            return refuse("`overlay.jurisdictions`", place, expected);
        }
        Ok(())
    }

    fn check_parameter(&self, parameter: &SetParameter, before: &[SetParameter]) -> Checked {
        line("`parameter.name`", &parameter.name)?;
        let field = |part: &str| format!("`parameter[{}].{part}`", parameter.name);
        match &parameter.value {
            ParameterValue::Text(text) if text.len() > TEXT_BYTES_MAX => {
                return refuse(field("value"), "a longer text", "at most 4096 bytes");
            }
            ParameterValue::Codes(codes) => count(&field("value"), codes.len(), CODES_MAX)?,
            _ => {}
        }
        let own = &self.header.effective;
        let days = parameter.effective.as_ref().unwrap_or(own);
        period(&field("effective"), days)?;
        let ends_within = own.to.is_none_or(|end| days.to.is_some_and(|to| to <= end));
        if days.from < own.from || !ends_within {
            let expected = format!("days within those of the overlay, {}", told(own));
            return refuse(field("effective"), told(days), expected);
        }
        let same = before.iter().filter(|other| other.name == parameter.name);
        for other in same {
            let theirs = other.effective.as_ref().unwrap_or(own);
            if overlap(days, theirs) {
                let expected = format!("days beside {}, which are set already", told(theirs));
                return refuse(field("effective"), told(days), expected);
            }
        }
        Ok(())
    }
}

fn period(field: &str, days: &Effective) -> Checked {
    match days.to {
        Some(to) if to < days.from => {
            refuse(field, told(days), "a last day that is not before the first")
        }
        _ => Ok(()),
    }
}

fn overlap(one: &Effective, other: &Effective) -> bool {
    let ends_before = |end: Option<Day>, begin: Day| end.is_some_and(|end| end < begin);
    !ends_before(one.to, other.from) && !ends_before(other.to, one.from)
}

fn told(days: &Effective) -> String {
    match days.to {
        Some(to) => format!("{} to {to}", days.from),
        None => format!("from {}", days.from),
    }
}

fn line(field: &str, text: &str) -> Checked {
    if text.trim().is_empty() || text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control) {
        let start = text.chars().filter(|char| !char.is_control()).take(20);
        let shown: String = start.collect();
        return refuse(field, shown, "one line of text, at most 4096 bytes");
    }
    Ok(())
}

fn count(field: &str, count: usize, count_max: usize) -> Checked {
    if count > count_max {
        let found = format!("{count} entries");
        return refuse(field, found, format!("at most {count_max}"));
    }
    Ok(())
}

fn refuse(field: impl Into<String>, value: impl Display, expected: impl Display) -> Checked {
    Err(OverlayError::Field {
        field: field.into(),
        value: value.to_string(),
        expected: expected.to_string(),
    })
}
