//! Knowledge tables (知识库) as `prepare` reads them, column by column.

use crate::column::Code;
use crate::host::Preparation;
use crate::map::Map;
use crate::units::{Day, Money, Quantity, Ratio, UnitPrice};

/// A knowledge table: sealed in the pack, or supplied by a province, city or hospital. The plain
/// readers refuse an empty cell, so that a gap in a table refuses activation rather than a verdict; the
/// `optional_` ones give `None` for it.
#[derive(Clone, Copy)]
pub struct KnowledgeTable<'a> {
    host: &'a Preparation,
    name: &'a str,
}

/// The days on which a row of knowledge is in force, both ends included; an open end where not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    first: i32,
    last: i32,
}

impl Validity {
    /// From one day to another, both included.
    #[must_use]
    pub fn new(from: Option<Day>, to: Option<Day>) -> Self {
        Validity {
            first: from.map_or(i32::MIN, |day| day.0),
            last: to.map_or(i32::MAX, |day| day.0),
        }
    }

    /// Whether the row is in force on this day.
    #[must_use]
    pub fn includes(self, day: Day) -> bool {
        (self.first..=self.last).contains(&day.0)
    }
}

/// Values of a table, looked up by a key and a day.
#[derive(Debug, Clone)]
pub struct Dated<K, V> {
    by_key: Map<K, Vec<(Validity, InForce<V>)>>,
}

/// A value in force on the day that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce<V> {
    /// The value.
    pub value: V,
    /// Its row in the table, from 0: the evidence of a finding that rests on it.
    pub row: usize,
}

impl<K: Eq + std::hash::Hash, V: Copy> Dated<K, V> {
    /// From the rows of a table, in their order, each with the days on which it is in force.
    pub fn new(rows: impl IntoIterator<Item = ((K, V), Validity)>) -> Self {
        let mut by_key: Map<K, Vec<(Validity, InForce<V>)>> = Map::default();
        for (row, ((key, value), validity)) in rows.into_iter().enumerate() {
            let value = InForce { value, row };
            by_key.entry(key).or_default().push((validity, value));
        }
        Dated { by_key }
    }

    /// The value of a key on a day, the first of the table where several are in force.
    #[must_use]
    pub fn on(&self, key: &K, day: Day) -> Option<InForce<V>> {
        let values = self.by_key.get(key)?.iter();
        let mut in_force = values.filter(|(validity, _)| validity.includes(day));
        in_force.next().map(|(_, value)| *value)
    }
}

impl<'a> KnowledgeTable<'a> {
    pub(crate) fn new(host: &'a Preparation, name: &'a str) -> Result<Self, String> {
        host.declared(name)?;
        Ok(KnowledgeTable { host, name })
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.host.rows(self.name) as usize
    }

    /// `false` where somebody else is to supply the table and nobody did; it has no rows then.
    #[must_use]
    pub fn supplied(&self) -> bool {
        self.host.supplied(self.name)
    }

    /// A column of codes, each given.
    ///
    /// # Errors
    /// Where a cell is empty, or the manifest does not declare the column as codes.
    pub fn codes(&self, column: &str) -> Result<Vec<Code>, String> {
        self.given(column, self.optional_codes(column)?)
    }

    /// A column of codes.
    ///
    /// # Errors
    /// Where the manifest does not declare the column as codes.
    pub fn optional_codes(&self, column: &str) -> Result<Vec<Option<Code>>, String> {
        let codes = self.host.table_codes(self.name, column)?;
        Ok(codes.into_iter().map(Code::from_number).collect())
    }

    /// A column of days, each given.
    ///
    /// # Errors
    /// Where a cell is empty, or the manifest does not declare the column as days.
    pub fn days(&self, column: &str) -> Result<Vec<Day>, String> {
        self.given(column, self.optional_days(column)?)
    }

    /// A column of days.
    ///
    /// # Errors
    /// Where the manifest does not declare the column as days.
    pub fn optional_days(&self, column: &str) -> Result<Vec<Option<Day>>, String> {
        let days = self.host.table_days(self.name, column)?;
        Ok(days
            .into_iter()
            .map(|day| (day != i32::MIN).then_some(Day(day)))
            .collect())
    }

