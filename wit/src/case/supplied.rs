//! The knowledge tables that a case supplies in place of a province, city or hospital.

use std::collections::BTreeMap;

use super::{Case, CaseError, Row};
use crate::knowledge::{KnowledgeTable, TableBuilder, TableDeclaration, TableError};

impl Case {
    /// The tables that the case supplies, read against what the manifest declares.
    ///
    /// # Errors
    /// [`CaseError::UndeclaredTable`] and [`CaseError::Supplied`].
    pub fn supplied(
        &self,
        declarations: &[TableDeclaration],
    ) -> Result<BTreeMap<String, KnowledgeTable>, CaseError> {
        let mut tables = BTreeMap::new();
        for (name, rows) in &self.supplied {
            let declaration = declarations
                .iter()
                .find(|declaration| declaration.name == *name)
                .ok_or_else(|| CaseError::UndeclaredTable {
                    case: self.name.clone(),
                    table: name.clone(),
                })?;
            let table = table(declaration, rows).map_err(|source| CaseError::Supplied {
                case: self.name.clone(),
                source,
            })?;
            tables.insert(name.clone(), table);
        }
        Ok(tables)
    }
}

fn table(declaration: &TableDeclaration, rows: &[Row]) -> Result<KnowledgeTable, TableError> {
    let headings: Vec<&str> = declaration.columns.keys().map(String::as_str).collect();
    let mut builder = TableBuilder::new(declaration, headings.iter().copied())?;
    for (line, row) in (1..).zip(rows) {
        if let Some(column) = row.keys().find(|key| !headings.contains(&key.as_str())) {
            return Err(TableError::ColumnUndeclared {
                table: declaration.name.clone(),
                column: column.clone(),
            });
        }
        let cell = |heading: &&str| row.get(*heading).map_or("", |cell| cell.0.as_str());
        builder.push(line, headings.iter().map(cell))?;
    }
    builder.finish()
}
