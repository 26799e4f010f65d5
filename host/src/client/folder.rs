//! A copy of a repository on a disk.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::transport::{Opened, Transport, TransportError};

/// A folder that holds the files of a repository.
#[derive(Debug, Clone)]
pub struct FolderTransport(PathBuf);

impl FolderTransport {
    /// The repository in `folder`.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

impl Transport for FolderTransport {
    fn open(&self, path: &str, _known: Option<&str>) -> Result<Opened, TransportError> {
        match File::open(self.0.join(path)) {
            Ok(file) => Ok(Opened::Body {
                reader: Box::new(file),
                tag: None,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::NotFound),
            Err(source) => Err(TransportError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }
}
