//! Sums on the disk, in no order and a group perhaps several times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use rulepack_host::review::{LeftOut, PartSums, SumKey, SumOfLines};

use crate::error::AuditError;
use crate::rows_file::RowsFile;

/// Sums that are held until they are written.
const WAITING_MAX: usize = 16_384;
/// Rows in one message of a file: a sort takes in so many at once.
const ROWS_MAX: usize = 512;
/// Columns of a key: they are sorted by.
pub(super) const KEYS: [&str; 9] = [
    "institution",
    "first",
    "last",
    "department",
    "doctor",
    "visit-type",
    "charge-type",
    "item",
    "payment-group",
];
const NUMBERS: [&str; 5] = [
    "encounters",
    "amount",
    "covered",
    "own-pay",
    "base-quantity",
];
const UNIT: &str = "base-unit";

/// A file that is being written.
pub(crate) struct SumsFile {
    file: RowsFile,
    waiting: BTreeMap<SumKey, SumOfLines>,
    left_out: BTreeSet<LeftOut>,
}

impl SumsFile {
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self, AuditError> {
        Ok(SumsFile {
            file: RowsFile::create(path, schema())?,
            waiting: BTreeMap::new(),
            left_out: BTreeSet::new(),
        })
    }

    /// Adds the sums of some lines.
    ///
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn add(&mut self, sums: PartSums) -> Result<(), AuditError> {
        self.left_out.extend(sums.left_out);
        for (key, sum) in sums.sums {
            match self.waiting.get_mut(&key) {
                Some(known) => self.left_out.extend(joined(&key, known, &sum)),
                None => _ = self.waiting.insert(key, sum),
            }
        }
        match self.waiting.len() >= WAITING_MAX {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Adds sums that come in the order of their keys: of each key one is written.
    ///
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(super) fn add_in_order(
        &mut self,
        sums: impl Iterator<Item = (SumKey, SumOfLines)>,
    ) -> Result<(), AuditError> {
        for (key, sum) in sums {
            if let Some(known) = self.waiting.get_mut(&key) {
                self.left_out.extend(joined(&key, known, &sum));
                continue;
            }
            // What is held lies before this key: it is whole.
            if self.waiting.len() >= WAITING_MAX {
                self.flush()?;
            }
            self.waiting.insert(key, sum);
        }
        Ok(())
    }

    /// Leaves out all sums of institutions (every one where none is named), for want of something.
    pub(crate) fn leave_out(&mut self, institution: Option<String>, missing: &str) {
        self.left_out.insert(LeftOut {
            institution,
            of: None,
            missing: missing.to_owned(),
        });
    }

    /// Ends the file; answers how many sums there are and what is left out.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub(crate) fn finish(mut self) -> Result<(u64, BTreeSet<LeftOut>), AuditError> {
        self.flush()?;
        Ok((self.file.finish()?, self.left_out))
    }

    fn flush(&mut self) -> Result<(), AuditError> {
        let waiting: Vec<_> = std::mem::take(&mut self.waiting).into_iter().collect();
        for some in waiting.chunks(ROWS_MAX) {
            let batch = batch(some).map_err(AuditError::rows(self.file.path()))?;
            self.file.write(&batch)?;
        }
        Ok(())
    }
}

/// Adds a sum to another of the same key; tells what is left out where 64 bits do not hold it.
fn joined(key: &SumKey, known: &mut SumOfLines, sum: &SumOfLines) -> Option<LeftOut> {
    let missing = known.join(sum).err()?;
    Some(LeftOut {
        institution: Some(key.institution.clone()),
        of: Some((key.by(), key.first, key.last)),
        missing,
    })
}

pub(super) fn schema() -> SchemaRef {
    let key = |name: &&str| match *name {
        "first" | "last" => Field::new(*name, DataType::Int64, false),
        _ => Field::new(*name, DataType::Utf8, false),
    };
    let number = |name: &&str| Field::new(*name, DataType::Int64, true);
    let mut fields: Vec<Field> = KEYS.iter().map(key).collect();
    fields.extend(NUMBERS.iter().map(number));
    fields.push(Field::new(UNIT, DataType::Utf8, true));
    Arc::new(Schema::new(fields))
}

fn batch(sums: &[(SumKey, SumOfLines)]) -> Result<RecordBatch, ArrowError> {
    let text = |of: &dyn Fn(&SumKey) -> String| -> ArrayRef {
        let texts = sums.iter().map(|(key, _)| of(key));
        Arc::new(StringArray::from_iter_values(texts))
    };
    let number = |of: &dyn Fn(&(SumKey, SumOfLines)) -> Option<i64>| -> ArrayRef {
        Arc::new(sums.iter().map(of).collect::<Int64Array>())
    };
    let mut columns = vec![
        text(&|key| key.institution.clone()),
        number(&|(key, _)| Some(key.first.into())),
        number(&|(key, _)| Some(key.last.into())),
    ];
    for place in 0..6 {
        columns.push(text(&|key| key.group[place].clone()));
    }
    columns.push(number(&|(_, sum)| Some(sum.encounters)));
    columns.push(number(&|(_, sum)| Some(sum.amount)));
    columns.push(number(&|(_, sum)| sum.covered));
    columns.push(number(&|(_, sum)| sum.own_pay));
    columns.push(number(&|(_, sum)| sum.base_quantity));
    let units = sums.iter().map(|(_, sum)| sum.base_unit.as_deref());
    columns.push(Arc::new(units.collect::<StringArray>()));
    RecordBatch::try_new(schema(), columns)
}

/// The sums of a batch whose columns are those of [`schema`].
pub(super) fn sums(batch: &RecordBatch) -> impl Iterator<Item = (SumKey, SumOfLines)> + '_ {
    let text = |column: usize, row| {
        batch
            .column(column)
            .as_string::<i32>()
            .value(row)
            .to_owned()
    };
    let number = |column: usize, row| {
        let values = batch.column(column).as_primitive::<Int64Type>();
        values.is_valid(row).then(|| values.value(row))
    };
    let day = move |column, row| {
        let day = number(column, row).and_then(|day| i32::try_from(day).ok());
        day.unwrap_or_default()
    };
    (0..batch.num_rows()).map(move |row| {
        let key = SumKey {
            institution: text(0, row),
            first: day(1, row),
            last: day(2, row),
            group: std::array::from_fn(|place| text(3 + place, row)),
        };
        let units = batch.column(14).as_string::<i32>();
        let sum = SumOfLines {
            encounters: number(9, row).unwrap_or_default(),
            amount: number(10, row).unwrap_or_default(),
            covered: number(11, row),
            own_pay: number(12, row),
            base_quantity: number(13, row),
            base_unit: units.is_valid(row).then(|| units.value(row).to_owned()),
        };
        (key, sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_read_back_as_they_were_written_and_those_of_one_key_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sums");
        let sum = |item: &str, amount| {
            let mut group: [String; 6] = Default::default();
            group[4] = item.to_owned();
            let key = SumKey {
                institution: "H1".to_owned(),
                first: 20_000,
                last: 20_030,
                group,
            };
            let sum = SumOfLines {
                encounters: 1,
                amount,
                covered: None,
                own_pay: Some(-3),
                base_quantity: Some(10_000),
                base_unit: Some("片".to_owned()),
            };
            (key, sum)
        };
        let mut file = SumsFile::create(&path).unwrap();
        for sums in [
            vec![sum("A", 5), sum("B", i64::MAX)],
            vec![sum("A", 2), sum("B", 1)],
        ] {
            let part = PartSums {
                sums,
                left_out: BTreeSet::new(),
            };
            file.add(part).unwrap();
        }
        let (rows, left_out) = file.finish().unwrap();
        assert_eq!((rows, left_out.len()), (2, 1));
        let left_out = left_out.first().unwrap();
        assert_eq!(left_out.missing, "orders.amounts");
        let mut reader = crate::cut::parts::open(&path).unwrap().unwrap();
        let batch = reader.next().unwrap().unwrap();
        let read: Vec<_> = sums(&batch).collect();
        assert_eq!(read.len(), 2);
        let (key, of_a) = &read[0];
        assert_eq!((key, of_a.encounters, of_a.amount), (&sum("A", 0).0, 2, 7));
        assert_eq!((of_a.own_pay, of_a.covered), (Some(-6), None));
        assert_eq!(of_a.base_quantity, Some(20_000));
        let (key, _) = &read[1];
        let of = (key.by(), key.first, key.last);
        assert_eq!(
            (left_out.institution.as_deref(), &left_out.of),
            (Some("H1"), &Some(of))
        );
    }
}
