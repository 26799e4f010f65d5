//! A pack, from the registry into a temporary file.

use std::io;
use std::path::Path;

use rulepack_protocol::digest::Digest;
use rulepack_protocol::names::TargetPath;
use rulepack_protocol::trust::ResolvedTarget;
use tempfile::NamedTempFile;

use super::failure_point::{FailurePoint, Failures};
use super::partial::{self, Partial};
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
/// than one piece beyond the signed length is read. What was interrupted, by the line or by a stop of this
/// process, goes on where it stopped. The file is synced, and vanishes unless it is kept.
///
/// # Errors
/// Where it cannot be had, or is not what was signed.
pub fn download(
    transport: &dyn Transport,
    target: &ResolvedTarget,
    folder: &Path,
    failures: &dyn Failures,
) -> Result<NamedTempFile, DownloadError> {
    let failed = |source| DownloadError::Io {
        path: target.path.clone(),
        source,
    };
    let mut partial = Partial::open(folder, &target.digest, target.length).map_err(failed)?;
    let found = partial.found();
    if let Err(error) = receive(transport, target, &mut partial) {
        partial.leave();
        return Err(error);
    }
    let file = match check(partial, target) {
        // What an earlier download left may be torn: it is gone now, and all is fetched.
        Err(DownloadError::Digest { .. }) if found > 0 => {
            let mut partial =
                Partial::open(folder, &target.digest, target.length).map_err(failed)?;
            receive(transport, target, &mut partial)?;
            check(partial, target)?
        }
        checked => checked?,
    };
    file.as_file().sync_all().map_err(failed)?;
    failures
        .reach(FailurePoint::AfterDownload)
        .map_err(failed)?;
    Ok(file)
}

/// Whether the download of one of the `wanted` packs into `folder` was interrupted and is to go on.
///
/// # Errors
/// Where the folder cannot be read.
pub fn is_interrupted(folder: &Path, wanted: &[Digest]) -> io::Result<bool> {
    let mut left = partial::left_in(folder)?.into_iter();
    Ok(left.any(|digest| wanted.contains(&digest)))
}

/// Removes what interrupted downloads left in `folder` of packs that are not `wanted`. Only for whoever
/// alone downloads into it: another process may just be fetching one of them.
///
/// # Errors
/// Where the folder cannot be read, or a file not be removed.
pub fn clear_interrupted(folder: &Path, wanted: &[Digest]) -> io::Result<()> {
    for digest in partial::left_in(folder)? {
        if !wanted.contains(&digest) {
            partial::remove(folder, &digest)?;
        }
    }
    Ok(())
}

/// How often a download goes on after the line broke, as long as something came each time.
const BREAKS_MAX: usize = 8;

/// Fetches what is missing.
fn receive(
    transport: &dyn Transport,
    target: &ResolvedTarget,
    partial: &mut Partial,
) -> Result<(), DownloadError> {
    let path = format!("targets/{}", target.path.file_of(&target.digest));
    for _ in 0..BREAKS_MAX {
        let before = partial.length();
        if before == target.length && before > 0 {
            return Ok(());
        }
        let reader = match transport.open_from(&path, before)? {
            Opened::Body { reader, .. } => reader,
            Opened::NotFound | Opened::NotModified => {
                return Err(DownloadError::Missing(target.path.clone()));
            }
        };
        match partial.append(reader, target.length) {
            Ok(()) => return Ok(()),
            Err(_) if partial.length() > before => {}
            Err(source) => return Err(broken(target, source)),
        }
    }
    Err(broken(target, io::ErrorKind::ConnectionAborted.into()))
}

fn broken(target: &ResolvedTarget, source: io::Error) -> DownloadError {
    DownloadError::Io {
        path: target.path.clone(),
        source,
    }
}

/// Compares length and digest with what is signed.
fn check(partial: Partial, target: &ResolvedTarget) -> Result<NamedTempFile, DownloadError> {
    let (path, length) = (target.path.clone(), partial.length());
    if length != target.length {
        return Err(DownloadError::Length {
            path,
            signed: target.length,
        });
    }
    let (file, found) = partial.finish();
    if found != target.digest {
        return Err(DownloadError::Digest {
            path,
            signed: target.digest,
            found,
        });
    }
    Ok(file)
}
