//! A pack, from the registry into a temporary file.

use std::io::{self, Read, Write};
use std::path::Path;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::trust::ResolvedTarget;
use tempfile::NamedTempFile;

use super::failure_point::{FailurePoint, Failures};
use super::transport::{Opened, Transport, TransportError};

/// Why a pack was not downloaded.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The registry cannot be reached, or answers oddly.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The registry does not have it.
    #[error("pack `{0}` is not in the registry")]
    Missing(TargetPath),
    /// Fewer or more bytes than were signed.
    #[error("pack `{path}` has another length than the signed {signed} bytes")]
    Length {
        /// The pack.
        path: TargetPath,
        /// The signed length in bytes.
        signed: u64,
    },
    /// Other bytes than were signed.
    #[error("pack `{path}` has sha256 {found}, signed was {signed}")]
    Digest {
        /// The pack.
        path: TargetPath,
        /// The signed digest.
        signed: Digest,
        /// The digest of what came.
        found: Digest,
    },
    /// The temporary file, or the connection while reading.
    #[error("pack `{path}` cannot be read or stored")]
    Io {
        /// The pack.
        path: TargetPath,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Downloads a pack into a temporary file in `folder`, counting and hashing while it arrives: never more
/// than one piece beyond the signed length is read. The file is synced, and vanishes unless it is kept.
///
/// # Errors
/// Where it cannot be had, or is not what was signed.
pub fn download(
    transport: &dyn Transport,
    target: &ResolvedTarget,
    folder: &Path,
    failures: &dyn Failures,
) -> Result<NamedTempFile, DownloadError> {
    let path = format!("targets/{}", target.path.file_of(&target.digest));
    let reader = match transport.open(&path, None)? {
        Opened::Body { reader, .. } => reader,
        Opened::NotFound | Opened::NotModified => {
            return Err(DownloadError::Missing(target.path.clone()));
        }
    };
    let failed = |source| DownloadError::Io {
        path: target.path.clone(),
        source,
    };
    let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
    let (length, found) = copy(reader, &mut file, target.length).map_err(failed)?;
    if length != target.length {
        return Err(DownloadError::Length {
            path: target.path.clone(),
            signed: target.length,
        });
    }
    if found != target.digest {
        let (path, signed) = (target.path.clone(), target.digest);
        return Err(DownloadError::Digest {
            path,
            signed,
            found,
        });
    }
    file.as_file().sync_all().map_err(failed)?;
    failures
        .reach(FailurePoint::AfterDownload)
        .map_err(failed)?;
    Ok(file)
}

fn copy(reader: impl Read, file: &mut impl Write, length: u64) -> io::Result<(u64, Digest)> {
    let mut reader = reader.take(length.saturating_add(1));
    let mut hasher = Digest::hasher();
    let mut copied = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok((copied, hasher.finish())),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..count).unwrap_or_default();
        hasher.update(piece);
        file.write_all(piece)?;
        copied += piece.len() as u64;
    }
}
