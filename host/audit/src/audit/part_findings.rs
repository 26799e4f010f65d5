//! The findings of one part until all are written: as columns, so that they are put into words only once.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;

use crate::cut::parts;
use crate::error::AuditError;
use crate::finding::AuditFinding;
use crate::findings_file::{batch, schema};
use crate::rows_file::RowsFile;

/// A file that is being written; [`read`] reads it.
pub(crate) struct PartFindings(RowsFile);

impl PartFindings {
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self, AuditError> {
        RowsFile::create(path, schema()).map(PartFindings)
    }

    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn write(&mut self, findings: &[AuditFinding]) -> Result<(), AuditError> {
        if findings.is_empty() {
            return Ok(());
        }
        let batch = batch(findings).map_err(AuditError::rows(self.0.path()))?;
        self.0.write(&batch)
    }

    /// Ends the file; answers how many there are.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub(crate) fn finish(self) -> Result<u64, AuditError> {
        self.0.finish()
    }
}

/// The rows of such a file; none where it is gone, or holds something else.
///
/// # Errors
/// [`AuditError`] where it cannot be read.
pub(super) fn read(
    path: &Path,
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>>, AuditError> {
    let opened = parts::open(path)?.filter(|file| *file.schema() == *schema());
    Ok(opened.into_iter().flatten())
}
