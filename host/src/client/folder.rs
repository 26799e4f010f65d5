//! A copy of a repository on a disk.

use std::fs::{self, File};
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
        // What is carried here on a disk may be anything: a pipe would wait for ever.
        let path_on_disk = self.0.join(path);
        let opened = match fs::metadata(&path_on_disk) {
            Ok(found) if !found.is_file() => Err(io::Error::other("it is not a file")),
            Ok(_) => File::open(path_on_disk),
            Err(error) => Err(error),
        };
        match opened {
            Ok(file) => Ok(Opened::Body {
                reader: Box::new(file),
                tag: None,
            }),
            // Of a disk that is not there nobody knows which files it has.
            Err(_) if !self.0.is_dir() => Err(TransportError::NoFolder(self.0.clone())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::NotFound),
            Err(source) => Err(TransportError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }
}
