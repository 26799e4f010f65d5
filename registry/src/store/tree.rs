//! The files of a repository, read only: what a static web server or a copy on a USB disk shows.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rulepack_protocol::pack::Bounds;
use rulepack_protocol::tuf::{Envelope, MetadataError, RoleName};

use super::parsed::{Kept, Parsed};
use super::{MetadataFile, TargetFile};

/// The longest metadata file that is read or accepted, in bytes: some 10,000 packs of one name space.
pub const METADATA_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The files below a folder: `metadata/` and `targets/`.
#[derive(Debug, Clone)]
pub struct Tree {
    folder: PathBuf,
    /// Shared by all that read this tree.
    parsed: Arc<Parsed>,
}

impl Tree {
    /// The tree below `folder`, which need not exist.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            parsed: Arc::default(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bytes of a metadata file; none where it does not exist.
    ///
    /// # Errors
    /// Of the file system, or where the file is longer than [`METADATA_BYTES_MAX`].
    pub fn metadata(&self, file: &MetadataFile) -> io::Result<Option<Vec<u8>>> {
        read_bounded(&self.metadata_path(file), METADATA_BYTES_MAX)
    }

    /// What a file with these bytes says. The same bytes are not parsed twice.
    ///
    /// # Errors
    /// As [`Envelope::parse`].
    pub(crate) fn parse<T: Kept>(&self, bytes: &[u8]) -> Result<Arc<Envelope<T>>, MetadataError> {
        self.parsed.parse(bytes)
    }

    /// The bytes of a pack; none where it does not exist.
    ///
    /// # Errors
    /// Of the file system, or where the file is longer than a pack may be.
    pub fn target(&self, file: &TargetFile) -> io::Result<Option<Vec<u8>>> {
        read_bounded(&self.target_path(file), Bounds::NATIVE.pack_bytes)
    }

    /// A pack to be read piece by piece, with its length in bytes; none where it does not exist.
    ///
    /// # Errors
    /// Of the file system.
    pub fn open_target(&self, file: &TargetFile) -> io::Result<Option<(fs::File, u64)>> {
        match fs::File::open(self.target_path(file)) {
            Ok(file) => {
                let length = file.metadata()?.len();
                Ok(Some((file, length)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The highest version of the root that is there without a gap below it; 0 where there is none.
    ///
    /// # Errors
    /// Of the file system.
    pub fn newest_root(&self) -> io::Result<u64> {
        let mut version = 0_u64;
        while self
            .metadata_path(&MetadataFile::Version(RoleName::ROOT, version + 1))
            .try_exists()?
        {
            version += 1;
        }
        Ok(version)
    }

    pub(crate) fn metadata_path(&self, file: &MetadataFile) -> PathBuf {
        self.folder.join("metadata").join(file.to_string())
    }

    pub(crate) fn target_path(&self, file: &TargetFile) -> PathBuf {
        self.folder.join("targets").join(file.to_string())
    }
}

fn read_bounded(path: &Path, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > bytes_max {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(Some(bytes))
}
