//! How this crate writes Parquet files.

use std::fs::File;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rulepack_host::files;

use crate::error::AuditError;

/// A new file of these columns.
///
/// # Errors
/// [`AuditError`] where it cannot be written.
pub(crate) fn create(path: &Path, schema: SchemaRef) -> Result<ArrowWriter<File>, AuditError> {
    let level = ZstdLevel::try_new(1).unwrap_or_default();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("rulepack ", env!("CARGO_PKG_VERSION")).to_owned());
    let file = files::create_private(path).map_err(AuditError::io(path))?;
    let writer = ArrowWriter::try_new(file, schema, Some(properties.build()));
    writer.map_err(AuditError::parquet(path))
}

/// Ends a file, and waits until it lies on the disk.
///
/// # Errors
/// [`AuditError`] where it cannot be written.
pub(crate) fn finish(path: &Path, writer: ArrowWriter<File>) -> Result<(), AuditError> {
    let file = writer.into_inner();
    let file = file.map_err(AuditError::parquet(path))?;
    file.sync_all().map_err(AuditError::io(path))
}
