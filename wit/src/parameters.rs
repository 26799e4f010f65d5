//! Settings that a manifest declares with a default and bounds, and that a province, a city or a
//! hospital may set within those bounds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A `[[parameter]]` of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterDeclaration {
    /// The name by which rules ask for it.
    pub name: String,
    /// Its value where nobody sets it. Its form decides the form of every other value.
    pub default: ParameterValue,
    /// The smallest value allowed; for numbers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The largest value allowed; for numbers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Who may set it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_by: Vec<Setter>,
    /// What it means, for the people who set it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// A number, in the unit that the rule documents.
    Integer(i64),
    /// A text.
    Text(String),
    /// Codes.
    Codes(Vec<String>),
}

/// Who sets a parameter or supplies a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Setter {
    /// 省
    Province,
    /// 市
    City,
    /// 医院
    Hospital,
}

impl fmt::Display for Setter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Setter::Province => "province (省)",
            Setter::City => "city (市)",
            Setter::Hospital => "hospital (医院)",
        })
    }
}

/// Why a value cannot be that of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// Of another form than the default.
    #[error("parameter `{name}` takes {expected}")]
    Form {
        /// The parameter.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
    /// Outside the bounds.
    #[error("parameter `{name}` is `{value}`, expected a value from {min} to {max}")]
    OutOfBounds {
        /// The parameter.
        name: String,
        /// The refused value.
        value: i64,
        /// The smallest value allowed.
        min: i64,
        /// The largest value allowed.
        max: i64,
    },
}

impl ParameterDeclaration {
    /// Whether this parameter may have this value.
    ///
    /// # Errors
    /// [`ParameterError`] where the form differs from the default's, or a number is out of bounds.
    pub fn check(&self, value: &ParameterValue) -> Result<(), ParameterError> {
        let expected = self.default.form();
        if value.form() != expected {
            return Err(ParameterError::Form {
                name: self.name.clone(),
                expected,
            });
        }
        if let ParameterValue::Integer(value) = *value {
            let (min, max) = (self.min.unwrap_or(i64::MIN), self.max.unwrap_or(i64::MAX));
            if !(min..=max).contains(&value) {
                return Err(ParameterError::OutOfBounds {
                    name: self.name.clone(),
                    value,
                    min,
                    max,
                });
            }
        }
        Ok(())
    }
}

impl ParameterValue {
    fn form(&self) -> &'static str {
        match self {
            ParameterValue::Integer(_) => "a whole number",
            ParameterValue::Text(_) => "a text",
            ParameterValue::Codes(_) => "a list of codes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_bounds_or_of_another_form_are_refused() {
        let share = ParameterDeclaration {
            name: "share".into(),
            default: ParameterValue::Integer(5000),
            min: Some(3000),
            max: Some(5000),
            set_by: vec![Setter::City],
            meaning: String::new(),
        };
        assert_eq!(share.check(&ParameterValue::Integer(3000)), Ok(()));
        assert_eq!(
            share
                .check(&ParameterValue::Integer(5001))
                .unwrap_err()
                .to_string(),
            "parameter `share` is `5001`, expected a value from 3000 to 5000"
        );
        assert_eq!(
            share
                .check(&ParameterValue::Text("half".into()))
                .unwrap_err()
                .to_string(),
            "parameter `share` takes a whole number"
        );
    }
}
