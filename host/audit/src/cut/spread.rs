//! Records of one length, spread over files by a number: what memory does not hold, to be read back some at a time.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rulepack_host::files;

use crate::error::AuditError;

/// Files that records are spread over.
pub(super) const BUCKETS: usize = 64;

/// Records that are being written.
#[derive(Debug)]
pub(super) struct Spread<const BYTES: usize> {
    folder: PathBuf,
    files: Vec<BufWriter<File>>,
    counts: Vec<u64>,
}

/// Records that were written.
#[derive(Debug)]
pub(super) struct Written<const BYTES: usize> {
    folder: PathBuf,
    /// How many there are in each file.
    pub(super) counts: Vec<u64>,
}

impl<const BYTES: usize> Spread<BYTES> {
    /// Empty files in a folder.
    ///
    /// # Errors
    /// [`AuditError::Io`].
    pub(super) fn create(folder: &Path) -> Result<Self, AuditError> {
        std::fs::create_dir_all(folder).map_err(AuditError::io(folder))?;
        let create = |bucket| {
            let path = path_of(folder, bucket);
            let file = files::create_private(&path).map_err(AuditError::io(&path))?;
            Ok(BufWriter::with_capacity(1 << 16, file))
        };
        Ok(Spread {
            folder: folder.to_owned(),
            files: (0..BUCKETS)
                .map(create)
                .collect::<Result<_, AuditError>>()?,
            counts: vec![0; BUCKETS],
        })
    }

    /// # Errors
    /// [`AuditError::Io`].
    pub(super) fn add(&mut self, bucket: usize, record: [u8; BYTES]) -> Result<(), AuditError> {
        self.counts[bucket] += 1;
        let written = self.files[bucket].write_all(&record);
        written.map_err(AuditError::io(&self.folder))
    }

    /// # Errors
    /// [`AuditError::Io`].
    pub(super) fn finish(mut self) -> Result<Written<BYTES>, AuditError> {
        for file in &mut self.files {
            file.flush().map_err(AuditError::io(&self.folder))?;
        }
        Ok(Written {
            folder: self.folder,
            counts: self.counts,
        })
    }
}

impl<const BYTES: usize> Written<BYTES> {
    /// Hands out the records of a file, in the order in which they were added.
    ///
    /// # Errors
    /// [`AuditError::Io`].
    pub(super) fn read(
        &self,
        bucket: usize,
        mut take: impl FnMut([u8; BYTES]),
    ) -> Result<(), AuditError> {
        let path = path_of(&self.folder, bucket);
        let file = File::open(&path).map_err(AuditError::io(&path))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut record = [0; BYTES];
        for _ in 0..self.counts[bucket] {
            let read = reader.read_exact(&mut record);
            read.map_err(AuditError::io(&path))?;
            take(record);
        }
        Ok(())
    }
}

fn path_of(folder: &Path, bucket: usize) -> PathBuf {
    folder.join(format!("{bucket:02}"))
}
