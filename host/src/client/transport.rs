//! The one interface to whatever holds a repository.

use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;

/// Where files come from. Nothing of it is trusted.
pub trait Transport {
    /// Opens a file by its path in the repository, unless it still has the entity tag `known`.
    ///
    /// Only a file that is certainly not there is [`Opened::NotFound`]; anything doubtful (a refusal, a
    /// time-out) is an error, since "there is no next root" follows from it.
    ///
    /// # Errors
    /// Where the file cannot be had for any other reason.
    fn open(&self, path: &str, known: Option<&str>) -> Result<Opened, TransportError>;

    /// Opens a file from byte `from` on. Whether it is still the same file shows in its digest alone.
    ///
    /// # Errors
    /// As [`Transport::open`].
    fn open_from(&self, path: &str, from: u64) -> Result<Opened, TransportError> {
        let opened = self.open(path, None)?;
        skipped(path, opened, from)
    }

    /// Reads a whole file of at most `bytes_max` bytes, counted while they arrive.
    ///
    /// # Errors
    /// As [`Transport::open`], or where the file is larger.
    fn fetch(
        &self,
        path: &str,
        bytes_max: u64,
        known: Option<&str>,
    ) -> Result<Fetched, TransportError> {
        let (reader, tag) = match self.open(path, known)? {
            Opened::NotModified => return Ok(Fetched::NotModified),
            Opened::NotFound => return Ok(Fetched::NotFound),
            Opened::Body { reader, tag } => (reader, tag),
        };
        let mut bytes = Vec::new();
        let read = reader
            .take(bytes_max.saturating_add(1))
            .read_to_end(&mut bytes);
        read.map_err(|source| TransportError::Read {
            path: path.to_owned(),
            source,
        })?;
        if bytes.len() as u64 > bytes_max {
            return Err(TransportError::TooLarge {
                path: path.to_owned(),
                bytes_max,
            });
        }
        Ok(Fetched::Bytes { bytes, tag })
    }
}

/// The same without its first bytes, read and thrown away.
pub(super) fn skipped(path: &str, opened: Opened, count: u64) -> Result<Opened, TransportError> {
    let Opened::Body { mut reader, tag } = opened else {
        return Ok(opened);
    };
    let skipped = io::copy(&mut reader.by_ref().take(count), &mut io::sink());
    skipped.map_err(|source| TransportError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Opened::Body { reader, tag })
}

/// A file that is about to be read.
pub enum Opened {
    /// It still has the known entity tag.
    NotModified,
    /// It is not there.
    NotFound,
    /// Its bytes as they are, not decoded.
    Body {
        /// The bytes.
        reader: Box<dyn Read>,
        /// Its entity tag, where there is one.
        tag: Option<String>,
    },
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It still has the known entity tag.
    NotModified,
    /// It is not there.
    NotFound,
    /// Its bytes.
    Bytes {
        /// The bytes, not decoded.
        bytes: Vec<u8>,
        /// The entity tag, where there is one.
        tag: Option<String>,
    },
}

/// Why a file cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The folder of the repository is not there.
    #[error("`{}` is no folder", .0.display())]
    NoFolder(PathBuf),
    /// The registry cannot be reached, or breaks off.
    #[error("`{path}` cannot be fetched")]
    Unreachable {
        /// Path in the repository.
        path: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// An answer that is neither the file nor its certain absence.
    #[error("`{path}` was answered with status {status}, expected 200, 304 or 404")]
    Status {
        /// Path in the repository.
        path: String,
        /// The status.
        status: u16,
    },
    /// A body that would have to be decoded, though none was asked for.
    #[error("`{path}` was answered with encoded content, which is never decoded")]
    Encoded {
        /// Path in the repository.
        path: String,
    },
    /// Reading failed half-way.
    #[error("`{path}` cannot be read")]
    Read {
        /// Path in the repository.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// More bytes than its role or pin allows.
    #[error("`{path}` is larger than {bytes_max} bytes")]
    TooLarge {
        /// Path in the repository.
        path: String,
        /// The bound in bytes.
        bytes_max: u64,
    },
}

impl TransportError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoFolder(_) => Some(
                "name a registry by its address, `http://…` or `https://…`, or by a folder that holds a copy of one",
            ),
            _ => None,
        }
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotModified => "NotModified",
            Self::NotFound => "NotFound",
            Self::Body { .. } => "Body",
        })
    }
}
