//! The findings of one part until all are written: as columns, so that they are put into words only once.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;

use crate::cut::parts;
use crate::error::AuditError;
use crate::finding::AuditFinding;
use crate::findings_file::{batch, schema};

/// A file that is being written; [`read`] reads it.
pub(crate) struct PartFindings {
    writer: StreamWriter<BufWriter<File>>,
    path: PathBuf,
}

impl PartFindings {
    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn create(path: &Path) -> Result<Self, AuditError> {
        Ok(PartFindings {
            writer: parts::create(path, &schema())?,
            path: path.to_owned(),
        })
    }

    /// # Errors
    /// [`AuditError`] where the file cannot be written.
    pub(crate) fn write(&mut self, findings: &[AuditFinding]) -> Result<(), AuditError> {
        if findings.is_empty() {
            return Ok(());
        }
        let written = batch(findings).and_then(|batch| self.writer.write(&batch));
        written.map_err(AuditError::rows(&self.path))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`AuditError`] where it cannot be written.
    pub(crate) fn finish(mut self) -> Result<(), AuditError> {
        self.writer.finish().map_err(AuditError::rows(&self.path))
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
