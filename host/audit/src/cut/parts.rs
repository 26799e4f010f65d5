//! The rows of one table, spread over the parts: files, or lists of places where memory holds the rows.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::CompressionType;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::{IpcWriteOptions, StreamWriter};

use rulepack_host::files;

use super::root;
use crate::error::AuditError;

/// Rows of one table on their way into parts.
pub(crate) struct PartsWriter {
    folder: PathBuf,
    schema: SchemaRef,
    writers: Vec<Option<RowsFile>>,
    waiting: Vec<RecordBatch>,
    /// Rows written, by part.
    rows: Vec<u64>,
}

/// A file of rows that is being written.
pub(crate) type RowsFile = StreamWriter<BufWriter<File>>;

/// Rows in one message of a part file: what a sort takes in at once, and must hold twice.
const ROWS_MAX: usize = 512;

impl PartsWriter {
    /// No row yet, and no file.
    pub(crate) fn new(folder: &Path, schema: SchemaRef, parts: u32) -> Self {
        PartsWriter {
            folder: folder.to_owned(),
            schema,
            writers: (0..parts).map(|_| None).collect(),
            waiting: Vec::new(),
            rows: vec![0; parts as usize],
        }
    }

    /// Takes rows, the first column of which is their root, and holds them back.
    pub(crate) fn add(&mut self, batch: RecordBatch) {
        self.waiting.push(batch);
    }

    /// Writes what was held back: the more at once, the more each part gets.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), AuditError> {
        fs::create_dir_all(&self.folder).map_err(AuditError::io(&self.folder))?;
        let rows = by_part(&self.waiting, self.writers.len());
        let batches: Vec<&RecordBatch> = self.waiting.iter().collect();
        for (part, rows) in rows.iter().enumerate() {
            self.rows[part] += rows.len() as u64;
            for some in rows.chunks(ROWS_MAX) {
                let of_part = interleave_record_batch(&batches, some);
                let of_part = of_part.map_err(AuditError::rows(&self.folder))?;
                let writer = match &mut self.writers[part] {
                    Some(writer) => writer,
                    empty => empty.insert(create(&path(&self.folder, part), &self.schema)?),
                };
                writer
                    .write(&of_part)
                    .map_err(AuditError::rows(&self.folder))?;
            }
        }
        self.waiting.clear();
        Ok(())
    }

    /// Writes what was held back, ends the files, and waits until they lie on the disk. Answers how many rows each
    /// part has.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn finish(mut self) -> Result<Vec<u64>, AuditError> {
        self.flush()?;
        for (part, writer) in self.writers.into_iter().enumerate() {
            if let Some(writer) = writer {
                end(writer, &path(&self.folder, part))?;
            }
        }
        files::sync_folder(&self.folder).map_err(AuditError::io(&self.folder))?;
        Ok(self.rows)
    }
}

/// Ends a file of rows, and waits until it lies on the disk.
///
/// # Errors
/// [`AuditError`] where it cannot be written.
pub(crate) fn end(mut writer: RowsFile, path: &Path) -> Result<(), AuditError> {
    writer.finish().map_err(AuditError::rows(path))?;
    let file = writer.get_ref().get_ref();
    file.sync_all().map_err(AuditError::io(path))
}

/// By part, in which batch its rows are, and where. The first column of rows is their root.
pub(super) fn by_part(batches: &[RecordBatch], parts: usize) -> Vec<Vec<(usize, usize)>> {
    let mut rows: Vec<Vec<(usize, usize)>> = vec![Vec::new(); parts];
    let parts = u32::try_from(parts).unwrap_or(u32::MAX);
    for (batch, of_batch) in batches.iter().enumerate() {
        let roots = of_batch.column(0).as_fixed_size_binary();
        for row in 0..of_batch.num_rows() {
            let part = root::at(roots, row).part(parts);
            rows[part as usize].push((batch, row));
        }
    }
    rows
}

/// The file of a part.
pub(crate) fn path(folder: &Path, part: usize) -> PathBuf {
    folder.join(format!("{part:04}.arrow"))
}

/// The rows of a file; `None` where a part has none.
///
/// # Errors
/// [`AuditError`] where the file cannot be read.
pub(crate) fn open(path: &Path) -> Result<Option<StreamReader<BufReader<File>>>, AuditError> {
    match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AuditError::io(path)(error)),
        Ok(file) => {
            let reader = StreamReader::try_new_buffered(file, None);
            Ok(Some(reader.map_err(AuditError::rows(path))?))
        }
    }
}

/// A new file of rows.
///
/// # Errors
/// [`AuditError`] where it cannot be written.
pub(crate) fn create(path: &Path, schema: &SchemaRef) -> Result<RowsFile, AuditError> {
    let file = files::create_private(path).map_err(AuditError::io(path))?;
    let options = IpcWriteOptions::default();
    let compressed = options.try_with_compression(Some(CompressionType::LZ4_FRAME));
    let options = compressed.map_err(AuditError::rows(path))?;
    let buffered = BufWriter::with_capacity(1 << 16, file);
    StreamWriter::try_new_with_options(buffered, schema, options).map_err(AuditError::rows(path))
}
