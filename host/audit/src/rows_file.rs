//! A file of rows of a run, which is there from its first row on: most parts have nobody without a verdict, and
//! nothing that is left out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::cut::parts::{self, PartWriter};
use crate::error::AuditError;

/// A file that is being written; [`parts::open`] reads it.
pub(crate) struct RowsFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: Option<PartWriter>,
    rows: u64,
}

impl RowsFile {
    /// No row yet, and no file: one that a stopped run left is gone.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be removed.
    pub(crate) fn create(path: &Path, schema: SchemaRef) -> Result<Self, AuditError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(AuditError::io(path)(error));
            }
            _ => {}
        }
        Ok(RowsFile {
            path: path.to_owned(),
            schema,
            writer: None,
            rows: 0,
        })
    }

    /// Writes rows.
    ///
    /// # Errors
    /// [`AuditError`] where the file cannot be written, or the rows are not of its schema.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), AuditError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            empty => empty.insert(parts::create(&self.path, &self.schema)?),
        };
        self.rows += batch.num_rows() as u64;
        writer.write(batch).map_err(AuditError::rows(&self.path))
    }

    /// Ends the file. Answers how many rows it has; where there are none, there is no file.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub(crate) fn finish(mut self) -> Result<u64, AuditError> {
        if let Some(writer) = &mut self.writer {
            writer.finish().map_err(AuditError::rows(&self.path))?;
        }
        Ok(self.rows)
    }

    /// Where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