    /// When each row is in force, by the columns `valid_from` and `valid_to`.
    ///
    /// # Errors
    /// Where the manifest does not declare both as days.
    pub fn validity(&self) -> Result<Vec<Validity>, String> {
        let starts = self.optional_days("valid_from")?;
        let ends = self.optional_days("valid_to")?;
        let rows = starts.into_iter().zip(ends);
        Ok(rows.map(|(from, to)| Validity::new(from, to)).collect())
    }

    /// The places of the rows in force on a day, by `valid_from` and `valid_to`.
    ///
    /// # Errors
    /// Where the manifest does not declare both as days.
    pub fn valid_on(&self, day: Day) -> Result<Vec<usize>, String> {
        let rows = self.validity()?.into_iter().enumerate();
        Ok(rows
            .filter(|(_, validity)| validity.includes(day))
            .map(|(row, _)| row)
            .collect())
    }

    /// A column of texts; empty where not given.
    ///
    /// # Errors
    /// Where the manifest does not declare the column as text.
    pub fn texts(&self, column: &str) -> Result<Vec<String>, String> {
        self.host.table_texts(self.name, column)
    }

    fn given<V>(&self, column: &str, values: Vec<Option<V>>) -> Result<Vec<V>, String> {
        let mut given = Vec::with_capacity(values.len());
        for (row, value) in (1..).zip(values) {
            given.push(value.ok_or_else(|| {
                format!(
                    "table `{}` row {row}: column `{column}` is empty",
                    self.name
                )
            })?);
        }
        Ok(given)
    }
}

/// Adds a plain and an optional reader for each kind of number.
macro_rules! numbers {
    ($($kind:literal: $plain:ident, $optional:ident -> $value:ty, $make:expr;)*) => {
        impl KnowledgeTable<'_> { $(
            #[doc = concat!("A column of ", $kind, ", each given.")]
            ///
            /// # Errors
            /// Where a cell is empty, or the manifest declares the column with another type.
            pub fn $plain(&self, column: &str) -> Result<Vec<$value>, String> {
                self.given(column, self.$optional(column)?)
            }

            #[doc = concat!("A column of ", $kind, ".")]
            ///
            /// # Errors
            /// Where the manifest declares the column with another type.
            pub fn $optional(&self, column: &str) -> Result<Vec<Option<$value>>, String> {
                let numbers = self.host.table_integers(self.name, column)?;
                Ok(numbers
                    .into_iter()
                    .map(|number| (number != i64::MIN).then(|| $make(number)))
                    .collect())
            }
        )* }
    };
}

numbers! {
    "whole numbers": integers, optional_integers -> i64, std::convert::identity;
    "money": money, optional_money -> Money, Money;
    "unit prices": unit_prices, optional_unit_prices -> UnitPrice, UnitPrice;
    "quantities": quantities, optional_quantities -> Quantity, Quantity;
    "ratios": ratios, optional_ratios -> Ratio, Ratio;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validity_includes_both_ends_and_open_ones() {
        let validity = Validity::new(Some(Day(10)), Some(Day(12)));
        let included: Vec<i32> = (8..15).filter(|day| validity.includes(Day(*day))).collect();
        assert_eq!(included, [10, 11, 12]);
        assert!(Validity::new(None, None).includes(Day(0)));
        assert!(!Validity::new(Some(Day(1)), None).includes(Day(0)));
    }

    #[test]
    fn a_value_is_that_of_its_key_and_day() {
        let until = Validity::new(None, Some(Day(9)));
        let from = Validity::new(Some(Day(10)), None);
        let table = Dated::new([(("a", 1), until), (("b", 2), until), (("a", 3), from)]);
        assert_eq!(table.on(&"a", Day(9)), Some(InForce { value: 1, row: 0 }));
        assert_eq!(table.on(&"a", Day(10)), Some(InForce { value: 3, row: 2 }));
        assert_eq!(table.on(&"b", Day(10)), None);
        assert_eq!(table.on(&"c", Day(9)), None);
    }
}
