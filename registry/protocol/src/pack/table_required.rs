//! The columns of a sealed table in which every row has a value (必填).
//!
//! Code that reads such a column gives up where it finds a gap. So neither is a table with one sealed, nor is
//! a pack opened that holds one: the gap is told where the rows are, not by each host that prepares the pack.

use rulepack_contract::knowledge::{KnowledgeTable, KnowledgeValue, TableDeclaration};

use super::columnar::ColumnarError;

/// Checks that every row has a value in each column that the declaration requires.
///
/// # Errors
/// [`ColumnarError::Empty`], with the first such row.
pub(super) fn check(
    table: &KnowledgeTable,
    declaration: &TableDeclaration,
) -> Result<(), ColumnarError> {
    for name in &declaration.required {
        let column = table.columns.get(name);
        let column = column.ok_or(ColumnarError::Declaration)?;
        let is_empty = |row: &u32| column.value(*row) == KnowledgeValue::Nothing;
        if let Some(row) = (0..table.rows).find(is_empty) {
            let column = name.clone();
            return Err(ColumnarError::Empty { column, row });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::columnar::tests::small_table;
    use crate::pack::testing::manifest;

    fn checked(required: &[&str]) -> Result<(), String> {
        let mut declaration = manifest().tables[0].clone();
        declaration.required = required.iter().map(|&name| name.to_owned()).collect();
        check(&small_table(), &declaration).map_err(|error| error.to_string())
    }

    #[test]
    fn a_gap_is_refused_whatever_its_column_holds() {
        assert_eq!(checked(&[]), Ok(()));
        for (column, row) in [("item", 3), ("price", 1), ("valid_from", 1)] {
            let refused = format!(
                "has no `{column}` in row {row}, counted from 0, which the manifest requires"
            );
            assert_eq!(checked(&[column]), Err(refused));
        }
        assert_eq!(
            checked(&["none"]),
            Err("does not have the columns and types that the manifest declares".to_owned())
        );
    }
}
