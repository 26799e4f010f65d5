//! Interface `knowledge`: only in `prepare`.

use rulepack_contract::knowledge::{ColumnType, KnowledgeColumn, KnowledgeTable};
use wasmtime::component::LinkerInstance;

use super::fuel;
use crate::fault::Misuse;
use crate::numbering::Dictionary;
use crate::state::{Context, Inputs, State};

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("rows", |mut context: Context<'_>, (table,): (String,)| {
        begin(&mut context, "knowledge.rows", &[&table])?;
        let table = context.data().inputs.table(&table)?;
        Ok((table.map_or(0, |table| table.rows),))
    })?;
    instance.func_wrap(
        "supplied",
        |mut context: Context<'_>, (table,): (String,)| {
            begin(&mut context, "knowledge.supplied", &[&table])?;
            let table = context.data().inputs.table(&table)?;
            Ok((u8::from(table.is_some()),))
        },
    )?;
    instance.func_wrap(
        "codes",
        |mut context: Context<'_>, (table, column): Names| {
            begin(&mut context, "knowledge.codes", &[&table, &column])?;
            let inputs = context.data().inputs.clone();
            let values = inputs.texts(&table, &column, ColumnType::Code)?;
            fuel::charge(&mut context, values.map_or(0, |(_, rows)| rows.len() * 4))?;
            let dictionary = context.data_mut().dictionary("knowledge.codes")?;
            Ok((match values {
                Some((texts, rows)) => codes(dictionary, texts, rows)?,
                None => Vec::new(),
            },))
        },
    )?;
    instance.func_wrap(
        "integers",
        |mut context: Context<'_>, (table, column): Names| {
            begin(&mut context, "knowledge.integers", &[&table, &column])?;
            let values = context.data().inputs.integers(&table, &column)?;
            fuel::charge(&mut context, values.len() * 8)?;
            Ok((values,))
        },
    )?;
    instance.func_wrap(
        "days",
        |mut context: Context<'_>, (table, column): Names| {
            begin(&mut context, "knowledge.days", &[&table, &column])?;
            let values = context.data().inputs.days(&table, &column)?;
            fuel::charge(&mut context, values.len() * 4)?;
            Ok((values,))
        },
    )?;
    instance.func_wrap(
        "texts",
        |mut context: Context<'_>, (table, column): Names| {
            begin(&mut context, "knowledge.texts", &[&table, &column])?;
            let inputs = context.data().inputs.clone();
            let Some((texts, rows)) = inputs.texts(&table, &column, ColumnType::Text)? else {
                return Ok((Vec::new(),));
            };
            let text = |row: &u32| texts.get(*row as usize).map_or("", String::as_str);
            fuel::charge(&mut context, fuel::bytes_of(rows.iter().map(text)))?;
            Ok((rows.iter().map(|row| text(row).to_owned()).collect(),))
        },
    )
}

/// Distinct texts, and which of them each row holds.
type TextRows<'a> = (&'a [String], &'a [u32]);

/// Table and column.
type Names = (String, String);

/// Takes the fuel of the call itself, and refuses it outside `prepare`.
fn begin(
    context: &mut Context<'_>,
    function: &'static str,
    names: &[&str],
) -> wasmtime::Result<()> {
    fuel::charge(context, fuel::bytes_of(names.iter().copied()))?;
    context.data_mut().dictionary(function)?;
    Ok(())
}

/// The codes of rows. Each text is numbered where a row first holds it.
fn codes(dictionary: &mut Dictionary, texts: &[String], rows: &[u32]) -> Result<Vec<u32>, Misuse> {
    let mut given = vec![None; texts.len()];
    let code = |row: &u32| {
        let (Some(given), Some(text)) = (given.get_mut(*row as usize), texts.get(*row as usize))
        else {
            return Ok(0);
        };
        match given {
            Some(code) => Ok(*code),
            None => Ok(*given.insert(dictionary.give(text)?)),
        }
    };
    rows.iter().map(code).collect()
}

impl Inputs {
    /// The rows of a declared table; none where nobody supplied it.
    fn table(&self, table: &str) -> Result<Option<&KnowledgeTable>, Misuse> {
        match self
            .declarations
            .iter()
            .any(|declared| declared.name == table)
        {
            true => Ok(self.tables.get(table)),
            false => Err(Misuse::UnknownTable(table.to_owned())),
        }
    }

    /// A declared column of one of some types; none where nobody supplied its table.
    fn column(
        &self,
        table: &str,
        column: &str,
        of: impl Fn(ColumnType) -> bool,
    ) -> Result<Option<&KnowledgeColumn>, Misuse> {
        let rows = self.table(table)?;
        let declared = self
            .declarations
            .iter()
            .find(|declared| declared.name == table);
        let declared = declared.and_then(|declared| declared.columns.get(column));
        match declared {
            Some(declared) if of(*declared) => Ok(rows.and_then(|rows| rows.columns.get(column))),
            _ => Err(Misuse::UnknownColumn(table.to_owned(), column.to_owned())),
        }
    }

    fn texts(
        &self,
        table: &str,
        column: &str,
        column_type: ColumnType,
    ) -> Result<Option<TextRows<'_>>, Misuse> {
        let column = self.column(table, column, |declared| declared == column_type)?;
        Ok(match column {
            Some(KnowledgeColumn::Texts { dictionary, rows }) => Some((dictionary, rows)),
            _ => None,
        })
    }

    fn integers(&self, table: &str, column: &str) -> Result<Vec<i64>, Misuse> {
        let integers = |declared: ColumnType| {
            !matches!(
                declared,
                ColumnType::Code | ColumnType::Text | ColumnType::Day
            )
        };
        Ok(match self.column(table, column, integers)? {
            Some(KnowledgeColumn::Integers(values)) => values.clone(),
            _ => Vec::new(),
        })
    }

    fn days(&self, table: &str, column: &str) -> Result<Vec<i32>, Misuse> {
        let days = |declared| declared == ColumnType::Day;
        Ok(match self.column(table, column, days)? {
            Some(KnowledgeColumn::Days(days)) => days.clone(),
            _ => Vec::new(),
        })
    }
}
