//! The rows of one table, spread over the files of the parts.

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

/// Part files of one table that are being written.
pub(crate) struct PartsWriter {
    folder: PathBuf,
    schema: SchemaRef,
    parts: u32,
    writers: Vec<Option<StreamWriter<BufWriter<File>>>>,
    waiting: Vec<RecordBatch>,
    waiting_bytes: usize,
    bytes_max: usize,
}

/// Rows in one message of a part file: what a sort takes in at once, and must hold twice.
const ROWS_MAX: usize = 512;

impl PartsWriter {
    /// Holds back rows up to `bytes_max`, so that each part gets many at once.
    ///
    /// # Errors
    /// [`AuditError::Io`].
    pub(crate) fn create(
        folder: &Path,
        schema: SchemaRef,
        (parts, bytes_max): (u32, usize),
    ) -> Result<Self, AuditError> {
        fs::create_dir_all(folder).map_err(AuditError::io(folder))?;
        Ok(PartsWriter {
            folder: folder.to_owned(),
            schema,
            parts,
            writers: (0..parts).map(|_| None).collect(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            bytes_max,
        })
    }

    /// Takes rows, the first column of which is their root.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn add(&mut self, batch: RecordBatch) -> Result<(), AuditError> {
        self.waiting_bytes += batch.get_array_memory_size();
        self.waiting.push(batch);
        match self.waiting_bytes > self.bytes_max {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Writes what was held back.
    ///
    /// # Errors
    /// [`AuditError`] where a file cannot be written.
    pub(crate) fn finish(mut self) -> Result<(), AuditError> {
        self.flush()?;
        for writer in self.writers.iter_mut().flatten() {
            writer.finish().map_err(AuditError::rows(&self.folder))?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), AuditError> {
        let mut rows: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.parts as usize];
        for (batch, of_batch) in self.waiting.iter().enumerate() {
            let roots = of_batch.column(0).as_fixed_size_binary();
            for row in 0..of_batch.num_rows() {
                let part = root::at(roots, row).part(self.parts);
                rows[part as usize].push((batch, row));
            }
        }
        let batches: Vec<&RecordBatch> = self.waiting.iter().collect();
        for (part, rows) in rows.iter().enumerate() {
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
        self.waiting_bytes = 0;
        Ok(())
    }
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
pub(crate) fn create(
    path: &Path,
    schema: &SchemaRef,
) -> Result<StreamWriter<BufWriter<File>>, AuditError> {
    let file = files::create_private(path).map_err(AuditError::io(path))?;
    let options = IpcWriteOptions::default();
    let compressed = options.try_with_compression(Some(CompressionType::LZ4_FRAME));
    let options = compressed.map_err(AuditError::rows(path))?;
    let buffered = BufWriter::with_capacity(1 << 16, file);
    StreamWriter::try_new_with_options(buffered, schema, options).map_err(AuditError::rows(path))
}
