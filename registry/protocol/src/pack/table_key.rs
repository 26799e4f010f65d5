//! The key of a sealed table (主键): the columns that tell its rows apart.
//!
//! A table is looked up by its key. Two rows of one key would let the order of rows decide a verdict, so
//! neither is such a table sealed, nor is a pack opened that holds one.

use std::cmp::Ordering;

use rulepack_contract::knowledge::{KnowledgeColumn, KnowledgeTable, TableDeclaration};

use super::columnar::ColumnarError;

/// Checks that no two rows have the same values in all columns of the declared key. A table without a key
/// may repeat its rows.
///
/// # Errors
/// [`ColumnarError::DuplicateKey`], with two such rows.
pub(super) fn check(
    table: &KnowledgeTable,
    declaration: &TableDeclaration,
) -> Result<(), ColumnarError> {
    let key = declaration.key.iter();
    let key: Option<Vec<&KnowledgeColumn>> = key.map(|name| table.columns.get(name)).collect();
    let key = key.ok_or(ColumnarError::Declaration)?;
    if key.is_empty() {
        return Ok(());
    }
    let compare = |one: u32, other: u32| {
        let columns = key.iter().map(|column| compare(column, one, other));
        columns.fold(Ordering::Equal, Ordering::then)
    };
    // Numbers of rows are sorted, not keys copied: a table has up to a million rows.
    let mut rows: Vec<u32> = (0..table.rows).collect();
    rows.sort_unstable_by(|one, other| compare(*one, *other).then(one.cmp(other)));
    let same = rows.windows(2).find_map(|pair| match pair {
        [one, other] if compare(*one, *other) == Ordering::Equal => Some((*one, *other)),
        _ => None,
    });
    match same {
        Some((first, second)) => Err(ColumnarError::DuplicateKey { first, second }),
        None => Ok(()),
    }
}

/// Compares what a column holds in two rows. A dictionary holds each text once, so equal texts have
/// equal numbers.
fn compare(column: &KnowledgeColumn, one: u32, other: u32) -> Ordering {
    let (one, other) = (one as usize, other as usize);
    match column {
        KnowledgeColumn::Texts { rows, .. } => rows.get(one).cmp(&rows.get(other)),
        KnowledgeColumn::Integers(values) => values.get(one).cmp(&values.get(other)),
        KnowledgeColumn::Days(values) => values.get(one).cmp(&values.get(other)),
    }
}

#[cfg(test)]
mod tests {
    use rulepack_contract::knowledge::{ColumnType, Supplier};

    use super::*;

    fn limits(key: &[&str]) -> (KnowledgeTable, TableDeclaration) {
        let declaration = TableDeclaration {
            name: "limits".into(),
            file: Some("tables/limits.csv".into()),
            columns: [
                ("item".to_owned(), ColumnType::Code),
                ("price".to_owned(), ColumnType::Money),
                ("valid_from".to_owned(), ColumnType::Day),
            ]
            .into(),
            key: key.iter().map(|&column| column.to_owned()).collect(),
            required: Vec::new(),
            supplied_by: Supplier::Pack,
            title: None,
            headings: std::collections::BTreeMap::new(),
            words: std::collections::BTreeMap::new(),
        };
        let rows = "item,price,valid_from\nA,1,2026-01-01\nB,1,2026-01-01\nA,2,2026-02-01\n\
                    A,2,2026-01-01\n";
        // As its author writes it, without a key: the reader of CSV refuses too.
        let free = TableDeclaration {
            key: vec![],
            ..declaration.clone()
        };
        let table = KnowledgeTable::from_csv(&free, rows.as_bytes()).unwrap();
        (table, declaration)
    }

    fn checked(key: &[&str]) -> Result<(), String> {
        let (table, declaration) = limits(key);
        check(&table, &declaration).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_of_one_key_are_refused_whatever_the_kind_of_its_columns() {
        assert_eq!(checked(&[]), Ok(()));
        assert_eq!(checked(&["item", "price", "valid_from"]), Ok(()));
        let same = |first, second| {
            Err(format!(
                "has the same key in rows {first} and {second}, counted from 0"
            ))
        };
        assert_eq!(checked(&["item"]), same(0, 2));
        assert_eq!(checked(&["price"]), same(0, 1));
        assert_eq!(checked(&["valid_from"]), same(0, 1));
        assert_eq!(checked(&["item", "valid_from"]), same(0, 3));
    }

    #[test]
    fn a_key_of_no_column_is_refused() {
        let (mut table, declaration) = limits(&["item"]);
        table.columns.clear();
        assert_eq!(check(&table, &declaration), Err(ColumnarError::Declaration));
    }
}
